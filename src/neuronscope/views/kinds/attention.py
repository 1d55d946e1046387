"""Who attends to whom: queries down the page as text is read, keys along it."""

from typing import Any

from neuronscope.views.cut import Cut
from neuronscope.views.heat import heat
from neuronscope.views.theme import Theme


def attention(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a square heatmap of queries (rows, first on top) and keys (columns)."""
    return heat(cut, theme, upward=False, square=True)
