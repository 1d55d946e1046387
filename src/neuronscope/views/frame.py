"""The frame of every figure: header, axes with few ticks, footnotes, margins; all in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuronscope.results import provenance
from neuronscope.views.cut import Axis, Cut
from neuronscope.views.labels import TICK, called, escaped, in_words, number, shortened, text_attr
from neuronscope.views.theme import MONO, SANS, Theme

CHARACTER = 0.62  # width of a character as a share of its size; a little generous
EDGE = 16
NARROW = 760  # a panel may be narrower than the figure was made for; header lines keep to this
SLANT = math.sin(math.radians(45))
LONGEST_LABEL = 22
LINE = 110
LEAST, LEAST_WITH_LEGEND = 520, 600  # pixels that a paper is wide at the least
RIGHT = 28


@dataclass(frozen=True)
class Ticks:
    """Labels of one axis: where, what, at which angle, how far they reach out, and the rule if thinned."""

    places: list[float]
    texts: list[str]
    angle: int
    reach: float
    rule: str


def ticks(axis: Axis, length: float, *, upright: bool = False) -> Ticks:
    """Choose the labels of an axis of a given length in pixels, so that none overlaps another.

    Where not every place can be named, every second, third … is, and the rule says which.
    """
    step = length / max(axis.size, 1)
    texts = [shortened(label, LONGEST_LABEL) for label in axis.labels]
    widest = max(map(len, texts), default=1) * TICK * CHARACTER
    angle = 0
    if upright:
        every = _every(axis, step, 22 if axis.even else 14)
    elif axis.even:
        every = _every(axis, step, widest + 14)
    else:
        angle = 0 if widest + 6 <= step else -45
        every = 1 if angle == 0 else _every(axis, step, 15)
    chosen = list(range(0, axis.size, every))
    reach = widest if upright else (TICK + 3 if angle == 0 else widest * SLANT + 8)
    ordinal = {2: "2nd", 3: "3rd"}.get(every, f"{every}th")
    rule = "" if every == 1 or axis.even else f"every {ordinal} named"
    return Ticks([float(i) for i in chosen], [texts[i] for i in chosen], angle, reach, rule)


def _every(axis: Axis, step: float, room: float) -> int:
    """Return the smallest round number of places that gives each label its room."""
    least = room / max(step, 1e-9)
    if not axis.even:
        return max(1, math.ceil(least))
    return next(n * 10**p for p in range(9) for n in (1, 2, 5) if n * 10**p >= least)


def header(cut: Cut) -> tuple[str, str]:
    """Return the title, analysis and variable in words, and the line that says how to read them."""
    analysis = text_attr(cut.result, "title")
    if not analysis and "provenance" in cut.result.attrs:
        analysis = in_words(str(provenance(cut.result).get("analysis", ""))).capitalize()
    name, _ = called(cut.array)
    if analysis and name not in ("value", analysis.lower()):
        analysis = f"{analysis}: {name}"
    return analysis or name[:1].upper() + name[1:], " — ".join(
        part for part in (cut.reading, cut.shown) if part
    )


def count_note(cut: Cut) -> str:
    """Return ``n = …`` with what was counted, where the result says it."""
    for holder in (cut.array, cut.result):
        if "n" in holder.attrs:
            unit = text_attr(holder, "n_unit") or text_attr(holder, "unit")
            return f"n = {number(float(holder.attrs['n']))} {unit}".strip()
    return ""


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most a number of characters, between words."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


FEWEST_CHARACTERS = 40
"""With less room for a footnote beside the count in the corner, the count has a line of its own."""


def frame(
    cut: Cut,
    theme: Theme,
    *,
    plot: tuple[float, float],
    left: float,
    below: float,
    legend: bool = False,
    right: float = RIGHT,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a layout with header, margins and footnotes round a plot of a given size in pixels.

    ``left`` and ``below`` are the pixels that tick labels and axis titles take; ``legend`` keeps room
    at the top right for the bar of colours.
    """
    title, reading = header(cut)
    plot_width, plot_height = plot
    width = max(left + plot_width + right, LEAST_WITH_LEGEND if legend else LEAST)
    per_line = int((min(width, NARROW) - 2 * EDGE - (200 if legend else 0)) / (12 * 0.55))
    reading_lines = wrapped(reading, per_line) if reading else []
    title_lines = wrapped(title, int(per_line * 12 / 16.5))
    head = 14 + 19 * len(title_lines) + (8 + 16 * len(reading_lines) if reading_lines else 0)
    top = max(head + 12, 64 if legend else 0)
    corner = count_note(cut)
    room = int((left + plot_width + right - 2 * EDGE) / 6) - len(corner)
    beside = room >= FEWEST_CHARACTERS or not any(notes)
    foot = [line for note in notes if note for line in wrapped(note, room if beside else int(width / 6.5))]
    if corner and not beside:
        foot.append(corner)
    bottom = below + 10 + (8 + 15 * max(len(foot), 1) if foot or corner else 0)
    annotations = [
        _note(line, theme, y=0, yshift=-(below + 8 + 15 * i), xshift=EDGE - left)
        for i, line in enumerate(foot)
    ]
    if corner and beside:
        annotations.append(
            _note(corner, theme, x=1, y=0, yshift=-(below + 8), xshift=right - EDGE, xanchor="right")
        )
    return {
        **_paper(theme),
        "title": _heading(title_lines, reading_lines, theme),
        "margin": {"l": round(left), "r": round(right), "t": round(top), "b": round(bottom)},
        "height": round(top + plot_height + bottom),
        "annotations": annotations,
        "shapes": [],
        "meta": {
            "kind": cut.kind,
            "variable": cut.variable,
            "title": title,
            "reading": cut.reading,
            "shown": cut.shown,
            "sliders": cut.sliders,
            "notes": [note for note in notes if note],
            "theme": theme.name,
            "width": round(width),
            "height": round(top + plot_height + bottom),
        },
    }


def _heading(title_lines: Sequence[str], reading_lines: Sequence[str], theme: Theme) -> dict[str, Any]:
    """Return the title with its reading line below, at the top left corner of the paper."""
    return {
        "text": "<br>".join(map(escaped, title_lines)),
        "font": {"size": 15, "color": theme.text, "weight": 600},
        "subtitle": {
            "text": "<br>".join(map(escaped, reading_lines)),
            "font": {"size": 12, "color": theme.muted},
        },
        "x": 0,
        "xref": "container",
        "xanchor": "left",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"l": EDGE, "t": 12},
    }


def _paper(theme: Theme) -> dict[str, Any]:
    """Return what every figure of a theme has in common: its type, its background and its hover labels."""
    font = {"family": SANS, "size": 12, "color": theme.text}
    return {
        "font": font,
        "paper_bgcolor": theme.background,
        "plot_bgcolor": theme.background,
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": theme.background, "bordercolor": theme.muted, "font": font},
    }


def _note(text: str, theme: Theme, *, x: float = 0, xanchor: str = "left", **place: float) -> dict[str, Any]:
    return {
        "text": escaped(text),
        "x": x,
        "xref": "paper",
        "yref": "paper",
        "xanchor": xanchor,
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 10.5, "color": theme.muted},
        **place,
    }


def axis_layout(theme: Theme, title: str, *, span: tuple[float, float], **more: Any) -> dict[str, Any]:
    """Return one axis: a title, a fixed range, hairlines and nothing else."""
    return {
        "title": {"text": escaped(title), "font": {"size": 12, "color": theme.muted}, "standoff": 8},
        "range": [float(span[0]), float(span[1])],
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"size": TICK, "color": theme.text},
        "automargin": False,
        **more,
    }


def fitting(title: str, length: float) -> str:
    """Return a title that fits along an axis of a length in pixels: without its brackets, else cut.

    >>> fitting("depth (blocks passed)", 60)
    'depth'
    """
    most = max(int(length / (12 * CHARACTER)), 8)
    return title if len(title) <= most else shortened(title.partition(" (")[0].partition(";")[0], most)


def placed(chosen: Ticks, *, tokens: bool, theme: Theme) -> dict[str, Any]:
    """Return the labels of an axis as Plotly takes them; tokens in the monospace face."""
    return {
        "tickmode": "array",
        "tickvals": chosen.places,
        "ticktext": [escaped(text) for text in chosen.texts],
        "tickangle": chosen.angle,
        "tickfont": {"size": TICK, "color": theme.text, "family": MONO if tokens else SANS},
    }


def number_ticks(low: float, high: float, *, most: int = 6) -> tuple[list[float], list[str]]:
    """Return a few round numbers between two ends, and how they are written.

    >>> number_ticks(0.0, 1.0)[1]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = [round(i * step, 12) for i in range(first, last + 1)]
    return places, [number(place) for place in places]


def span_of(*arrays: np.ndarray | None, keep: Sequence[float] = (), pad: float = 0.05) -> tuple[float, float]:
    """Return the ends of an axis that shows every finite value and every value to keep, with some room."""
    known = [a[np.isfinite(a)] for a in arrays if a is not None]
    every = np.concatenate([*known, np.asarray(keep, dtype=float)])
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    room = (high - low) * pad or max(abs(high) * 0.1, 0.5)
    return low - room, high + room


def plain_numbers(values: np.ndarray) -> Any:
    """Return an array as nested lists with None for what is no finite number."""
    if values.ndim > 1:
        return [plain_numbers(row) for row in values]
    return [float(v) if np.isfinite(v) else None for v in values.astype(float)]


def nothing(cut: Cut, theme: Theme, why: str) -> dict[str, Any]:
    """Return a figure that says why there is nothing to draw."""
    layout = frame(cut, theme, plot=(480, 160), left=EDGE, below=EDGE)
    layout["annotations"].append(
        {
            "text": escaped(why),
            "x": 0.5,
            "y": 0.5,
            "xref": "paper",
            "yref": "paper",
            "showarrow": False,
            "font": {"size": 13, "color": theme.muted},
        }
    )
    hidden = {"visible": False, "range": [0.0, 1.0]}
    return {"data": [], "layout": {**layout, "xaxis": hidden, "yaxis": dict(hidden)}}
