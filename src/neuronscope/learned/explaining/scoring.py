"""How well does an explanation tell where a neuron fires? Correlation with what it did, held out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neuronscope.maths.significance import rank_p
from neuronscope.words import BadInput


class Score(NamedTuple):
    """A correlation with its interval over excerpts, the mean that chance gave, and p."""

    estimate: float
    low: float
    high: float
    null: float
    p: float


def pooled_correlation(simulated: Sequence[np.ndarray], actual: Sequence[np.ndarray]) -> float:
    """Return Pearson's correlation over all tokens of all excerpts together.

    A rescaled or shifted simulation scores the same. NaN where either is the same at every token.

    >>> pooled_correlation([np.array([0.0, 1.0])], [np.array([2.0, 5.0])])
    1.0
    """
    return float(_correlation(_sums(simulated, actual).sum(0)))


def scored(
    simulated: Sequence[np.ndarray], actual: Sequence[np.ndarray], *, n_resamples: int = 1000, seed: int = 0
) -> Score:
    """Return the pooled correlation with what the choice of excerpts and chance would make of it.

    The interval is the percentile bootstrap over whole excerpts. Chance deals the simulations out to the
    excerpts anew, each kept whole; p is one-sided: how often that correlates as well. (Bills et al. 2023
    for the score.) Raises `BadInput` where the excerpts differ in number or length.
    """
    sums = _sums(simulated, actual)
    n_excerpts = len(sums)
    estimate = float(_correlation(sums.sum(0)))
    if np.isnan(estimate):
        return Score(*[np.nan] * 5)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n_excerpts, np.full(n_excerpts, 1 / n_excerpts), size=n_resamples)
    drawn = _correlation(weights @ sums)
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    whole = np.concatenate(list(actual))
    dealt = np.stack(
        [np.concatenate([simulated[i] for i in rng.permutation(n_excerpts)]) for _ in range(n_resamples)]
    )
    null = (_standard(dealt) * _standard(whole)).mean(-1)
    p = rank_p(estimate - 1e-12, null, tail="above")
    return Score(estimate, float(low), float(high), float(null.mean()), float(p))


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True))


def _sums(simulated: Sequence[np.ndarray], actual: Sequence[np.ndarray]) -> np.ndarray:
    if not len(actual) or [len(one) for one in simulated] != [len(one) for one in actual]:
        raise BadInput("A score needs excerpts, and a simulated activation for each token of each of them.")
    # Moments are taken about the middle of all tokens, or those of large values would cancel.
    middle = [np.concatenate(list(side)).mean() for side in (simulated, actual)]
    rows = []
    for one, other in zip(simulated, actual, strict=True):
        x, y = np.asarray(one, dtype=float) - middle[0], np.asarray(other, dtype=float) - middle[1]
        rows.append([len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y])
    return np.array(rows)


def _correlation(sums: np.ndarray) -> Any:
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    spread = [n * xx - x * x, n * yy - y * y]
    floor = [1e-12 * n * side for side in (xx, yy)]
    steady = (spread[0] <= floor[0]) | (spread[1] <= floor[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (n * xy - x * y) / np.sqrt(spread[0] * spread[1])
    return np.where(steady, np.nan, np.clip(found, -1, 1))
