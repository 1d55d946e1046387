"""A surface over two real coordinates, such as loss over two directions in the space of weights."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Axis, Cut
from neuronscope.views.frame import number_ticks
from neuronscope.views.heat import heat
from neuronscope.views.theme import Theme


def field(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a heatmap on the real coordinates of both axes, y upwards."""
    figure = heat(cut, theme, upward=True, gaps=False)
    rows, columns = cut.axes
    for name, axis in (("x", columns), ("y", rows)):
        if axis.numbers is None or axis.size < 2 or not (np.diff(axis.numbers) > 0).all():
            continue
        low, high = _ends(axis)
        places, texts = number_ticks(low, high)
        figure["layout"][f"{name}axis"] |= {
            "range": [low, high],
            "tickvals": places,
            "ticktext": texts,
            "tickangle": 0,
        }
        for trace in figure["data"]:
            trace[name] = _moved(trace[name], axis)
    return figure


def _ends(axis: Axis) -> tuple[float, float]:
    """Return the outer edges of the first and the last cell."""
    at = axis.numbers if axis.numbers is not None else np.arange(axis.size, dtype=float)
    return float(at[0] - (at[1] - at[0]) / 2), float(at[-1] + (at[-1] - at[-2]) / 2)


def _moved(places: list[float | None], axis: Axis) -> list[float | None]:
    """Move indexes, halves included, to the coordinates of an axis."""
    assert axis.numbers is not None
    low, high = _ends(axis)
    inner = (axis.numbers[1:] + axis.numbers[:-1]) / 2
    halves = np.arange(-0.5, axis.size)
    edges = np.concatenate([[low], inner, [high]])
    at = np.concatenate([halves, np.arange(axis.size)])
    to = np.concatenate([edges, axis.numbers])
    order = np.argsort(at)
    return [None if p is None else float(np.interp(p, at[order], to[order])) for p in places]
