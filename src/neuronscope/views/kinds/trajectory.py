"""A path through a space of components, from the first step to the last."""

from typing import Any

import numpy as np

from neuronscope.views.components import SIDE, plane_axes, two_of
from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, plain_numbers
from neuronscope.views.labels import escaped, number
from neuronscope.views.theme import Theme, blend, colour_scale

MOST_MARKS = 200


def trajectory(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return the path in the plane of the first two components, coloured by step, both ends named."""
    steps = cut.axes[0]
    x, y = two_of(cut.values)
    layout = frame(cut, theme, plot=(SIDE, SIDE), left=58 + EDGE / 2, below=44, right=80)
    plane_axes(layout, cut, theme, x, y)
    order = steps.numbers if steps.numbers is not None else np.arange(steps.size, dtype=float)
    first, last = float(np.min(order)), float(np.max(order))
    keep = np.unique(np.linspace(0, steps.size - 1, min(steps.size, MOST_MARKS)).round().astype(int))
    path = {
        "type": "scatter",
        "mode": "lines",
        "x": plain_numbers(x),
        "y": plain_numbers(y),
        "line": {"color": blend(theme.muted, theme.background, 0.6), "width": 1.2},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": plain_numbers(x[keep]),
        "y": plain_numbers(y[keep]),
        "marker": {
            "size": 7,
            "line": {"width": 0.6, "color": theme.muted},
            "color": plain_numbers(order[keep]),
            "cmin": first,
            "cmax": last if last > first else first + 1.0,
            "colorscale": colour_scale(theme.magnitude),
            "showscale": False,
        },
        "hovertext": [
            escaped(f"{steps.name} {steps.labels[i]}: {number(float(x[i]))}, {number(float(y[i]))}")
            for i in keep.tolist()
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    ends = [] if not known.size else sorted({int(known[0]), int(known[-1])})
    layout["annotations"] += [_end(cut, i, float(x[i]), float(y[i]), theme) for i in ends]
    return {"data": [path, dots], "layout": layout}


def _end(cut: Cut, place: int, x: float, y: float, theme: Theme) -> dict[str, Any]:
    """Name an end of the path by its step."""
    steps = cut.axes[0]
    return {
        "text": escaped(f"{steps.name} {steps.labels[place]}"),
        "x": x,
        "y": y,
        "xref": "x",
        "yref": "y",
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 5,
        "yshift": 3,
        "showarrow": False,
        "font": {"size": 11, "color": theme.text},
    }
