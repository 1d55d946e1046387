"""What is measured, and how good must it be?"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bound:
    """One figure to reach: at most ``must``, or at least, in a unit."""

    key: str
    name: str
    must: float
    unit: str
    at_least: bool = False

    def met(self, measured: float) -> bool:
        """Say whether a number reaches it."""
        return measured >= self.must if self.at_least else measured <= self.must


@dataclass(frozen=True)
class Found:
    """What came out for one bound, how it was taken, and numbers beside it."""

    bound: Bound
    measured: float
    how: str
    load: float
    beside: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "key": self.bound.key,
            "name": self.bound.name,
            "must": self.bound.must,
            "at_least": self.bound.at_least,
            "measured": self.measured,
            "unit": self.bound.unit,
            "met": self.bound.met(self.measured),
            "how": self.how,
            "load": self.load,
            "beside": self.beside,
        }


BOUNDS = {
    bound.key: bound
    for bound in (
        Bound("paint.home", "first interactive paint, Home", 1.5, "s"),
        Bound("paint.lab", "first interactive paint, Prompt lab", 1.5, "s"),
        Bound("script", "JavaScript until the first page is interactive", 300, "KB gzip"),
        Bound("script.lazy", "files of plotly or three among them", 0, "files"),
        Bound("heat", "heat map of 1,024² cells", 50, "ms"),
        Bound("scatter", "scatter of 36,864 points", 50, "ms"),
        Bound("brain.small", "3D view, 12 × 3,072 neurons", 10, "frames/s", at_least=True),
        Bound("brain.large", "3D view, 4 million neurons", 3, "frames/s", at_least=True),
        Bound("stream.ingested", "full-width stream into the page", 100, "tokens/s", at_least=True),
        Bound("stream.pace", "stream over HTTP against plain generation", 1.0, "ratio", at_least=True),
        Bound("frame", "frame of 36,864 neurons in int8", 40, "KB"),
        Bound("slice.median", "what a slice costs beyond a bare reply, median", 5, "ms"),
        Bound("slice.p99", "the same, 99th percentile", 5, "ms"),
        Bound("clients.p99", "50 clients while a job runs, 99th percentile", 250, "ms"),
        Bound("clients.errors", "replies that failed among them", 0, "replies"),
    )
}
BROWSED = ("paint.home", "paint.lab", "script", "script.lazy", "heat", "scatter")
BROWSED += ("brain.small", "brain.large", "stream.ingested")
"""Figures that only a browser can give."""
