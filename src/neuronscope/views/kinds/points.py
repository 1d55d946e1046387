"""Things placed by two coordinates: points that lie near each other are alike in what was measured."""

from typing import Any

import numpy as np

from neuronscope.views.components import SIDE, corner, plane_axes, two_of
from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, plain_numbers
from neuronscope.views.labels import escaped, in_line, in_words, is_text, number, shortened, value_title
from neuronscope.views.scale import scale_of
from neuronscope.views.theme import Theme, ink_on

MOST_NAMES = 30
MOST_CATEGORIES = 8
FEW = 300  # points that are drawn large


def points(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a scatter of the first two components at equal scale, named or coloured where the result can.

    The first other variable or coordinate along ``item`` gives the colour: words as categories (the
    eight most frequent), numbers along a ramp.
    """
    items = cut.axes[0]
    x, y = two_of(cut.values)
    colour = _colour(cut)
    numeric = colour is not None and not is_text(colour[1])
    groups = _groups(colour[1]) if colour is not None and not numeric else {}
    layout = frame(
        cut,
        theme,
        plot=(SIDE, SIDE),
        left=58 + EDGE / 2,
        below=44,
        right=150 if groups else 40,
        legend=numeric,
        notes=[f"colour: {in_words(colour[0])}{_rest(groups)}" if colour is not None and groups else ""],
    )
    plane_axes(layout, cut, theme, x, y)
    layout["annotations"].append(corner(f"{items.size:,} points", theme))
    if groups:
        traces = []
        for i, (name, members) in enumerate(groups.items()):
            ink = theme.categories[i] if i < MOST_CATEGORIES else theme.muted
            traces.append(_dots(cut, x, y, theme, members=members, color=ink))
            layout["annotations"].append(_key(shortened(name, 18), i, ink, theme))
    else:
        marks: dict[str, Any] = {"color": theme.categories[0]}
        order = _shuffled(items.size)
        if numeric and colour is not None:
            scale = scale_of(cut.result[colour[0]])
            title = value_title(cut.result[colour[0]])
            marks = {
                "line": {"width": 0.8 if items.size <= FEW else 0.3, "color": theme.muted},
                "color": plain_numbers(colour[1][order]),
                "cmin": scale.low,
                "cmax": scale.high,
                **scale.marks(theme, title=title),
            }
        traces = [_dots(cut, x, y, theme, members=order, **marks)]
    return {"data": traces, "layout": layout}


def _colour(cut: Cut) -> tuple[str, np.ndarray] | None:
    """Return name and values of what colours the points, or None; a name for every point is no colour."""
    axis = cut.axes[0].name
    for name, array in {**cut.sliced.data_vars, **cut.sliced.coords}.items():
        values = np.asarray(array.values)
        if name in (cut.variable, axis) or array.dims != (axis,):
            continue
        if is_text(values) and len(set(values.tolist())) < max(2, len(values) * 0.7):
            return str(name), values
        if values.dtype.kind in "iuf" and name in cut.sliced.data_vars:
            return str(name), values.astype(float)
    return None


def _groups(values: np.ndarray) -> dict[str, np.ndarray]:
    """Sort points into categories, the most frequent first; those beyond the eighth become "others"."""
    words = [in_line(value) for value in values.tolist()]
    order = sorted(set(words), key=lambda word: (-words.count(word), word))
    groups = {word: np.flatnonzero([w == word for w in words]) for word in order[:MOST_CATEGORIES]}
    if len(order) > MOST_CATEGORIES:
        rest = set(order[MOST_CATEGORIES:])
        groups[f"others ({len(rest)})"] = np.flatnonzero([w in rest for w in words])
    return groups


def _shuffled(count: int) -> np.ndarray:
    """Return an order to draw points in; mixed where they are many, so that no end of a ramp is on top."""
    return np.arange(count) if count <= FEW else np.random.default_rng(0).permutation(count)


def _rest(groups: dict[str, np.ndarray]) -> str:
    return ", the eight most frequent" if len(groups) > MOST_CATEGORIES else ""


def _dots(
    cut: Cut, x: np.ndarray, y: np.ndarray, theme: Theme, *, members: np.ndarray, **marks: Any
) -> dict[str, Any]:
    labels, named = cut.axes[0].labels, len(x) <= MOST_NAMES
    return {
        "type": "scatter",
        "mode": "markers+text" if named else "markers",
        "x": plain_numbers(x[members]),
        "y": plain_numbers(y[members]),
        "marker": {
            "size": 8 if len(x) <= FEW else 4,
            "line": {"width": 0.6, "color": theme.background},
            **marks,
        },
        "text": [escaped(shortened(labels[i], 16)) for i in members.tolist()] if named else [],
        "textposition": "top center",
        "textfont": {"size": 10, "color": theme.text},
        "hovertext": [
            escaped(f"{labels[i]}: {number(float(x[i]))}, {number(float(y[i]))}") for i in members.tolist()
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _key(name: str, place: int, colour: str, theme: Theme) -> dict[str, Any]:
    """Name a category at the right of the plot, on its own colour."""
    return {
        "text": escaped(f" {name} "),
        "x": 1,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 12,
        "yshift": -20 * place,
        "showarrow": False,
        "bgcolor": colour,
        "font": {"size": 11, "color": ink_on(colour)},
    }
