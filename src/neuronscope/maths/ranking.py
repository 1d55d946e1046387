"""Which come first when several criteria rank the same things? Mean ranks, their chance, their agreement."""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from neuronscope.words import BadInput


def ranks(values: Any) -> Float[np.ndarray, "*axes item"]:
    """Return the place of each value along the last axis: 1 for the largest, equal values share theirs.

    NaN has no place and stays NaN.

    >>> ranks([3.0, 9.0, 3.0]).tolist()
    [2.5, 1.0, 2.5]
    """
    given = np.asarray(values, dtype=float)
    policy = "omit" if np.isnan(given).any() else "propagate"  # the former is slow
    return rankdata(-given, axis=-1, nan_policy=policy)


def mean_ranks(values: Any) -> Float[np.ndarray, "*axes item"]:
    """Return the mean over criteria, the first axis, of the places that they give along the last axis.

    Only the order under each criterion counts, so that its scale is of no matter (Borda 1781). Raises
    `BadInput` without a criterion.
    """
    given = np.asarray(values, dtype=float)
    if given.ndim < 2 or not len(given):
        raise BadInput("Mean ranks need values over criteria and things: give at least one criterion.")
    return ranks(given).mean(0)


def mean_rank_p(mean_rank: Any, n_criteria: int, n_items: int) -> Any:
    """Return how often criteria that have nothing to do with each other give so good a mean rank, or better.

    Exact for places from 1 to ``n_items`` that are drawn evenly and independently for each criterion; a
    shared place counts as the next worse.

    >>> round(float(mean_rank_p(1.0, 2, 10)), 6)
    0.01
    """
    if n_criteria < 1 or n_items < 1:
        raise BadInput(f"There are {n_criteria} criteria over {n_items} things: give at least one of both.")
    ways = np.ones(1)
    for _ in range(n_criteria):
        ways = np.convolve(ways, np.full(n_items, 1 / n_items))
    chance = np.cumsum(ways)  # of a sum of places up to n_criteria, n_criteria + 1, ...
    place = np.ceil(np.asarray(mean_rank, dtype=float) * n_criteria - 1e-9) - n_criteria
    found = np.minimum(chance[np.clip(np.nan_to_num(place), 0, len(chance) - 1).astype(int)], 1.0)
    return np.where(np.isnan(place), np.nan, np.where(place < 0, 0.0, found))


def spearman(values: Any) -> Float[np.ndarray, "*axes item other"]:
    """Return how far each pair of criteria, the first axis, ranks the last axis alike: −1 to 1.

    Pearson's correlation of the places; NaN where a criterion gives all the same value (Spearman 1904).

    >>> spearman([[1.0, 2.0, 3.0], [1.0, 4.0, 9.0]]).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    places = np.moveaxis(ranks(values), 0, -2)
    centred = places - places.mean(-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    unit = np.divide(centred, length, out=np.full_like(centred, np.nan), where=length > 0)
    return unit @ np.swapaxes(unit, -1, -2)


class ResampledSums:
    """Sums over prompts that come in batches, and the same sums over resamples of these prompts.

    How often each resample holds each prompt is drawn at the start with the seed, so that no value is kept
    and the size of the batches is of no matter. ``sums`` gives them, the plain sum first (Efron 1979).
    """

    def __init__(self, n_prompts: int, *, n_resamples: int, seed: int = 0) -> None:
        drawn = np.random.default_rng(seed).multinomial(
            n_prompts, np.full(n_prompts, 1 / n_prompts), size=n_resamples
        )
        self.weights: np.ndarray = np.concatenate([np.ones((1, n_prompts)), drawn.astype(float)])
        self.sums: dict[str, np.ndarray] = {}
        self._seen: dict[str, int] = {}

    def add(self, name: str, values: Any) -> None:
        """Take in the values of the next prompts, which lie along the first axis."""
        rows = np.asarray(values, dtype=float)
        start = self._seen.get(name, 0)
        weights = self.weights[:, start : start + len(rows)]
        if weights.shape[1] != len(rows):
            raise BadInput(f"{name} has more prompts than the {self.weights.shape[1]} that were announced.")
        part = np.tensordot(weights, rows, axes=1)
        self.sums[name] = self.sums[name] + part if name in self.sums else part
        self._seen[name] = start + len(rows)
