"""The marks of a figure, each drawn by matplotlib: cells, lines, points, words, bars, boxes, notes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neuronscope.views.labels import plain
from neuronscope.views.theme import SANS, channels

MOST_VECTOR_CELLS = 4_000
DASHES = {"solid": "solid", "dot": (0, (1.5, 2.0)), "dash": (0, (4.0, 3.0))}


def pixels(count: float) -> float:
    """Turn pixels of a layout into the points that matplotlib measures in."""
    return count * 72 / 96


def face(family: str) -> str:
    """Return the face, shipped with matplotlib, that stands for a list of families."""
    return "DejaVu Sans Mono" if "monospace" in family else "DejaVu Sans"


def numbers(values: Any) -> np.ndarray:
    """Return plain lists as an array of numbers, None as nan."""
    return np.array(values, dtype=float)


def shades(values: np.ndarray, scale: Sequence[Sequence[Any]], low: float, high: float) -> np.ndarray:
    """Return red, green, blue and opacity, 0 to 1, of values on a Plotly colour scale; nan is clear."""
    stops = np.array([place for place, _ in scale], dtype=float)
    colours = np.array([channels(colour) for _, colour in scale]) / 255
    known = np.isfinite(values)
    share = (np.where(known, values, low) - low) / (high - low)
    parts = [np.interp(share, stops, colours[:, i]) for i in range(3)]
    return np.stack([*parts, known.astype(float)], axis=-1)


def cells(axes: Any, trace: Mapping[str, Any], order: int) -> None:
    """Draw a heatmap: as outlines where the cells are few, as an image where they are many."""
    z = numbers(trace["z"]).reshape(len(trace["y"]), len(trace["x"]))
    x, y = _edges(numbers(trace["x"])), _edges(numbers(trace["y"]))
    colours = shades(z, trace["colorscale"], trace["zmin"], trace["zmax"])
    colours[..., 3] *= trace.get("opacity", 1)
    even = all(np.allclose(np.diff(edges), edges[1] - edges[0]) for edges in (x, y))
    over = 2 + order / 100
    if z.size > MOST_VECTOR_CELLS and even:
        ends = (x[0], x[-1], y[0], y[-1])
        axes.imshow(colours, origin="lower", aspect=axes.get_aspect(), extent=ends, zorder=over)
    else:
        gap = pixels(trace.get("xgap", 0))
        edge = {"edgecolors": axes.get_facecolor(), "linewidth": gap} if gap else {"linewidth": 0}
        axes.pcolormesh(x, y, colours, zorder=over, rasterized=z.size > MOST_VECTOR_CELLS, **edge)
    axes.autoscale(enable=False)


def _edges(centres: np.ndarray) -> np.ndarray:
    """Return the edges between cells at given centres, the outer ones as far out as the next is in."""
    if len(centres) < 2:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    inner = (centres[1:] + centres[:-1]) / 2
    first, last = centres[0] - (inner[0] - centres[0]), centres[-1] + (centres[-1] - inner[-1])
    return np.concatenate([[first], inner, [last]])


def scatter(axes: Any, trace: Mapping[str, Any], order: int) -> None:
    """Draw lines, bands, points with whiskers, and words, as the mode of the trace says."""
    x, y = numbers(trace["x"]), numbers(trace["y"])
    over = 2 + order / 100
    if trace.get("fill") == "toself":
        axes.fill(x, y, facecolor=trace["fillcolor"], edgecolor="none", zorder=over)
        return
    parts = trace["mode"].split("+")
    if "lines" in parts:
        line = trace["line"]
        axes.plot(
            x,
            y,
            color=line["color"],
            linewidth=pixels(line["width"]),
            linestyle=DASHES[line.get("dash", "solid")],
            solid_capstyle="round",
            zorder=over,
        )
    if "error_y" in trace:
        _whiskers(axes, x, y, trace["error_y"], upright=True, zorder=over)
    if "markers" in parts and trace["marker"].get("opacity", 1):
        _points(axes, x, y, trace["marker"], zorder=over + 0.002)
    if "text" in parts:
        _words(axes, x, y, trace, zorder=over + 0.004)


def _points(axes: Any, x: np.ndarray, y: np.ndarray, marker: Mapping[str, Any], *, zorder: float) -> None:
    colour = marker["color"]
    look: dict[str, Any] = {"color": colour} if isinstance(colour, str) else {"c": colour}
    if "colorscale" in marker:
        look = {"c": shades(numbers(colour), marker["colorscale"], marker["cmin"], marker["cmax"])}
    outline = marker.get("line", {"width": 0, "color": "none"})
    axes.scatter(
        x,
        y,
        s=pixels(marker["size"]) ** 2,
        edgecolors=outline.get("color", "none"),
        linewidths=pixels(outline["width"]),
        zorder=zorder,
        clip_on=False,
        **look,
    )


def _words(axes: Any, x: np.ndarray, y: np.ndarray, trace: Mapping[str, Any], *, zorder: float) -> None:
    font = trace["textfont"]
    inks = font["color"] if isinstance(font["color"], list) else [font["color"]] * len(x)
    above = trace["textposition"].startswith("top")
    rise = pixels(trace.get("marker", {}).get("size", 8) / 2 + 2) if above else 0
    for at_x, at_y, text, ink in zip(x, y, trace["text"], inks, strict=True):
        if not text or not np.isfinite([at_x, at_y]).all():
            continue
        axes.annotate(
            plain(text),
            (at_x, at_y),
            xytext=(0, rise),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "center_baseline",
            size=pixels(font["size"]),
            color=ink,
            family=face(font.get("family", SANS)),
            zorder=zorder,
            annotation_clip=False,
            parse_math=False,
        )


def _whiskers(
    axes: Any, x: np.ndarray, y: np.ndarray, spec: Mapping[str, Any], *, upright: bool, zorder: float
) -> None:
    reach = np.stack([numbers(spec["arrayminus"]), numbers(spec["array"])])
    look = {"color": spec["color"], "linewidth": pixels(spec["thickness"]), "zorder": zorder}
    middle = y if upright else x
    low, high = middle - reach[0], middle + reach[1]
    if upright:
        axes.vlines(x, low, high, **look)
    else:
        axes.hlines(y, low, high, **look)


def bars(axes: Any, trace: Mapping[str, Any], order: int) -> None:
    """Draw horizontal bars, hatched where their pattern says so, with whiskers where they have them."""
    lengths, places = numbers(trace["x"]), numbers(trace["y"])
    marker = trace["marker"]
    drawn = axes.barh(
        places,
        np.nan_to_num(lengths),
        height=trace["width"],
        color=marker["color"],
        linewidth=0,
        zorder=2 + order / 100,
    )
    pattern = marker["pattern"]
    for bar, shape_of_it in zip(drawn, pattern["shape"], strict=True):
        if shape_of_it:
            bar.set(hatch=shape_of_it * 4, edgecolor=pattern["fgcolor"])
    if "error_x" in trace:
        _whiskers(axes, lengths, places, trace["error_x"], upright=False, zorder=2.5)
    axes.autoscale(enable=False)


def shape(axes: Any, spec: Mapping[str, Any]) -> None:
    """Draw a box in data coordinates, or a hairline across the plot."""
    line = spec["line"]
    if spec["type"] == "line":
        axes.axhline(spec["y0"], color=line["color"], linewidth=pixels(line["width"]), zorder=1)
        return
    x0, x1, y0, y1 = (spec[corner] for corner in ("x0", "x1", "y0", "y1"))
    look = {"facecolor": spec["fillcolor"], "edgecolor": line["color"], "linewidth": pixels(line["width"])}
    axes.fill([x0, x1, x1, x0], [y0, y0, y1, y1], zorder=1, **look)


def annotate(axes: Any, note: Mapping[str, Any]) -> None:
    """Write a note at a place of the data or of the plot, shifted by pixels as the layout says."""
    of = {"paper": "axes fraction", "x domain": "axes fraction", "y domain": "axes fraction"}
    font = note["font"]
    box = None
    if "bgcolor" in note:
        box = {"boxstyle": "square,pad=0.15", "facecolor": note["bgcolor"], "edgecolor": "none"}
    axes.annotate(
        "\n".join(plain(line) for line in note["text"].split("<br>")),
        (note["x"], note["y"]),
        xycoords=(of.get(note["xref"], "data"), of.get(note["yref"], "data")),
        xytext=(pixels(note.get("xshift", 0)), pixels(note.get("yshift", 0))),
        textcoords="offset points",
        ha={"left": "left", "right": "right"}.get(note.get("xanchor", "center"), "center"),
        va={"top": "top", "bottom": "bottom"}.get(note.get("yanchor", "middle"), "center"),
        size=pixels(font["size"]),
        color=font["color"],
        family=face(font.get("family", SANS)),
        annotation_clip=False,
        bbox=box,
        zorder=5,
        parse_math=False,
    )


MARKS: dict[str, Callable[[Any, Mapping[str, Any], int], None]] = {
    "heatmap": cells,
    "scatter": scatter,
    "bar": bars,
}
