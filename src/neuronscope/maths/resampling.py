"""How sure is a number that was measured on some prompts and not on others? Intervals by the prompt."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from neuronscope.words import BadInput

N_RESAMPLES = 2000
_HELD = 2**22


class Interval(NamedTuple):
    """An estimate with the lower and the upper end of its interval, all of one shape."""

    estimate: Any
    low: Any
    high: Any


def wilson_interval(
    n_right: Any, n: Any, *, confidence: float = 0.95
) -> tuple[Float[np.ndarray, "*axes"], Float[np.ndarray, "*axes"]]:
    """Return the lower and upper end of Wilson's interval of a share, for one count or an array of them.

    Where ``n`` is 0 nothing is known, and the interval is 0 to 1. Raises ``BadInput`` where a count is
    negative or above its ``n``, and for a confidence that is not between 0 and 1. (Wilson 1927, eq. 4.)

    >>> low, high = wilson_interval(8, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.4902, 0.9433)
    """
    right, total = np.broadcast_arrays(np.asarray(n_right, dtype=float), np.asarray(n, dtype=float))
    if (right < 0).any() or (right > total).any():
        raise BadInput("Right answers are counted from 0 to the number of prompts; check the two counts.")
    z = _quantile(confidence)
    share = np.divide(right, total, out=np.full(right.shape, 0.5), where=total > 0)
    middle = share * total + z * z / 2
    spread = z * np.sqrt(share * (1 - share) * total + z * z / 4)
    low, high = (middle - spread) / (total + z * z), (middle + spread) / (total + z * z)
    # The ends are exact where every prompt agrees; rounding must not move them.
    low = np.where(right == 0, 0.0, low)
    high = np.where(right == total, 1.0, high)
    return low, high


def bootstrap_interval(
    values: Any,
    *,
    statistic: Callable[[np.ndarray], Any] = lambda rows: rows.mean(0),
    n_resamples: int = N_RESAMPLES,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[Any, Any]:
    """Return the lower and upper end of the percentile bootstrap of a statistic over prompts.

    ``values`` has the prompts along its first axis; whole rows are drawn with replacement, so numbers of one
    prompt stay together. ``statistic`` takes rows to a number or an array, the mean over prompts unless told
    otherwise. NaN in a resample counts for nothing. Raises ``BadInput`` without a prompt, and for a
    confidence that is not between 0 and 1. (Efron 1979.)

    >>> low, high = bootstrap_interval([0.0, 1.0, 1.0, 1.0])
    >>> float(low), float(high)
    (0.25, 1.0)
    """
    rows = np.asarray(values, dtype=float)
    if rows.ndim == 0 or not len(rows):
        raise BadInput("An interval needs at least one prompt, but there are no values.")
    _quantile(confidence)
    rng = np.random.default_rng(seed)
    drawn = np.stack([statistic(rows[rng.integers(len(rows), size=len(rows))]) for _ in range(n_resamples)])
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return low, high


def mean_interval(
    values: Any, *, axis: int = 0, n_resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Return the mean over prompts and its bootstrap interval, for every entry of the other axes at once.

    The prompts lie along ``axis``; whole prompts are drawn with replacement, the same for all entries, and
    the ends are corrected for bias and skewness (BCa, Efron 1987). One prompt alone says nothing of others:
    its ends are NaN, as are those of entries that hold NaN. Raises `BadInput` without a prompt.

    >>> found = mean_interval([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]])
    >>> found.estimate.tolist(), float(found.low[1]), float(found.high[1])
    ([2.0, 5.0], 5.0, 5.0)
    """
    rows = np.asarray(values, dtype=float)
    if rows.ndim == 0 or not rows.shape[axis]:
        raise BadInput("An interval needs at least one prompt, but there are no values.")
    _quantile(confidence)
    rows = np.moveaxis(rows, axis, 0)
    shape, rows = rows.shape[1:], rows.reshape(len(rows), -1)
    n_prompts = len(rows)
    estimate = rows.mean(0)
    ends = np.full((2, rows.shape[1]), np.nan)
    if n_prompts > 1:
        drawn = np.random.default_rng(seed).integers(n_prompts, size=(n_resamples, n_prompts))
        weight = np.stack([np.bincount(row, minlength=n_prompts) for row in drawn]) / n_prompts
        size = max(1, _HELD // n_resamples)
        for start in range(0, rows.shape[1], size):
            part = slice(start, start + size)
            ends[:, part] = _corrected_ends(rows[:, part], weight, confidence)
    return Interval(*(part.reshape(shape) for part in (estimate, *ends)))


def _corrected_ends(rows: np.ndarray, weight: np.ndarray, confidence: float) -> np.ndarray:
    """Return the BCa ends of the means of some columns, given how often each draw takes each prompt."""
    middle = rows.mean(0)
    off = rows - middle
    squares = (off**2).sum(0)
    # Taken about the mean, so that a column of one value is drawn without rounding.
    means = np.sort(weight @ off, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(squares > 0, (off**3).sum(0) / (6 * squares**1.5), 0.0)
        below = ((means < 0).mean(0) + (means <= 0).mean(0)) / 2
        bias = ndtri(np.clip(below, 1 / (2 * len(means)), 1 - 1 / (2 * len(means))))
        tail = (1 - confidence) / 2
        z = bias + ndtri([[tail], [1 - tail]])
        place = ndtr(bias + z / (1 - skew * z)) * (len(means) - 1)
    place = np.where(np.isnan(place), 0.0, place)
    lower = np.floor(place).astype(int)
    upper = np.minimum(lower + 1, len(means) - 1)
    share = place - lower
    first, second = np.take_along_axis(means, lower, 0), np.take_along_axis(means, upper, 0)
    return middle + np.where(np.isnan(squares), np.nan, first * (1 - share) + second * share)


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise BadInput(f"confidence={confidence} is no share; give a number between 0 and 1, such as 0.95.")
    return NormalDist().inv_cdf(0.5 + confidence / 2)
