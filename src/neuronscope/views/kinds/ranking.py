"""An ordering: bars from the best down, each with its name and its value."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import (
    EDGE,
    axis_layout,
    frame,
    number_ticks,
    plain_numbers,
    span_of,
)
from neuronscope.views.heat import RANDOM
from neuronscope.views.labels import TICK, escaped, in_words, number, shortened, visible, written
from neuronscope.views.scale import is_signed
from neuronscope.views.theme import MONO, SANS, Theme, blend

MOST_BARS = 40
ROW = 22
WIDE = 760
LONGEST_NAME = 34


def ranking(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return horizontal bars, the first on top.

    Negative bars are blue and positive ones orange where the values are signed.
    """
    (axis,) = cut.axes
    total, count = axis.size, min(axis.size, MOST_BARS)
    values = cut.values[:count]
    names, code = names_of(cut)
    names = [shortened(name, LONGEST_NAME) for name in names[:count]]
    interval, masked = cut.interval(), cut.indistinct()
    dim = np.zeros(count, bool) if masked is None else masked[:count]
    whiskers = None if interval is None else (interval[0][:count], interval[1][:count])
    low, high = span_of(values, *(whiskers or ()), keep=[0.0], pad=0.08)
    low = low if np.nanmin([*values, 0.0]) < 0 or (whiskers and np.nanmin(whiskers[0]) < 0) else 0.0
    left = max(map(len, names), default=1) * TICK * (0.62 if code else 0.58) + 14 + EDGE
    wide = WIDE - left - 64
    reach = values if whiskers is None else np.where(values < 0, whiskers[0], whiskers[1])
    low = min(low, _room_for_numbers(values, reach, high, wide))
    places, texts = number_ticks(low, high, most=5)
    layout = frame(
        cut,
        theme,
        plot=(wide, max(count, 2) * ROW),
        left=left,
        below=TICK + 30,
        right=64,
        notes=[
            f"first {count} of {total:,}, in the order of the result" if count < total else "",
            f"hatched grey: {RANDOM}" if dim.any() else "",
        ],
    )
    layout["xaxis"] = axis_layout(
        theme,
        cut.title,
        span=(low, high),
        tickmode="array",
        tickvals=places,
        ticktext=texts,
        showgrid=True,
        gridcolor=theme.hairline,
        zeroline=True,
        zerolinecolor=theme.muted,
    )
    layout["yaxis"] = axis_layout(
        theme,
        "",
        span=(max(count, 2) - 0.5, -0.5),
        tickmode="array",
        tickvals=[float(i) for i in range(count)],
        ticktext=[escaped(name) for name in names],
    )
    layout["yaxis"]["tickfont"]["family"] = MONO if code else SANS
    bars = _bars(cut, values, names, theme, dim=dim)
    if whiskers is not None:
        bars["error_x"] = _whiskers(values, *whiskers, theme)
    layout["annotations"] += [
        _value(number(value), float(np.nan_to_num(end)), i, theme)
        for i, (value, end) in enumerate(zip(values.tolist(), reach.tolist(), strict=True))
    ]
    return {"data": [bars], "layout": layout}


def _room_for_numbers(values: np.ndarray, reach: np.ndarray, high: float, wide: float) -> float:
    """Return the lower end that leaves room for the numbers left of negative bars."""
    ends = [0.0]
    for value, end in zip(values.tolist(), reach.tolist(), strict=True):
        if value < 0 and np.isfinite(end):
            share = (len(number(value)) * TICK * 0.6 + 8) / wide
            ends.append((end - share * high) / (1 - share))
    return min(ends)


def _whiskers(values: np.ndarray, low: np.ndarray, high: np.ndarray, theme: Theme) -> dict[str, Any]:
    """Return the intervals of the bars as Plotly's error bars."""
    return {
        "type": "data",
        "symmetric": False,
        "array": plain_numbers(high - values),
        "arrayminus": plain_numbers(values - low),
        "color": theme.text,
        "thickness": 1.2,
        "width": 0,
    }


def names_of(cut: Cut) -> tuple[list[str], bool]:
    """Name every row by its words, its whole-number companions or its place; say whether they are words."""
    axis = cut.axes[0]
    words = cut.words_beside()
    if words is not None:
        return [visible(written(word)) for word in words.tolist()], True
    named = [
        (in_words(str(name)), cut.beside(str(name)))
        for name, array in cut.sliced.data_vars.items()
        if name != cut.variable and array.dtype.kind in "iu" and set(array.dims) == {axis.name}
    ]
    numbers = [(name, values.tolist()) for name, values in named if values is not None]
    if axis.name == "rank" and numbers:
        return [
            ", ".join(
                f"{name.removeprefix('top ')} {_place(cut, name, values[i])}" for name, values in numbers
            )
            for i in range(axis.size)
        ], False
    return axis.labels, axis.tokens


def _place(cut: Cut, name: str, place: int) -> str:
    """Return a place as a number, and its token where the companion counts tokens."""
    tokens = cut.sliced.coords.get("token")
    if not name.endswith("position") or tokens is None or not 0 <= place < tokens.size:
        return str(place)
    return f"{place} {visible(written(tokens.values.tolist()[place]))}"


def _bars(cut: Cut, values: np.ndarray, names: list[str], theme: Theme, *, dim: np.ndarray) -> dict[str, Any]:
    if is_signed(cut.array):
        full = [theme.signed[1] if value < 0 else theme.signed[-2] for value in values.tolist()]
    else:
        full = [theme.categories[0]] * len(names)
    return {
        "type": "bar",
        "orientation": "h",
        "x": plain_numbers(values),
        "y": list(range(len(names))),
        "width": 0.68,
        "marker": {
            "color": [
                theme.missing if hidden else colour for hidden, colour in zip(dim.tolist(), full, strict=True)
            ],
            "line": {"width": 0},
            "pattern": {
                "shape": ["/" if hidden else "" for hidden in dim.tolist()],
                "fillmode": "overlay",
                "fgcolor": blend(theme.muted, theme.missing, 0.7),
                "size": 6,
                "solidity": 0.2,
            },
        },
        "hovertext": [
            escaped(f"{name}: {number(value)}") for name, value in zip(names, values.tolist(), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def _value(text: str, x: float, y: float, theme: Theme) -> dict[str, Any]:
    """Write a value at the end of its bar."""
    ahead = x >= 0
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "x",
        "yref": "y",
        "xanchor": "left" if ahead else "right",
        "yanchor": "middle",
        "xshift": 4 if ahead else -4,
        "showarrow": False,
        "font": {"size": TICK, "color": theme.muted},
    }
