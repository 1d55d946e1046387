"""The plane of two components: equal scale on both axes, so that distances can be compared."""

from typing import Any

import numpy as np

from neuronscope.views.cut import Cut
from neuronscope.views.frame import axis_layout, number_ticks
from neuronscope.views.labels import escaped
from neuronscope.views.theme import Theme

SIDE = 460
Span = tuple[float, float]


def plane_axes(layout: dict[str, Any], cut: Cut, theme: Theme, x: np.ndarray, y: np.ndarray) -> None:
    """Give a layout the two axes of a plane that holds all points, at equal scale and with few ticks."""
    components = cut.axes[1]
    for i, (name, span) in enumerate(zip(("xaxis", "yaxis"), _spans(x, y), strict=True)):
        label = components.labels[i] if i < components.size else ""
        title = label if components.numbers is None else f"component {label}" if label else ""
        if i == 0 and components.size > 2:
            title = f"{title}; {components.size} components in all"
        places, texts = number_ticks(*span, most=5)
        layout[name] = axis_layout(
            theme,
            title,
            span=span,
            tickmode="array",
            tickvals=places,
            ticktext=texts,
            showgrid=True,
            gridcolor=theme.hairline,
        )
    layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
    layout["xaxis"] |= {"constrain": "domain", "constraintoward": "left"}


def two_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first two components of each row; zeros for a second that is not there."""
    if values.shape[1] == 0:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    return values[:, 0], values[:, 1] if values.shape[1] > 1 else np.zeros(len(values))


def corner(text: str, theme: Theme) -> dict[str, Any]:
    """Write a count into the lower right corner of the plot."""
    return {
        "text": escaped(text),
        "x": 1,
        "y": 0,
        "xref": "x domain",
        "yref": "y domain",
        "xanchor": "right",
        "yanchor": "bottom",
        "xshift": -4,
        "yshift": 3,
        "showarrow": False,
        "font": {"size": 10.5, "color": theme.muted},
    }


def _spans(x: np.ndarray, y: np.ndarray) -> tuple[Span, Span]:
    """Return spans of equal length round the finite points."""
    ends = []
    for values in (x, y):
        known = values[np.isfinite(values)]
        ends.append((float(known.min()), float(known.max())) if known.size else (0.0, 1.0))
    half = max(high - low for low, high in ends) * 0.56 or 1.0
    first, second = ((low + high) / 2 for low, high in ends)
    return (first - half, first + half), (second - half, second + half)
