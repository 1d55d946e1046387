"""A value for every pair of two axes, such as depth and position: a heatmap that reads like the model."""

from typing import Any

from neuronscope.views.cut import Cut
from neuronscope.views.heat import heat
from neuronscope.views.theme import Theme

RISING = {"depth", "layer", "y", "component"}


def grid(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a heatmap; layers and depths run bottom to top, as the residual stream is drawn."""
    return heat(cut, theme, upward=cut.axes[0].name in RISING)
