"""Heatmaps: cells coloured by value, words inside them, a veil over what is not distinct from random."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuronscope.views.cut import Axis, Cut
from neuronscope.views.frame import (
    EDGE,
    LEAST,
    LEAST_WITH_LEGEND,
    RIGHT,
    axis_layout,
    fitting,
    frame,
    placed,
    plain_numbers,
    ticks,
)
from neuronscope.views.labels import escaped, number, shortened, visible, written
from neuronscope.views.scale import Scale, scale_of
from neuronscope.views.theme import MONO, Theme, ink_on

WIDE = 900
TALL = 480
MOST_HOVERS = 5_000
MOST_HATCHED = 1_500
MOST_WORDS = 900
NARROWEST_WORD = 36  # pixels, five letters
WORD_SIZE = 10
LETTER = WORD_SIZE * 0.62
RANDOM = "not distinguishable from random"


def heat(cut: Cut, theme: Theme, *, upward: bool, square: bool = False, gaps: bool = True) -> dict[str, Any]:
    """Return the heatmap of a cut with two axes, the vertical one first.

    ``upward`` puts the first row at the bottom; ``square`` gives cells equal sides; ``gaps`` parts
    cells that are large enough by hairlines. The first string variable over the same axes is written
    into the cells where they have room for it.
    """
    scale, values, masked = scale_of(cut.array), cut.values, cut.indistinct()
    gone = not np.isfinite(values).all()
    veiled = masked is not None and masked.any()
    words = _words(cut)
    notes = [
        scale.note(),
        f"hatched grey: {RANDOM}" if veiled else "",
        "plain grey: no finite value" if gone else "",
    ]
    layout, cell = _layout(
        cut, theme, notes=notes, upward=upward, square=square, words=words is not None, legend=True
    )
    layout["plot_bgcolor"] = theme.missing if gone else theme.background
    traces = [_cells(cut, theme, scale, words, gap=gaps and min(cell) >= 9)]
    if masked is not None and veiled:
        traces += _veil(masked, theme, clear=words is not None)
    if words is not None:
        hidden = np.zeros(values.shape, bool) if masked is None else masked
        below = zip(values.ravel().tolist(), hidden.ravel().tolist(), strict=True)
        inks = [ink_on(theme.veil if veil else scale.colour(value, theme)) for value, veil in below]
        traces.append(_written(words, inks, room=int(cell[0] / LETTER)))
    return {"data": traces, "layout": layout}


def worded(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a grid of words, for a variable that holds words over two axes."""
    narrow = (WIDE - _left(cut.axes[0]) - 28) / cut.axes[1].size < 2 * LETTER
    notes = ["the cells are too narrow for their words; the table holds them" if narrow else ""]
    layout, cell = _layout(cut, theme, notes=notes, upward=True, square=False, words=True, legend=False)
    for name in ("xaxis", "yaxis"):
        layout[name] |= {"showline": True, "linecolor": theme.hairline}
    room = int(cell[0] / LETTER)
    texts = cut.values if room >= 2 else np.full(cut.values.shape, "", dtype=object)
    return {"data": [_written(texts, [theme.text] * texts.size, room=room)], "layout": layout}


def _layout(
    cut: Cut,
    theme: Theme,
    *,
    notes: Sequence[str],
    upward: bool,
    square: bool,
    words: bool,
    legend: bool,
) -> tuple[dict[str, Any], tuple[float, float]]:
    """Return the layout with both axes, and width and height of a cell in pixels."""
    rows, columns = cut.axes
    left = _left(rows)
    cell = _cell(rows.size, columns.size, WIDE - left - RIGHT, square=square, words=words)
    if not square:  # a paper is never narrower, and such a plot fills it
        least = LEAST_WITH_LEGEND if legend else LEAST
        cell = max(cell[0], (least - left - RIGHT) / columns.size), cell[1]
    along = ticks(columns, cell[0] * columns.size)
    up = ticks(rows, cell[1] * rows.size, upright=True)
    layout = frame(
        cut,
        theme,
        plot=(cell[0] * columns.size, cell[1] * rows.size),
        left=left,
        below=along.reach + 28,
        legend=legend,
        notes=notes,
    )
    x_title = columns.title + (f"; {along.rule}" if along.rule else "")
    y_title = rows.title + (f"; {up.rule}" if up.rule else "")
    ends = (-0.5, rows.size - 0.5) if upward else (rows.size - 0.5, -0.5)
    layout["xaxis"] = axis_layout(
        theme, x_title, span=(-0.5, columns.size - 0.5), **placed(along, tokens=columns.tokens, theme=theme)
    )
    y_title = fitting(y_title, cell[1] * rows.size + 40)
    layout["yaxis"] = axis_layout(theme, y_title, span=ends, **placed(up, tokens=rows.tokens, theme=theme))
    if square:
        layout["xaxis"] |= {"constrain": "domain", "constraintoward": "left"}
        layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
    return layout, cell


def _left(rows: Axis) -> float:
    """Return the room for the vertical axis: its labels and its title."""
    return ticks(rows, 1e6, upright=True).reach + 38 + EDGE / 2


def _cell(n_rows: int, n_columns: int, room: float, *, square: bool, words: bool) -> tuple[float, float]:
    """Return width and height of a cell in pixels: as large as fits, and never a sliver."""
    if square:
        side = min(room / n_columns, TALL / n_rows, 34)
        side = max(side, min(140 / max(n_rows, n_columns), room / n_columns))
        return side, side
    width = min(room / n_columns, 64 if words else 46)
    height = min(26.0, TALL / n_rows)
    return max(width, 260 / n_columns), max(height, 60 / n_rows)


def _words(cut: Cut) -> np.ndarray | None:
    """Return the words to write into the cells, where there are any and the cells have room."""
    words = cut.words_beside()
    room = WIDE - _left(cut.axes[0]) - 28
    if words is None or words.size > MOST_WORDS or room / cut.axes[1].size < NARROWEST_WORD:
        return None
    return words


def _cells(cut: Cut, theme: Theme, scale: Scale, words: np.ndarray | None, *, gap: bool) -> dict[str, Any]:
    rows, columns = cut.axes
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(columns.size)),
        "y": list(range(rows.size)),
        "z": plain_numbers(cut.values),
        "zmin": scale.low,
        "zmax": scale.high,
        "xgap": int(gap),
        "ygap": int(gap),
        **scale.marks(theme, title=cut.title),
        "hovertemplate": f"{columns.name} %{{x}}<br>{rows.name} %{{y}}<br>%{{z:.4g}}<extra></extra>",
    }
    if cut.values.size <= MOST_HOVERS:
        trace["hovertext"] = [
            [_said(cut, i, j, words) for j in range(columns.size)] for i in range(rows.size)
        ]
        trace["hovertemplate"] = "%{hovertext}<extra></extra>"
    return trace


def _said(cut: Cut, i: int, j: int, words: np.ndarray | None) -> str:
    """Return what hovering over a cell says."""
    rows, columns = cut.axes
    word = "" if words is None else f" {visible(written(words[i, j]))}"
    place = f"{rows.name} {rows.labels[i]}, {columns.name} {columns.labels[j]}"
    return escaped(f"{place}: {number(cut.values[i, j])}{word}")


def _written(words: np.ndarray, inks: list[str], *, room: int) -> dict[str, Any]:
    """Return the words of the cells, each in the ink that reads best on its colour."""
    n_rows, n_columns = words.shape
    return {
        "type": "scatter",
        "mode": "text",
        "x": [j for _ in range(n_rows) for j in range(n_columns)],
        "y": [i for i in range(n_rows) for _ in range(n_columns)],
        "text": [escaped(shortened(visible(written(word)), room)) for word in words.ravel().tolist()],
        "textposition": "middle center",
        "textfont": {"family": MONO, "size": WORD_SIZE, "color": inks},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _veil(masked: np.ndarray, theme: Theme, *, clear: bool) -> list[dict[str, Any]]:
    """Return a grey veil over marked cells, and strokes across them where they are few enough.

    ``clear`` keeps the strokes in two corners, so that they strike no word out.
    """
    if clear:
        pieces = ((-0.5, 0.2, -0.2, 0.5), (0.2, -0.5, 0.5, -0.2))
    else:
        pieces = ((-0.5, 0, 0, 0.5), (-0.5, -0.5, 0.5, 0.5), (0, -0.5, 0.5, 0))
    n_rows, n_columns = masked.shape
    veil = {
        "type": "heatmap",
        "x": list(range(n_columns)),
        "y": list(range(n_rows)),
        "z": [[1 if cell else None for cell in row] for row in masked.tolist()],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, theme.veil], [1, theme.veil]],
        "showscale": False,
        "opacity": 0.7,
        "hoverinfo": "skip",
    }
    cells = np.argwhere(masked)
    if len(cells) > MOST_HATCHED:
        return [veil]
    x: list[float | None] = []
    y: list[float | None] = []
    for i, j in cells.tolist():
        for x0, y0, x1, y1 in pieces:
            x += [j + x0, j + x1, None]
            y += [i + y0, i + y1, None]
    strokes = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": theme.muted, "width": 0.7},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [veil, strokes]
