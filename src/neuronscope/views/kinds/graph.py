"""Nodes and edges: the strongest connections, laid out from bottom to top as signals flow."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, nothing, plain_numbers
from neuronscope.views.labels import (
    escaped,
    in_line,
    in_words,
    is_text,
    number,
    shortened,
    value_title,
)
from neuronscope.views.layered import layered
from neuronscope.views.scale import Scale, is_signed, scale_of
from neuronscope.views.theme import Theme, blend

PLOT = (760, 440)
MOST_EDGES = 300
MOST_NAMES = 60
WIDTHS = (0.7, 1.2, 2.0, 3.2, 5.0)
MARGIN = 0.07
NEAR = 0.03  # an edge that passes a node this closely seems to end there


def graph(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a node-link picture: at given coordinates, else by position and layer, else in layers.

    The strongest edges are drawn, at most 300, and a note says out of how many; a dot sits near the end
    that an edge enters. Negative weights are blue and positive ones orange where weights are signed.
    """
    names, ends, dropped = _structure(cut)
    if not names:
        return nothing(cut, theme, "Nothing to draw: the graph has no nodes.")
    weights, weight_name = _weights(cut, len(ends))
    order = np.argsort(-np.abs(np.nan_to_num(weights)), kind="stable")[:MOST_EDGES]
    at, how = _places(cut, names, ends)
    score = _score(cut, len(names))
    entered = "the dot on an edge is near the node it enters" if len(order) else ""
    kept = f"the {len(order)} strongest of {len(ends):,} edges" if len(order) < len(ends) else ""
    lost = f"{dropped:,} edges name no node of the graph and are not drawn" if dropped else ""
    signed = bool(weight_name) and is_signed(cut.result[weight_name])
    by_width = f"width: size of {in_words(weight_name)}" if weight_name and len(order) else ""
    by_width += ", blue where negative, orange where positive" if by_width and signed else ""
    layout = frame(
        cut,
        theme,
        plot=PLOT,
        left=EDGE,
        below=6,
        right=EDGE,
        legend=score is not None,
        notes=["; ".join(n for n in (by_width, entered, kept, how) if n), lost],
    )
    layout["xaxis"] = {"visible": False, "range": [-MARGIN, 1 + MARGIN]}
    layout["yaxis"] = {"visible": False, "range": [-MARGIN, 1 + MARGIN]}
    traces = _edges([ends[i] for i in order], weights[order], at, theme, signed=signed)
    traces.append(_nodes(names, at, score, theme))
    return {"data": traces, "layout": layout}


def _structure(cut: Cut) -> tuple[list[str], list[tuple[int, int]], int]:
    """Return node names, edges as pairs of node numbers, and how many edges name no node."""
    whole = cut.sliced
    pairs: list[tuple[Any, Any]] = []
    if "from_node" in whole.variables and "to_node" in whole.variables:
        leave, enter = whole["from_node"].values, whole["to_node"].values
        if leave.ndim == enter.ndim == 1 and leave.shape == enter.shape:
            pairs = list(zip(leave.tolist(), enter.tolist(), strict=True))
    if "node" in whole.sizes:
        axis = cut.axes[0] if cut.axes[0].name == "node" else None
        keys = whole["node"].values.tolist() if "node" in whole.coords else list(range(whole.sizes["node"]))
        names = axis.labels if axis else _names_of_nodes(cut, keys)
        number_of: dict[Any, int] = {name: i for i, name in enumerate(names)}
        number_of |= {key: i for i, key in enumerate(keys)}
    else:
        keys = sorted({end for pair in pairs for end in pair}, key=str)
        names = [in_line(key) for key in keys]
        number_of = {key: i for i, key in enumerate(keys)}
    known = [pair for pair in pairs if pair[0] in number_of and pair[1] in number_of]
    lost = len(pairs) - len(known)
    if lost:  # weights stay in step with edges, so a lost edge becomes a loop on nothing
        return names, [(number_of.get(a, -1), number_of.get(b, -1)) for a, b in pairs], lost
    return names, [(number_of[a], number_of[b]) for a, b in pairs], 0


def _names_of_nodes(cut: Cut, keys: list[Any]) -> list[str]:
    for name, coord in cut.sliced.coords.items():
        if name != "node" and coord.dims == ("node",) and is_text(coord.values):
            return [in_line(value) for value in coord.values.tolist()]
    return [in_line(key) for key in keys]


def _weights(cut: Cut, count: int) -> tuple[np.ndarray, str]:
    """Return a weight for every edge and its name; ones where the result has none."""
    named = [cut.variable, "weight", *map(str, cut.sliced.data_vars)]
    for name in named:
        if name in cut.sliced and name not in ("from_node", "to_node"):
            array = cut.sliced[name]
            if array.dims == ("edge",) and array.dtype.kind in "biuf":
                return array.values.astype(float), name
    return np.ones(count), ""


def _score(cut: Cut, count: int) -> tuple[np.ndarray, Scale, str] | None:
    """Return what colours the nodes: the variable itself, else the first number on nodes."""
    for name in (cut.variable, *map(str, cut.sliced.data_vars)):
        array = cut.sliced[name]
        if array.dims == ("node",) and array.dtype.kind in "biuf" and array.size == count:
            return array.values.astype(float), scale_of(cut.result[name]), value_title(cut.result[name])
    return None


def _places(cut: Cut, names: list[str], ends: list[tuple[int, int]]) -> tuple[np.ndarray, str]:
    """Return node coordinates within 0 to 1, and how they were found."""
    for across, up in (("x", "y"), ("position", "layer"), ("position", "depth")):
        both = [cut.sliced.variables.get(name) for name in (across, up)]
        if all(b is not None and b.dims == ("node",) and b.dtype.kind in "iuf" for b in both):
            at = np.stack([np.asarray(b.values, float) for b in both if b is not None], axis=1)
            if np.isfinite(at).all():
                how = "" if across == "x" else f"across: {across}, up: {up}"
                return _fitted(_apart(at) if across != "x" else at), how
    real = [(a, b) for a, b in ends if a >= 0 and b >= 0]
    return _fitted(layered(len(names), real)), "laid out in layers, each node above those it is fed by"


def _apart(at: np.ndarray) -> np.ndarray:
    """Spread nodes that share one place along a short row."""
    spread = at.copy()
    for place in np.unique(at, axis=0):
        here = np.flatnonzero((at == place).all(axis=1))
        spread[here, 0] += (np.arange(len(here)) - (len(here) - 1) / 2) * 0.8 / max(len(here), 1)
    return spread


def _fitted(at: np.ndarray) -> np.ndarray:
    low, high = at.min(axis=0), at.max(axis=0)
    wide = np.where(high > low, high - low, 1.0)
    return np.where(high > low, (at - low) / wide, 0.5)


def _edges(
    ends: list[tuple[int, int]], weights: np.ndarray, at: np.ndarray, theme: Theme, *, signed: bool
) -> list[dict[str, Any]]:
    """Return lines in five widths, the weakest first, and the dots at the ends they enter."""
    size = np.abs(np.nan_to_num(weights))
    largest = float(size.max()) if size.size else 0.0
    place = np.minimum((size / (largest or 1.0) * len(WIDTHS)).astype(int), len(WIDTHS) - 1)
    traces = []
    for width, negative in [(w, n) for w in range(len(WIDTHS)) for n in (False, True)]:
        chosen = [
            i
            for i, (a, b) in enumerate(ends)
            if place[i] == width and (weights[i] < 0) == negative and a >= 0 and b >= 0 and a != b
        ]
        if not chosen:
            continue
        plain_ink = blend(theme.muted, theme.background, 0.45 + 0.1 * width)
        ink = (theme.signed[1] if negative else theme.signed[-2]) if signed else plain_ink
        x: list[float | None] = []
        y: list[float | None] = []
        dots: list[np.ndarray] = []
        for i in chosen:
            way = _way(ends[i], at)
            x += [*way[:, 0].tolist(), None]
            y += [*way[:, 1].tolist(), None]
            dots.append(way[round(0.86 * (len(way) - 1))] if len(way) > 2 else way[0] * 0.12 + way[1] * 0.88)
        line = {"color": ink, "width": WIDTHS[width]}
        traces.append(_bare("lines", x, y) | {"line": line})
        entering = _bare("markers", [float(d[0]) for d in dots], [float(d[1]) for d in dots])
        entering |= {
            "marker": {"size": WIDTHS[width] + 4, "color": ink},
            "hovertext": [escaped(number(weights[i])) for i in chosen],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
        traces.append(entering)
    return traces


def _way(ends: tuple[int, int], at: np.ndarray) -> np.ndarray:
    """Return the points of an edge: straight, or bent where a straight one would run through a node."""
    start, end = at[ends[0]], at[ends[1]]
    along = end - start
    others = np.delete(at, list(ends), axis=0)
    share = ((others - start) @ along) / max(float(along @ along), 1e-12)
    off = np.linalg.norm(start + share[:, None] * along - others, axis=1)
    if not ((share > 0.02) & (share < 0.98) & (off < NEAR)).any():
        return np.stack([start, end])
    bend = (start + end) / 2 + 0.28 * np.array([along[1], -along[0]])
    t = np.linspace(0, 1, 25)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end


def _bare(mode: str, x: list[Any], y: list[Any]) -> dict[str, Any]:
    return {"type": "scatter", "mode": mode, "x": x, "y": y, "hoverinfo": "skip", "showlegend": False}


def _nodes(
    names: list[str], at: np.ndarray, score: tuple[np.ndarray, Scale, str] | None, theme: Theme
) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "size": 13 if len(names) <= MOST_NAMES else 8,
        "line": {"width": 1, "color": theme.text},
        "color": theme.background,
    }
    said = list(names)
    if score is not None:
        values, scale, title = score
        marker |= {
            "color": plain_numbers(values),
            "cmin": scale.low,
            "cmax": scale.high,
            **scale.marks(theme, title=title),
        }
        said = [f"{name}: {number(value)}" for name, value in zip(names, values.tolist(), strict=True)]
    shown = len(names) <= MOST_NAMES
    return {
        "type": "scatter",
        "mode": "markers+text" if shown else "markers",
        "x": [float(x) for x in at[:, 0]],
        "y": [float(y) for y in at[:, 1]],
        "marker": marker,
        "text": [escaped(shortened(name, 16)) for name in names] if shown else [],
        "textposition": "top center",
        "textfont": {"size": 10.5, "color": theme.text},
        "hovertext": [escaped(text) for text in said],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
