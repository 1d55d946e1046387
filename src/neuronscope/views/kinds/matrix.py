"""How alike each pair of things is: a square heatmap, the first item on top."""

from typing import Any

from neuronscope.views.cut import Cut
from neuronscope.views.heat import heat
from neuronscope.views.theme import Theme


def matrix(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a square heatmap of items against items."""
    return heat(cut, theme, upward=False, square=True)
