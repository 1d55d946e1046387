"""Which heads look back to the last time, and which to the token before? Scores of attention patterns.

Olsson et al., "In-context learning and induction heads", 2022 (arXiv 2209.11895).
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def prefix_matching(
    pattern: Float[ndarray, "*head batch query key"],
    period: Int[ndarray, " batch"],
    *,
    first: int = 0,
) -> Float[ndarray, "*head"]:
    """Return how much attention goes to what followed the present token in earlier rounds, from 0 to 1.

    Strings of different tokens go round with a ``period`` from position ``first`` on, after special tokens.
    The mean is over every position whose token stood there before; the weight on the tokens behind all its
    earlier places is added up. That weight is what an induction head needs.

    >>> pattern = np.zeros((1, 6, 6)); pattern[0, [3, 4, 5], [1, 2, 3]] = 1
    >>> float(prefix_matching(pattern, np.array([3])))
    1.0
    """
    place = np.arange(pattern.shape[-1])
    back = place[:, None] - place + 1
    rounds = period[:, None, None]
    followed = (back % rounds == 0) & (back > 0) & (place > first)
    again = place >= first + period[:, None]
    return _mean_weight(pattern, followed, again)


def previous_token(
    pattern: Float[ndarray, "*head batch query key"], *, first: int = 0
) -> Float[ndarray, "*head"]:
    """Return how much attention goes to the token before the present one, from 0 to 1.

    The mean is over every position that has one, from position ``first`` + 1 on.
    """
    place = np.arange(pattern.shape[-1])
    before = (place[:, None] - place == 1)[None]
    return _mean_weight(pattern, before, (place > first)[None])


def _mean_weight(pattern: ndarray, looked_for: ndarray, counted: ndarray) -> ndarray:
    """Return the weight on the keys looked for [batch query key], as a mean over queries [batch query]."""
    weight = (pattern * looked_for).sum(-1)
    counted = np.broadcast_to(counted, weight.shape[-2:])
    return (weight * counted).sum((-2, -1)) / counted.sum()
