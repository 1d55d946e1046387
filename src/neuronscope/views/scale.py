"""The colour scale of a variable: its ends over all slices, zero in the middle where it is signed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.views.labels import escaped, number, shortened
from neuronscope.views.theme import Theme, colour_at, colour_scale

FAR = 3.0  # a value this many times beyond the 99.5th percentile would wash out all others
ENOUGH_TO_CLIP = 400
ROUNDING = 1e-4  # share of the largest size below which a lone negative is rounding, not a sign
LONGEST = 34  # letters above the bar of colours


@dataclass(frozen=True)
class Scale:
    """Ends of a colour scale, whether it is signed, and how many values lie beyond the ends."""

    low: float
    high: float
    signed: bool
    beyond: int
    furthest: float

    def share(self, value: float) -> float:
        """Return how far along the scale a value lies, 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ramp(self, theme: Theme) -> tuple[str, ...]:
        """Return the colours: blue to orange for signed values, else the ramp of magnitudes."""
        return theme.signed if self.signed else theme.magnitude

    def colour(self, value: float, theme: Theme) -> str:
        """Return the colour of a value; the colour of missing data where it is none."""
        return colour_at(self.ramp(theme), self.share(value)) if np.isfinite(value) else theme.missing

    def note(self) -> str:
        """Say how many values the ends clip; empty where none are."""
        if not self.beyond:
            return ""
        values = "1 value lies" if self.beyond == 1 else f"{self.beyond:,} values lie"
        return f"{values} beyond the ends of the scale, the furthest at {number(self.furthest)}"

    def marks(self, theme: Theme, *, title: str) -> dict[str, Any]:
        """Return the colour part of a Plotly trace: scale, ends and a thin bar above the figure."""
        below = "≤ " if self.beyond and self.signed else ""
        above = "≥ " if self.beyond else ""
        bar = {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 0.999,  # at 1, Plotly would widen the margin and push the title off the paper
            "yanchor": "bottom",
            "ypad": 8,
            "xpad": 0,
            "len": 180,
            "lenmode": "pixels",
            "thickness": 8,
            "outlinewidth": 0,
            "ticks": "",
            "tickvals": [self.low, *([0.0] if self.signed else []), self.high],
            "ticktext": [
                below + number(self.low),
                *(["0"] if self.signed else []),
                above + number(self.high),
            ],
            "tickfont": {"size": 10, "color": theme.muted},
            "title": {
                "text": escaped(_short(title)),
                "side": "top",
                "font": {"size": 11, "color": theme.muted},
            },
        }
        return {"colorscale": colour_scale(self.ramp(theme)), "colorbar": bar, "showscale": True}


def _short(title: str) -> str:
    """Return what fits above the bar: a long title without its units."""
    return title if len(title) <= LONGEST else shortened(title.partition(" (")[0], LONGEST)


def is_signed(array: xr.DataArray) -> bool:
    """Say whether zero divides the values: by the attribute ``signed``, else where both signs occur."""
    said = array.attrs.get("signed")
    if said is not None:
        return str(said).lower() in ("1", "true", "yes")
    low, high = _ends(array)
    rounding = ROUNDING * max(abs(low), abs(high))
    return low < -rounding and high > rounding


def scale_of(array: xr.DataArray) -> Scale:
    """Return the colour scale that all slices of a variable share, so that a slider never moves it.

    A few values far beyond all others are clipped, and :meth:`Scale.note` says so.
    """
    values = array.values.astype(float).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return Scale(0.0, 1.0, False, 0, 0.0)
    signed = is_signed(array)
    least, most = _ends(array)
    rounding = ROUNDING * max(abs(least), abs(most))
    positive = least >= -rounding
    sizes = np.abs(values) if signed or positive else values
    high = float(sizes.max())
    if sizes.size >= ENOUGH_TO_CLIP and high > 0:
        usual = float(np.quantile(sizes, 0.995))
        high = usual if 0 < usual < high / FAR else high
    low = -high if signed else least
    if not signed and positive and (low <= high / 2 or low == high):
        low = 0.0
    if high <= low:
        low, high = (-1.0, 1.0) if signed else (low, low + (abs(low) or 1.0))
    outside = values[(values > high) | (values < (low if signed else low - rounding))]
    furthest = float(outside[np.abs(outside).argmax()]) if outside.size else 0.0
    return Scale(low, high, signed, int(outside.size), furthest)


def _ends(array: xr.DataArray) -> tuple[float, float]:
    """Return the smallest and the largest finite value, zeros where there is none."""
    values = array.values[np.isfinite(array.values)] if array.dtype.kind in "biuf" else np.zeros(0)
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
