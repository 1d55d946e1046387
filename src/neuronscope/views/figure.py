"""Result to figure: the view of its kind, as a Plotly figure in plain data."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.views.cut import Cut, cut
from neuronscope.views.frame import nothing
from neuronscope.views.heat import worded
from neuronscope.views.kinds.attention import attention
from neuronscope.views.kinds.field import field
from neuronscope.views.kinds.graph import graph
from neuronscope.views.kinds.grid import grid
from neuronscope.views.kinds.matrix import matrix
from neuronscope.views.kinds.points import points
from neuronscope.views.kinds.profile import profile
from neuronscope.views.kinds.ranking import ranking
from neuronscope.views.kinds.tokens import tokens
from neuronscope.views.kinds.trajectory import trajectory
from neuronscope.views.labels import is_text
from neuronscope.views.rows import rows
from neuronscope.views.theme import Theme, theme_named

VIEWS: dict[str, Callable[[Cut, Theme], dict[str, Any]]] = {
    "attention": attention,
    "field": field,
    "graph": graph,
    "grid": grid,
    "matrix": matrix,
    "points": points,
    "profile": profile,
    "ranking": ranking,
    "tokens": tokens,
    "trajectory": trajectory,
}


def figure(
    result: xr.Dataset | xr.DataTree,
    *,
    variable: str | None = None,
    select: Mapping[str, int] | None = None,
    theme: str = "light",
) -> dict[str, Any]:
    """Draw a result as a Plotly figure of plain lists and numbers: ``data`` and ``layout``.

    The view follows from the axes of ``variable``, the first where it is left out. Axes that the view
    does not use are held at the indexes in ``select``, 0 where left out; ``layout.meta`` tells them, with
    the kind, the title and the size in pixels that the layout was made for. Values that are no finite
    number become None. Themes ``light`` and ``dark`` differ in colours only.

    Raises :class:`~neuronscope.words.BadInput` for an unknown variable, axis, index or theme.
    """
    colours = theme_named(theme)
    part = cut(result, variable=variable, select=select)
    why = empty(part)
    if why:
        return nothing(part, colours, why)
    if part.kind != "graph" and is_text(part.values):
        return rows(part, colours) if len(part.axes) == 1 else worded(part, colours)
    return VIEWS[part.kind](part, colours)


def empty(part: Cut) -> str:
    """Say why a cut has nothing to draw, or return an empty text where it has."""
    sizes = {**{axis.name: axis.size for axis in part.axes}, **{s["axis"]: s["size"] for s in part.sliders}}
    for axis, size in sizes.items():
        if not size:
            return f"Nothing to draw: {axis} has no places in this result."
    if part.kind != "graph" and not is_text(part.values) and not np.isfinite(part.values).any():
        return "Nothing to draw: every value of this slice is missing."
    return ""
