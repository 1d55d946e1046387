"""A value for every token of a text: the text itself, each token on the colour of its value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, plain_numbers
from neuronscope.views.heat import RANDOM
from neuronscope.views.labels import escaped, number, shortened, visible
from neuronscope.views.scale import Scale, scale_of
from neuronscope.views.theme import MONO, Theme, ink_on

PER_LINE = 88  # characters; the paper is as wide as a line of text
CHARACTER = 8.2
LINE = 30
MOST_TOKENS = 600
LONGEST_TOKEN = 40
LONGEST_IN_LINES = 16


@dataclass(frozen=True)
class _Laid:
    """Tokens with their places on the paper, in characters and lines, and what they say when pointed at."""

    texts: list[str]
    values: np.ndarray
    hidden: np.ndarray
    starts: list[int]
    lines: list[int]
    names: list[str]
    note: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Return how many characters and lines the text takes."""
        ends = [start + len(text) + 1 for start, text in zip(self.starts, self.texts, strict=True)]
        return max([60, *ends]), max(self.lines, default=0) + 1


def tokens(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return the tokens in reading order as coloured boxes as wide as their text; hover gives the value.

    Lines with tokens of their own stand below each other, position 0 of each at the same place.
    """
    scale = scale_of(cut.scaled)
    laid = _running(cut) if len(cut.axes) == 1 else _in_lines(cut)
    used, n_lines = laid.size
    layout = frame(
        cut,
        theme,
        plot=(used * CHARACTER, n_lines * LINE),
        left=EDGE,
        below=EDGE,
        right=EDGE,
        legend=True,
        notes=[scale.note(), laid.note, f"grey with a ring: {RANDOM}" if laid.hidden.any() else ""],
    )
    layout["xaxis"] = {"visible": False, "range": [0.0, float(used)]}
    layout["yaxis"] = {"visible": False, "range": [n_lines - 0.5, -0.5]}
    return {"data": [_drawn(cut, laid, scale, layout, theme)], "layout": layout}


def _drawn(cut: Cut, laid: _Laid, scale: Scale, layout: dict[str, Any], theme: Theme) -> dict[str, Any]:
    """Return the texts, and put a box behind each into the layout."""
    fills = [
        theme.veil if hidden else scale.colour(value, theme)
        for value, hidden in zip(laid.values.tolist(), laid.hidden.tolist(), strict=True)
    ]
    layout["shapes"] = [
        _box(start, line, len(text), fill, theme.muted if hidden else theme.hairline)
        for start, line, text, fill, hidden in zip(
            laid.starts, laid.lines, laid.texts, fills, laid.hidden.tolist(), strict=True
        )
    ]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [start + (len(text) + 1) / 2 for start, text in zip(laid.starts, laid.texts, strict=True)],
        "y": laid.lines,
        "text": [escaped(text) for text in laid.texts],
        "textposition": "middle center",
        "textfont": {"family": MONO, "size": 12, "color": [ink_on(fill) for fill in fills]},
        "marker": {
            "size": 18,
            "opacity": 0,
            "color": plain_numbers(laid.values),
            "cmin": scale.low,
            "cmax": scale.high,
            **scale.marks(theme, title=cut.title),
        },
        "hovertext": [
            escaped(f"{name} {text}: {number(value)}")
            for name, text, value in zip(laid.names, laid.texts, laid.values.tolist(), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _running(cut: Cut) -> _Laid:
    """Lay out one text, broken into lines where they are full."""
    (axis,) = cut.axes
    count = min(axis.size, MOST_TOKENS)
    texts = [shortened(label, LONGEST_TOKEN) for label in axis.labels[:count]]
    masked = cut.indistinct()
    starts, lines = _flow(texts)
    return _Laid(
        texts,
        cut.values[:count],
        np.zeros(count, bool) if masked is None else masked[:count],
        starts,
        lines,
        [f"{axis.name} {i}" for i in range(count)],
        f"first {count} of {axis.size:,} tokens" if count < axis.size else "",
    )


def _in_lines(cut: Cut) -> _Laid:
    """Lay out a text a line, position 0 of each below that of the others; what has no token is left out."""
    down, across = cut.axes
    words, masked = cut.words_beside(), cut.indistinct()
    middle = 0 if across.numbers is None else int(np.argmin(np.abs(across.numbers)))
    rows = []
    for row in np.flatnonzero(np.isfinite(cut.values).any(1)).tolist():
        texts = across.labels if words is None else [visible(str(w)) if w else "" for w in words[row]]
        rows.append([(row, at, shortened(t, LONGEST_IN_LINES)) for at, t in enumerate(texts) if t])
    before = [sum(len(text) + 1 for _, at, text in line if at < middle) for line in rows]
    starts, lines = [], []
    for number_of_line, line in enumerate(rows):
        column = max(before) - before[number_of_line]
        for _, _, text in line:
            starts.append(column)
            lines.append(number_of_line)
            column += len(text) + 1
    places = [(row, at) for line in rows for row, at, _ in line]
    chosen = tuple(np.array(places, int).reshape(-1, 2).T)
    return _Laid(
        [text for line in rows for _, _, text in line],
        cut.values[chosen],
        np.zeros(len(places), bool) if masked is None else masked[chosen],
        starts,
        lines,
        [f"{down.name} {down.labels[row]}, {across.name} {across.labels[at]}" for row, at in places],
    )


def _box(start: int, line: int, length: int, fill: str, edge: str) -> dict[str, Any]:
    """Draw the box behind one token."""
    return {
        "type": "rect",
        "x0": start + 0.08,
        "x1": start + length + 0.92,
        "y0": line - 0.4,
        "y1": line + 0.4,
        "line": {"width": 0.8, "color": edge},
        "fillcolor": fill,
        "layer": "below",
    }


def _flow(texts: list[str]) -> tuple[list[int], list[int]]:
    """Set tokens one after the other into lines; a token that ends a line also breaks it."""
    starts, lines, column, line = [], [], 0, 0
    for text in texts:
        if column and column + len(text) + 1 > PER_LINE:
            column, line = 0, line + 1
        starts.append(column)
        lines.append(line)
        column += len(text) + 1
        if text.endswith("⏎"):
            column, line = 0, line + 1
    return starts, lines
