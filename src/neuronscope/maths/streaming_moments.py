"""What are the mean, spread and shape of numbers that come in parts and are never all there at once?"""

from typing import Any

import numpy as np


def central_sums(count: float, raw: Any, shift: Any) -> np.ndarray:
    """Return the mean and the sums of the 2nd, 3rd and 4th powers about it, from power sums about a shift.

    ``raw`` holds the sums of the first four powers of ``value - shift`` along its first axis.
    """
    first, second, third, fourth = np.asarray(raw, dtype=float) / max(count, 1)
    m2 = second - first**2
    m3 = third - 3 * first * second + 2 * first**3
    m4 = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    return np.stack([shift + first, np.maximum(m2, 0) * count, m3 * count, np.maximum(m4, 0) * count])


def merged_sums(n_a: float, a: np.ndarray, n_b: float, b: np.ndarray) -> np.ndarray:
    """Return the central sums of two parts together, each as `central_sums` gives them.

    The parts may be of any size; an empty one changes nothing (Chan, Golub and LeVeque 1983, up to the
    fourth power Pébay 2008, equations 2.1 and 3.1).
    """
    n = n_a + n_b
    if not n_a or not n_b:
        return b if not n_a else a
    (mean_a, m2_a, m3_a, m4_a), (mean_b, m2_b, m3_b, m4_b) = a, b
    gap = mean_b - mean_a
    step = gap / n
    m2 = m2_a + m2_b + gap * step * n_a * n_b
    m3 = m3_a + m3_b + gap * step**2 * n_a * n_b * (n_a - n_b) + 3 * step * (n_a * m2_b - n_b * m2_a)
    m4 = (
        m4_a
        + m4_b
        + gap * step**3 * n_a * n_b * (n_a**2 - n_a * n_b + n_b**2)
        + 6 * step**2 * (n_a**2 * m2_b + n_b**2 * m2_a)
        + 4 * step * (n_a * m3_b - n_b * m3_a)
    )
    return np.stack([mean_a + step * n_b, m2, m3, m4])


def shapes(count: float, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, variance, skewness and kurtosis (3 where normal) of central sums.

    They are those of the values at hand, divided by their number. Values that are all the same have neither
    skewness nor kurtosis, which are NaN.
    """
    mean, variance = sums[0], sums[1] / count
    spread = np.where(variance > 1e-24 * (mean**2 + 1e-300), variance, np.nan)
    return mean, variance, sums[2] / count / spread**1.5, sums[3] / count / spread**2


def ratio_error(n_units: Any, count: Any, total: Any, squares: Any, products: Any, sizes: Any) -> np.ndarray:
    """Return the standard error of a mean over values that come in units of different sizes.

    The mean is ``total / count``; a unit is what is drawn, such as a stretch of text. ``squares`` is the sum
    over units of (their sum)², ``products`` of their sum times their size, ``sizes`` of their size². NaN
    with fewer than two units (Cochran 1977, equation 6.13).
    """
    mean = np.asarray(total, dtype=float) / np.maximum(count, 1)
    left = np.asarray(squares) - 2 * mean * np.asarray(products) + mean**2 * np.asarray(sizes)
    return unit_error(n_units, count, left)


def unit_error(n_units: Any, count: Any, left: Any) -> np.ndarray:
    """Return the error of `ratio_error` from what is ``left``: the sum of (size · (unit's mean - mean))²."""
    units = np.asarray(n_units, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.maximum(left, 0) * units / (units - 1)) / np.maximum(count, 1)
    return np.where(units > 1, error, np.nan)
