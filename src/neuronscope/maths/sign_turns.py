"""Could a sum over prompts be chance? The law of the sum under all turns of sign, from its moments alone."""

from typing import Any

import numpy as np
from scipy.special import log_ndtr

_TWO = np.log(2.0)


def turned_sum_p(total: Any, sizes: Any, squares: Any) -> Any:
    """Return the two-sided p of sums over prompts where each prompt's value could as well be turned.

    ``total`` is Σx, ``sizes`` Σ|x|, ``squares`` Σx², arrays of one shape, so that no value need be kept.
    Under all turns the sum has mean 0 and variance Σx², and is taken as normal; p is never less than what all
    turns of (Σ|x|)²/Σx² equal values could give, which is what a few large values amount to. 1 where every
    value is 0. (Fisher 1935; for the tail, Pinelis 1994.)

    >>> turned_sum_p([4.0, 30.0], [4.0, 100.0], [4.0, 100.0]).round(4).tolist()
    [0.125, 0.0027]
    """
    found, size, square = (np.asarray(one, dtype=float) for one in (total, sizes, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(found) / np.sqrt(square)
        n_equal = size**2 / square
        log_p = np.maximum(_TWO + log_ndtr(-z), _TWO * (1.0 - n_equal))
    p = np.where(square > 0, np.minimum(1.0, np.exp(log_p)), 1.0)
    return np.where(np.isnan(found), np.nan, p)
