"""Is a criterion met? A number with its interval beside a limit, and the sentence that says so."""

from dataclasses import dataclass

import numpy as np

MET, MISSED, TOLD, ABSENT = "met", "missed", "no limit", "not measured"


@dataclass(frozen=True)
class Finding:
    """One line of a report: what was found, with its 95 % interval, beside what was hoped for."""

    name: str
    status: str
    sentence: str
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    limit: float = np.nan


def absent(name: str, needs: str) -> Finding:
    """Return the line of what was not measured, and what it needs."""
    return Finding(name, ABSENT, f"Not measured: it needs {needs}.")


def told(name: str, sentence: str, ends: tuple[float, float, float]) -> Finding:
    """Return a line that no limit judges; ``ends`` are the estimate and the two ends of its interval."""
    return Finding(name, TOLD, sentence, *ends)


def judged(
    name: str,
    sentence: str,
    ends: tuple[float, float, float],
    *,
    limit: float,
    below: bool,
    more: str = "",
) -> Finding:
    """Return a line that is met where the estimate is on the right side of its limit.

    Where the interval reaches past the limit, or its ends are not known, the sentence says so; ``more``
    follows it.
    """
    value, low, high = ends
    if np.isnan(value):
        return Finding(name, ABSENT, f"Not measured: {sentence}", value, low, high, limit)
    met = value < limit if below else value > limit
    worst, best = (high, low) if below else (low, high)
    side = "below" if below else "above"
    far = "" if met else "not "
    doubt = ""
    if np.isnan(low) or np.isnan(high):
        doubt = ", with no interval"
    elif met and not (worst < limit if below else worst > limit):
        doubt = ", but the interval reaches past it"
    elif not met and (best < limit if below else best > limit):
        doubt = ", though the interval reaches past it"
    status = MET if met else MISSED
    words = (
        f"{status.capitalize()}: {sentence}, {far}{side} {percent(limit)}{doubt}.{' ' + more if more else ''}"
    )
    return Finding(name, status, words, value, low, high, limit)


def percent(value: float) -> str:
    """Return a share in per cent, to three digits.

    >>> percent(0.0512), percent(-0.004)
    ('5.12 %', '−0.4 %')
    """
    return f"{100 * value:.3g} %".replace("-", "−")


def signed(value: float) -> str:
    """Return a number with its sign, to two places.

    >>> signed(0.5), signed(-0.004)
    ('+0.50', '0.00')
    """
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")


def between(low: float, high: float) -> str:
    """Return an interval of shares in words, nothing where its ends are unknown.

    >>> between(0.1, 0.25), between(float("nan"), 1.0)
    (' (95 % interval 10 to 25 %)', '')
    """
    if np.isnan(low) or np.isnan(high):
        return ""
    return f" (95 % interval {percent(low).removesuffix(' %')} to {percent(high)})"
