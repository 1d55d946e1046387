"""Figure to picture: PNG or SVG from the same plain data that the workbench draws, without a browser."""

import hashlib
import json
import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neuronscope.views.labels import plain
from neuronscope.views.marks import MARKS, annotate, face, pixels, shades, shape
from neuronscope.views.theme import MONO, SANS
from neuronscope.words import BadInput

PER_INCH = 96  # pixels of a layout
SHARP = 2  # pixels of the picture for each pixel of the layout
FORMATS = ("png", "svg")
_ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings belong to the whole process


def draw(figure: Mapping[str, Any], path: str | Path | BinaryIO, *, format: str | None = None) -> None:
    """Write a figure of :func:`~neuronscope.views.figure` as a picture, to a path or an open binary file.

    ``format`` is ``png`` or ``svg``; left out, the ending of the path tells it. The size is the one in
    ``layout.meta``, a PNG with two pixels for each. Equal figures give equal bytes.

    Raises :class:`~neuronscope.words.BadInput` for another format or a path that cannot be written.
    """
    ending = Path(path).suffix.removeprefix(".") if isinstance(path, str | Path) else ""
    wanted = (format or ending).lower()
    if wanted not in FORMATS:
        raise BadInput(f"Cannot draw as {wanted or 'a file without ending'!r}; choose png or svg.")
    content = picture(figure, format=wanted)
    if not isinstance(path, str | Path):
        path.write(content)
        return
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise BadInput(f"Cannot write {str(path)!r}: {error.strerror}; choose another place.") from error


def picture(figure: Mapping[str, Any], *, format: str) -> bytes:
    """Return a figure as the bytes of a PNG or SVG picture."""
    with _ONE_AT_A_TIME, _settings(figure):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        page = _page(figure)
        stream = BytesIO()
        if format == "png":
            FigureCanvasAgg(page).print_png(stream, metadata={"Software": None})
            return stream.getvalue()
        FigureCanvasSVG(page).print_svg(
            stream, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _light(stream.getvalue().decode()).encode()


@contextmanager
def _settings(figure: Mapping[str, Any]) -> Iterator[None]:
    """Hold matplotlib to the same output everywhere: text as text, and names of parts from the content."""
    import matplotlib

    salt = hashlib.sha256(json.dumps(figure, sort_keys=True).encode()).hexdigest()[:12]
    rules: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "path.simplify": False,
        "axes.unicode_minus": True,
    }
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(rules)
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _page(figure: Mapping[str, Any]) -> Any:
    """Build the matplotlib figure: one pair of axes inside the margins of the layout."""
    from matplotlib.figure import Figure

    layout = figure["layout"]
    width, height = layout["meta"]["width"], layout["meta"]["height"]
    page = Figure(
        figsize=(width / PER_INCH, height / PER_INCH),
        dpi=PER_INCH * SHARP,
        facecolor=layout["paper_bgcolor"],
    )
    margin = layout["margin"]
    plot_width = width - margin["l"] - margin["r"]
    plot_height = height - margin["t"] - margin["b"]
    axes = page.add_axes(
        (margin["l"] / width, margin["b"] / height, plot_width / width, plot_height / height)
    )
    axes.set_facecolor(layout["plot_bgcolor"])
    for spine in axes.spines.values():
        spine.set_visible(False)
    _lay_axis(axes, layout, "x")
    _lay_axis(axes, layout, "y")
    if "scaleanchor" in layout["yaxis"]:
        axes.set_aspect("equal", adjustable="box", anchor="NW")
    for box in layout["shapes"]:
        shape(axes, box)
    for order, trace in enumerate(figure["data"]):
        MARKS[trace["type"]](axes, trace, order)
    _head(page, layout, width, height)
    for trace in figure["data"]:
        marker = trace if trace["type"] == "heatmap" else trace.get("marker", {})
        if marker.get("showscale"):
            _bar_of_colours(page, layout, marker, width, height)
    for note in layout["annotations"]:
        annotate(axes, note)
    return page


def _lay_axis(axes: Any, layout: Mapping[str, Any], letter: str) -> None:
    """Set range, ticks, title and hairlines of one axis."""
    spec = layout[f"{letter}axis"]
    axis = axes.xaxis if letter == "x" else axes.yaxis
    ends = spec["range"]
    if spec.get("type") == "log":
        axes.set_xscale("log")
        axes.minorticks_off()
        ends = [10**end for end in ends]
    (axes.set_xlim if letter == "x" else axes.set_ylim)(*ends)
    if not spec.get("visible", True):
        axis.set_visible(False)
        return
    font = spec["tickfont"]
    axis.set_ticks(spec["tickvals"])
    texts = axis.set_ticklabels([plain(text) for text in spec["ticktext"]], parse_math=False)
    for text in texts:
        text.set(family=face(font.get("family", SANS)), size=pixels(font["size"]), color=font["color"])
        if spec.get("tickangle"):
            text.set(rotation=-spec["tickangle"], ha="right", rotation_mode="anchor")
    axis.set_tick_params(length=0, pad=pixels(5))
    if spec.get("showgrid"):
        axis.grid(visible=True, color=spec["gridcolor"], linewidth=pixels(1))
        axes.set_axisbelow(True)
    if spec.get("zeroline") and min(spec["range"]) <= 0 <= max(spec["range"]):
        line = axes.axvline if letter == "x" else axes.axhline
        line(0, color=spec["zerolinecolor"], linewidth=pixels(1), zorder=1.5)
    title = spec["title"]
    if title["text"]:
        set_title = axes.set_xlabel if letter == "x" else axes.set_ylabel
        font = title["font"]
        set_title(
            plain(title["text"]),
            size=pixels(font["size"]),
            color=font["color"],
            family=face(SANS),
            labelpad=pixels(title.get("standoff", 4)),
            parse_math=False,
        )


def _head(page: Any, layout: Mapping[str, Any], width: float, height: float) -> None:
    """Write title and reading line at the top left."""
    title = layout["title"]
    x, y = title["pad"]["l"], title["pad"]["t"]
    for part, step, weight in ((title, 19, "bold"), (title["subtitle"], 16, "normal")):
        y += 6 if part is not title else 0
        for line in part["text"].split("<br>") if part["text"] else []:
            page.text(
                x / width,
                1 - y / height,
                plain(line),
                va="top",
                ha="left",
                size=pixels(part["font"]["size"]),
                color=part["font"]["color"],
                weight=weight,
                family=face(SANS),
                parse_math=False,
            )
            y += step


def _bar_of_colours(
    page: Any, layout: Mapping[str, Any], marker: Mapping[str, Any], width: float, height: float
) -> None:
    """Draw the colour scale above the plot at its right end, with the numbers at its ends."""
    bar = marker["colorbar"]
    margin = layout["margin"]
    left, right = width - margin["r"] - bar["len"], width - margin["r"]
    base = height - margin["t"] + bar["ypad"] + 14
    inset = page.add_axes((left / width, base / height, bar["len"] / width, bar["thickness"] / height))
    inset.axis("off")
    ramp = shades(np.linspace(0, 1, 256)[None], marker["colorscale"], 0, 1)
    inset.imshow(ramp, aspect="auto", extent=(0, 1, 0, 1))
    low, high = bar["tickvals"][0], bar["tickvals"][-1]
    places = [(left + (v - low) / (high - low) * (right - left), base - 3, "top") for v in bar["tickvals"]]
    marks = [(bar["tickfont"], *place) for place in places]
    marks.append((bar["title"]["font"], (left + right) / 2, base + bar["thickness"] + 3, "bottom"))
    sides = ["left", *["center"] * (len(places) - 2), "right", "center"]
    texts = [*bar["ticktext"], bar["title"]["text"]]
    for (font, x, y, va), text, side in zip(marks, texts, sides, strict=True):
        page.text(
            x / width,
            y / height,
            plain(text),
            va=va,
            ha=side,
            size=pixels(font["size"]),
            color=font["color"],
            family=face(SANS),
            parse_math=False,
        )


def _light(svg: str) -> str:
    """Drop names that nothing refers to and give text the reader's own faces before matplotlib's."""
    named = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg))
    kept = {name for pair in named for name in pair if name}
    svg = re.sub(r' id="([^"]+)"', lambda found: found.group(0) if found.group(1) in kept else "", svg)
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    quoted = {face(MONO): MONO, face(SANS): SANS}
    for own, stack in quoted.items():
        svg = svg.replace(f"'{own}'", f"'{own}', {stack}")
    return svg
