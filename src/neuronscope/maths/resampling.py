"""How sure is a number that was measured on some prompts and not on others? Intervals by the prompt."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Float

from neuronscope.words import BadInput

N_RESAMPLES = 2000


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


def _quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise BadInput(f"confidence={confidence} is no share; give a number between 0 and 1, such as 0.95.")
    return NormalDist().inv_cdf(0.5 + confidence / 2)
