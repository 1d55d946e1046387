"""Lists of words: one row for each place, its name on the left and its text on the right."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import EDGE, frame, wrapped
from neuronscope.views.labels import escaped, shortened, written
from neuronscope.views.theme import MONO, SANS, Theme

MOST_ROWS = 60
MOST_LINES = 4
LINE = 17
BETWEEN = 7
WIDE = 680
NAME_WIDE = 26


def rows(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return the words of a cut with one axis as a list, at most sixty rows, saying how many there are."""
    (axis,) = cut.axes
    texts = [written(value) for value in cut.values.tolist()]
    names = [shortened(label, NAME_WIDE) for label in axis.labels[:MOST_ROWS]]
    code = axis.name == "line" or axis.tokens
    left = max(map(len, names)) * 7.2 + 2 * EDGE
    per_line = int((WIDE - left - EDGE) / (7.4 if code else 6.8))
    broken = [_lines(text, per_line, code=code) for text in texts[:MOST_ROWS]]
    heights = [LINE * len(lines) + BETWEEN for lines in broken]
    tops = np.concatenate([[0], np.cumsum(heights)])
    kept = f"first {MOST_ROWS} of {len(texts)} rows" if len(texts) > MOST_ROWS else ""
    layout = frame(
        cut, theme, plot=(WIDE - left, float(tops[-1])), left=left, below=EDGE, right=EDGE, notes=[kept]
    )
    layout["xaxis"] = {"visible": False, "range": [0.0, 1.0]}
    layout["yaxis"] = {"visible": False, "range": [float(tops[-1]), 0.0]}
    layout["shapes"] = [_rule(float(y), theme) for y in tops[1:-1]]
    for top, name, lines in zip(tops, names, broken, strict=False):
        size = 12 if code else 12.5
        font = {"family": MONO if code else SANS, "size": size, "color": theme.text}
        layout["annotations"] += [
            _cell(escaped(name), float(top), font={"size": 12, "color": theme.muted}, xshift=EDGE - left),
            _cell("<br>".join(map(escaped, lines)), float(top), font=font),
        ]
    return {"data": [], "layout": layout}


def _lines(text: str, per_line: int, *, code: bool) -> list[str]:
    """Break a text into at most four lines; the last says by an ellipsis that more follows."""
    lines = [_indented(line) for line in text.splitlines()] if code else wrapped(text, per_line)
    lines = [shortened(line, per_line) for line in lines] or ["–"]
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + " …"]


def _indented(line: str) -> str:
    """Keep the spaces at the start of a line of code, which pictures would drop."""
    inner = line.lstrip()
    return "\u00a0" * (len(line.expandtabs()) - len(inner)) + inner


def _cell(text: str, y: float, *, font: dict[str, Any], xshift: float = 0) -> dict[str, Any]:
    return {
        "text": text,
        "x": 0,
        "y": y + BETWEEN / 2,
        "xref": "paper",
        "yref": "y",
        "xanchor": "left",
        "yanchor": "top",
        "xshift": xshift,
        "align": "left",
        "showarrow": False,
        "font": font,
    }


def _rule(y: float, theme: Theme) -> dict[str, Any]:
    """Draw a hairline between two rows."""
    return {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": theme.hairline, "width": 1},
        "layer": "below",
    }
