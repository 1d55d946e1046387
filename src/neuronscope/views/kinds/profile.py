"""One value along one axis: a line where the axis has an order, dots where it has none."""

from dataclasses import replace
from typing import Any

import numpy as np

from neuronscope.views.cut import Axis, Cut
from neuronscope.views.frame import (
    EDGE,
    Ticks,
    axis_layout,
    frame,
    number_ticks,
    placed,
    plain_numbers,
    span_of,
    ticks,
)
from neuronscope.views.heat import RANDOM
from neuronscope.views.labels import TICK, escaped, number
from neuronscope.views.scale import is_signed
from neuronscope.views.theme import Theme, blend

ORDERED = {"depth", "layer", "position", "step", "rank", "x", "y", "key", "query", "component", "factor"}
WIDE = 860
TALL = 250
MOST_MARKS = 80


def profile(cut: Cut, theme: Theme) -> dict[str, Any]:
    """Return a line with its interval as a band, or dots with whiskers; chance is dotted."""
    (axis,) = cut.axes
    values = cut.values
    interval, null, masked = cut.interval(), cut.null(), cut.indistinct()
    places = _places(axis)
    keep = [0.0] if is_signed(cut.array) or _near_zero(values) else []
    low, high = span_of(values, *(interval or ()), null, keep=keep)
    y_places, y_texts = number_ticks(low, high)
    left = max(map(len, y_texts), default=1) * TICK * 0.62 + 40 + EDGE / 2
    width = min(WIDE - left - 60, max(360, 56 * axis.size))
    along, logarithmic = ticks(axis, width), _wants_log(places)
    layout = frame(
        cut,
        theme,
        plot=(width, TALL),
        left=left,
        below=along.reach + 28,
        right=60 if null is not None else 28,
        notes=[
            f"empty grey rings: {RANDOM}" if masked is not None and masked.any() else "",
            "line: the middle of each interval" if "bound" in cut.array.dims else "",
        ],
    )
    title = axis.title + (f"; {along.rule}" if along.rule else "")
    span = span_of(np.log10(places) if logarithmic else places, pad=0.5 / max(axis.size - 1, 1))
    if places is axis.numbers and axis.size > 1 and not axis.even:
        along, title = _uneven_ticks(places, span, logarithmic=logarithmic), axis.title
    else:
        along = replace(along, places=[float(places[int(place)]) for place in along.places])
    layout["xaxis"] = axis_layout(theme, title, span=span, **placed(along, tokens=axis.tokens, theme=theme))
    if logarithmic:
        layout["xaxis"] |= {
            "type": "log",
            "title": {**layout["xaxis"]["title"], "text": f"{title}, log scale"},
        }
    layout["yaxis"] = axis_layout(
        theme,
        cut.title,
        span=(low, high),
        tickmode="array",
        tickvals=y_places,
        ticktext=y_texts,
        showgrid=True,
        gridcolor=theme.hairline,
        zeroline=bool(keep),
        zerolinecolor=theme.muted,
    )
    ordered = axis.name in ORDERED
    traces = _uncertainty(places, interval, theme) if ordered else []
    if null is not None:
        traces.append(_chance(places, null, theme))
        layout["annotations"].append(_at_end(null, "chance", theme))
    whiskers = None if ordered or interval is None else interval
    traces.append(_values(cut, places, values, theme, masked=masked, ordered=ordered, whiskers=whiskers))
    return {"data": traces, "layout": layout}


def _places(axis: Axis) -> np.ndarray:
    """Return where each value stands: at its own number, else at its index."""
    rising = axis.numbers is not None and bool((np.diff(axis.numbers) > 0).all()) and not axis.tokens
    return axis.numbers if rising and axis.numbers is not None else np.arange(axis.size, dtype=float)


def _wants_log(places: np.ndarray) -> bool:
    """Say whether places are positive and spread over decades, as saved training steps are."""
    return bool(places.size > 4 and places[0] > 0 and places[-1] > 50 * places[0]) and not np.allclose(
        np.diff(places), places[1] - places[0]
    )


def _uneven_ticks(places: np.ndarray, span: tuple[float, float], *, logarithmic: bool) -> Ticks:
    """Return ticks at round numbers for places that are not evenly spaced."""
    if not logarithmic:
        at, texts = number_ticks(float(places[0]), float(places[-1]), most=8)
        return Ticks(at, texts, 0, TICK, "")
    powers = range(int(np.ceil(span[0])), int(np.floor(span[1])) + 1)
    return Ticks([10.0**power for power in powers], [number(10.0**power) for power in powers], 0, TICK, "")


def _near_zero(values: np.ndarray) -> bool:
    """Say whether zero is near enough to be shown without flattening the line."""
    known = values[np.isfinite(values)]
    return bool(known.size and 0 <= known.min() <= known.max() / 2)


def _values(
    cut: Cut,
    places: np.ndarray,
    values: np.ndarray,
    theme: Theme,
    *,
    masked: np.ndarray | None,
    ordered: bool,
    whiskers: tuple[np.ndarray, np.ndarray] | None,
) -> dict[str, Any]:
    axis, colour = cut.axes[0], theme.categories[0]
    dim = np.zeros(values.shape, bool) if masked is None else masked
    marked = axis.size <= MOST_MARKS or not ordered
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": ("lines+markers" if marked else "lines") if ordered else "markers",
        "x": plain_numbers(places),
        "y": plain_numbers(values),
        "line": {"color": colour, "width": 1.8},
        "marker": {
            "size": 6 if ordered else 8,
            "color": [theme.background if d else colour for d in dim.tolist()],
            "line": {"color": [theme.muted if d else colour for d in dim.tolist()], "width": 1.4},
        },
        "hovertext": [
            escaped(f"{axis.name} {label}: {number(value)}")
            for label, value in zip(axis.labels, values.tolist(), strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }
    if whiskers is not None:
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": plain_numbers(whiskers[1] - values),
            "arrayminus": plain_numbers(values - whiskers[0]),
            "color": blend(colour, theme.background, 0.6),
            "thickness": 1.4,
            "width": 0,
        }
    return trace


def _uncertainty(
    places: np.ndarray, interval: tuple[np.ndarray, np.ndarray] | None, theme: Theme
) -> list[dict[str, Any]]:
    """Return the interval as one band, closed along its upper end and back along its lower end."""
    if interval is None:
        return []
    known = np.isfinite(interval[0]) & np.isfinite(interval[1])
    x, low, high = places[known], interval[0][known], interval[1][known]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*x.tolist(), *x[::-1].tolist()],
            "y": [*high.tolist(), *low[::-1].tolist()],
            "fill": "toself",
            "fillcolor": blend(theme.categories[0], theme.background, 0.18),
            "line": {"width": 0, "color": blend(theme.categories[0], theme.background, 0.18)},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _chance(places: np.ndarray, null: np.ndarray, theme: Theme) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": plain_numbers(places),
        "y": plain_numbers(null),
        "line": {"color": theme.muted, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _at_end(values: np.ndarray, text: str, theme: Theme) -> dict[str, Any]:
    """Label a line at its right end."""
    known = np.flatnonzero(np.isfinite(values))
    last = int(known[-1]) if known.size else 0
    return {
        "text": text,
        "x": 1,
        "y": float(values[last]) if known.size else 0.0,
        "xref": "paper",
        "yref": "y",
        "xanchor": "left",
        "yanchor": "middle",
        "xshift": 2,
        "showarrow": False,
        "font": {"size": 11, "color": theme.muted},
    }
