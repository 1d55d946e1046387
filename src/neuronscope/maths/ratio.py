"""How sure is a ratio of two sums over the same prompts, such as an effect in parts of what could be had?"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from neuronscope.maths.resampling import Interval
from neuronscope.words import BadInput

_HELD = 2**22


def ratio_interval(
    parts: Any,
    wholes: Float[Any, " prompt"],
    *,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the sum of the parts over the sum of the wholes, and its bootstrap interval over prompts.

    Prompts lie along the first axis of both; ``parts`` may have more axes, which keep their shape. Whole
    prompts are drawn with replacement, the same for all entries, and each draw divides once, so a prompt
    whose whole is near 0 does no harm, as it would to a mean of ratios. The ends are corrected for bias and
    skewness (BCa, Efron 1987). One prompt alone says nothing of others: its ends are NaN. Raises `BadInput`
    without a prompt, and where the wholes do not match or sum to 0.

    >>> found = ratio_interval([1.0, 0.0, 3.0], [2.0, 0.0, 6.0])
    >>> [float(number) for number in found]
    [0.5, 0.5, 0.5]
    """
    rows, whole = np.asarray(parts, dtype=float), np.asarray(wholes, dtype=float)
    if rows.ndim == 0 or not len(rows) or whole.shape != rows.shape[:1]:
        raise BadInput(f"A ratio needs parts and a whole of each prompt, not {rows.shape} and {whole.shape}.")
    total = whole.sum()
    if total == 0 or not 0 < confidence < 1:
        raise BadInput(f"The wholes sum to {total:g}, confidence is {confidence}: no interval of a ratio.")
    shape, rows = rows.shape[1:], rows.reshape(len(rows), -1)
    ratio = rows.sum(0) / total
    ends = np.full((2, rows.shape[1]), np.nan)
    if len(rows) > 1:
        drawn = np.random.default_rng(seed).integers(len(rows), size=(n_resamples, len(rows)))
        weight = np.stack([np.bincount(row, minlength=len(rows)) for row in drawn]).astype(float)
        weight = weight[weight @ whole != 0]  # a draw with nothing to divide by says nothing
        size = max(1, _HELD // n_resamples)
        for start in range(0, rows.shape[1], size):
            part = slice(start, start + size)
            ends[:, part] = _ends(rows[:, part] - ratio[part] * whole[:, None], whole, weight, confidence)
    return Interval(ratio.reshape(shape), *(end.reshape(shape) for end in ratio + ends))


def _ends(off: np.ndarray, whole: np.ndarray, weight: np.ndarray, confidence: float) -> np.ndarray:
    """Return the ends relative to the ratio; ``off`` is what each prompt has beyond it, 0 in all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.sort((weight @ off) / (weight @ whole)[:, None], axis=0)
        # How the ratio moves as one prompt is left out.
        pull = off / (whole.sum() - whole)[:, None]
        pull = pull - pull.mean(0)
        squares = (pull**2).sum(0)
        skew = np.where(squares > 0, (pull**3).sum(0) / (6 * squares**1.5), 0.0)
        below = ((drawn < 0).mean(0) + (drawn <= 0).mean(0)) / 2
        bias = ndtri(np.clip(below, 1 / (2 * len(drawn)), 1 - 1 / (2 * len(drawn))))
        z = bias + ndtri([[(1 - confidence) / 2], [(1 + confidence) / 2]])
        place = ndtr(bias + z / (1 - skew * z))
    place = np.where(np.isfinite(place), place, 0.5) * (len(drawn) - 1)
    lower = np.floor(place).astype(int)
    upper = np.minimum(lower + 1, len(drawn) - 1)
    share = place - lower
    return np.take_along_axis(drawn, lower, 0) * (1 - share) + np.take_along_axis(drawn, upper, 0) * share
