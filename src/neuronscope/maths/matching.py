"""Does each prompt go with its own condition better than with others'? A test by matching anew."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from neuronscope.maths.significance import N_RESAMPLES, rank_p


class Matched(NamedTuple):
    """The value of each row with its own condition, the mean with others', and the p of the excess."""

    own: Float[ndarray, " row *axes"]
    null: Float[ndarray, "*axes"]
    p: Float[ndarray, "*axes"]


def matched(
    values: Float[ndarray, "row other *axes"],
    *,
    alike: Bool[ndarray, "row other"] | None = None,
    n_resamples: int | None = None,
    seed: int = 0,
) -> Matched:
    """Compare the diagonal of ``values`` with what rows get by the conditions of other rows.

    ``alike`` tells which others' conditions are partly the row's own; these do not enter the null. p is
    one-sided: how often the mean over a random one-to-one matching of rows and conditions is as large. It
    is exact where rows and conditions are matched at random (a permutation test), alike ones included. Left
    out, ``n_resamples`` is 2000 or more, so that one entry among all can stand a correction for their number.
    """
    n_resamples = n_resamples or enough_for(values[0, 0].size)
    n_rows = len(values)
    places = np.arange(n_rows)
    same = np.eye(n_rows, dtype=bool) if alike is None else alike | np.eye(n_rows, dtype=bool)
    other = values[~same] if (~same).any() else np.full((1, *values.shape[2:]), np.nan)
    own = values[places, places]
    drawn = permuted_means(values, n_resamples=n_resamples, seed=seed)
    # Sums in another order differ in their last bits and must count as equal.
    p = rank_p(own.mean(0) - 1e-9, drawn, tail="above")
    return Matched(own, other.mean(0), np.asarray(p))


def enough_for(n_entries: int, level: float = 0.05) -> int:
    """Return how many resamples let one entry of so many come below a level once p are corrected for all.

    >>> enough_for(1000)
    20000
    """
    return max(N_RESAMPLES, round(n_entries / level))


def permuted_means(
    values: Float[ndarray, "row other *axes"], *, n_resamples: int = 2000, seed: int = 0
) -> Float[ndarray, " trial *axes"]:
    """Return means over rows of ``values[row, other]`` for random one-to-one matches of rows and others."""
    n_rows = len(values)
    flat = np.ascontiguousarray(values).reshape(n_rows * n_rows, -1)
    rng = np.random.default_rng(seed)
    rows = np.arange(n_rows) * n_rows
    found = np.empty((n_resamples, flat.shape[1]))
    for draw in range(n_resamples):
        found[draw] = flat[rows + rng.permutation(n_rows)].mean(0)
    return found.reshape(n_resamples, *values.shape[2:])
