"""How seldom is the mean of so many values, drawn at random from a known distribution, as far out?"""

from typing import Any

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr

from neuronscope.maths.log_bins import share_beyond

_NORMAL_BELOW = 1e-4  # skewness at which a gamma distribution is a normal one


def effective_size(count: Any, n_units: Any, correlation: Any) -> np.ndarray:
    """Return how many independent values tell as much as ``count`` values in ``n_units`` units.

    ``correlation`` is that of two values of one unit (Kish 1965, equation 5.4).

    >>> float(effective_size(10, 1, 0.0)), float(effective_size(10, 1, 1.0))
    (10.0, 1.0)
    """
    count = np.asarray(count, dtype=float)
    return count / (1 + (count / np.asarray(n_units, dtype=float) - 1) * np.asarray(correlation))


def unit_correlation(error: Any, variance: Any, count: float, n_units: float) -> np.ndarray:
    """Return how much two values of one unit correlate, 0 to 1, from the error of the mean of all values."""
    variance = np.asarray(variance, dtype=float)
    size = count / n_units
    with np.errstate(divide="ignore", invalid="ignore"):
        inflation = np.asarray(error) ** 2 * count / variance
    return np.clip(np.nan_to_num((inflation - 1) / max(size - 1, 1e-9)), 0, 1)


def mean_chance(
    value: Any,
    size: Any,
    mean: Any,
    variance: Any,
    skewness: Any,
    *,
    low: Any = np.nan,
    high: Any = np.nan,
) -> np.ndarray:
    """Return the two-sided p of a mean of ``size`` random values under their distribution's moments.

    The mean of random values is taken to be gamma distributed with its own mean, variance and skewness, or
    normal where it has no skewness (the first terms of its exact distribution). A gamma distribution ends on
    its short side: the tail there is of one that ends no nearer than the values do, which reach from ``low``
    to ``high``. Where the values do not vary at all, p is 1.
    """
    size = np.maximum(np.asarray(size, dtype=float), 1)
    spread = np.sqrt(np.asarray(variance, dtype=float) / size)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (np.asarray(value, dtype=float) - mean) / spread
    skew = np.nan_to_num(np.asarray(skewness, dtype=float)) / np.sqrt(size)
    reach = np.where(skew > 0, np.asarray(mean, dtype=float) - low, np.asarray(high, dtype=float) - mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        short = np.fmin(np.abs(skew), 2 * spread / reach)
    upper, lower = _gamma_tails(far, skew)[0], _gamma_tails(far, np.sign(skew) * short)[1]
    above, below = np.where(skew > 0, (upper, lower), (lower, upper))
    return np.where(spread > 0, np.minimum(2 * np.minimum(above, below), 1), 1.0)


def _gamma_tails(far: Any, skew: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the long and the short tail of a standardised gamma distribution, by its skewness."""
    bent = np.abs(skew) > _NORMAL_BELOW
    shape = 4 / np.where(bent, skew, 1.0) ** 2
    along = np.where(skew > 0, far, -far)
    place = np.maximum(shape + along * np.sqrt(shape), 0)
    long, short = gammaincc(shape, place), gammainc(shape, place)
    return np.where(bent, long, ndtr(-along)), np.where(bent, short, ndtr(along))


def value_chance(value: Any, counts: Any, low: Any, high: Any) -> np.ndarray:
    """Return the two-sided p of a single value, from the histogram [... bin] of all that there are."""
    below, above = share_beyond(counts, value, low, high)
    total = np.maximum(np.asarray(counts).sum(-1), 1)
    return np.minimum(2 * np.maximum(np.minimum(below, above), 1 / (total + 1)), 1)
