"""A value for every token of a text: the text itself, each token on the colour of its value."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, plain_numbers
from neuronscope.views.heat import RANDOM
from neuronscope.views.labels import escaped, number, shortened
from neuronscope.views.scale import scale_of
from neuronscope.views.theme import MONO, Theme, ink_on

PER_LINE = 88  # characters; the paper is as wide as a line of text
CHARACTER = 8.2
LINE = 30
MOST_TOKENS = 600
LONGEST_TOKEN = 40


def tokens(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return the tokens in reading order as coloured boxes as wide as their text; hover gives the value."""
    (axis,) = cut.axes
    scale = scale_of(cut.array)
    count = min(axis.size, MOST_TOKENS)
    texts = [shortened(label, LONGEST_TOKEN) for label in axis.labels[:count]]
    values = cut.values[:count]
    starts, lines = _flow(texts)
    masked = cut.indistinct()
    dim = np.zeros(count, bool) if masked is None else masked[:count]
    used = min(PER_LINE, max([60, *(start + len(t) + 1 for start, t in zip(starts, texts, strict=True))]))
    n_lines = max(lines, default=0) + 1
    layout = frame(
        cut,
        theme,
        plot=(used * CHARACTER, n_lines * LINE),
        left=EDGE,
        below=EDGE,
        right=EDGE,
        legend=True,
        notes=[
            scale.note(),
            f"first {count} of {axis.size:,} tokens" if count < axis.size else "",
            f"grey with a ring: {RANDOM}" if dim.any() else "",
        ],
    )
    layout["xaxis"] = {"visible": False, "range": [0.0, float(used)]}
    layout["yaxis"] = {"visible": False, "range": [n_lines - 0.5, -0.5]}
    fills = [
        theme.veil if hidden else scale.colour(value, theme)
        for value, hidden in zip(values.tolist(), dim.tolist(), strict=True)
    ]
    layout["shapes"] = [
        _box(start, line, len(text), fill, theme.muted if hidden else theme.hairline)
        for start, line, text, fill, hidden in zip(starts, lines, texts, fills, dim.tolist(), strict=True)
    ]
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [start + (len(text) + 1) / 2 for start, text in zip(starts, texts, strict=True)],
        "y": lines,
        "text": [escaped(text) for text in texts],
        "textposition": "middle center",
        "textfont": {"family": MONO, "size": 12, "color": [ink_on(fill) for fill in fills]},
        "marker": {
            "size": 18,
            "opacity": 0,
            "color": plain_numbers(values),
            "cmin": scale.low,
            "cmax": scale.high,
            **scale.marks(theme, title=cut.title),
        },
        "hovertext": [
            escaped(f"{axis.name} {i} {text}: {number(value)}")
            for i, (text, value) in enumerate(zip(texts, values.tolist(), strict=True))
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
    return {"data": [trace], "layout": layout}


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
