"""Do two ways of scoring the same things agree on which come first, and more than chance would?"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import kendalltau

from neuronscope.words import BadInput


def kendall(scores: Any) -> Float[np.ndarray, "item other"]:
    """Return Kendall's tau-b of each way of scoring with each: concordant less discordant pairs, ties apart.

    NaN for a way that gives everything one score. (Kendall 1945.)
    """
    ways = _ways(scores)
    found = np.full((len(ways), len(ways)), np.nan)
    for one in range(len(ways)):
        for other in range(one, len(ways)):
            found[one, other] = found[other, one] = kendalltau(ways[one], ways[other])[0]
    return found


def top_overlap(scores: Any, k: int) -> Float[np.ndarray, "item other"]:
    """Return the share of the k largest by magnitude that two ways of scoring have in common.

    Ties go to the earlier thing. Raises `BadInput` where there are fewer than k things.
    """
    best = _best(scores, k)
    return (best[:, None] & best[None]).sum(-1) / k


def overlap_null(n: int, k: int, *, n_prompts: int, n_resamples: int = 2000, seed: int = 0) -> np.ndarray:
    """Return what chance makes of the mean overlap over prompts: two sets of k of n drawn independently.

    Its mean is k / n; the number in common is hypergeometric in each prompt.
    """
    rng = np.random.default_rng(seed)
    return rng.hypergeometric(k, n - k, k, size=(n_resamples, n_prompts)).mean(1) / k


def sign_agreement(scores: Any, k: int) -> Float[np.ndarray, "item other"]:
    """Return how often two ways give one sign, over what either of them has among its k largest."""
    ways, best = _ways(scores), _best(scores, k)
    either = best[:, None] | best[None]
    same = np.sign(ways)[:, None] == np.sign(ways)[None]
    return (either & same).sum(-1) / either.sum(-1)


def mean_height(curve: Any, share: Any) -> Any:
    """Return the mean height of a curve over the share of things changed, from 0 to 1, by trapezoids.

    ``curve`` has its points along the last axis; ``share`` are where they lie.

    >>> float(mean_height([1.0, 0.0], [0.0, 1.0]))
    0.5
    """
    return np.trapezoid(np.asarray(curve, dtype=float), np.asarray(share, dtype=float), axis=-1)


def _best(scores: Any, k: int) -> np.ndarray:
    ways = np.abs(_ways(scores))
    if not 1 <= k <= ways.shape[1]:
        raise BadInput(f"The {k} largest of {ways.shape[1]} cannot be taken; k runs from 1 to their number.")
    best = np.zeros(ways.shape, dtype=bool)
    np.put_along_axis(best, np.argsort(-ways, axis=1, kind="stable")[:, :k], values=True, axis=1)
    return best


def _ways(scores: Any) -> np.ndarray:
    ways = np.asarray(scores, dtype=float)
    if ways.ndim != 2 or ways.shape[1] < 2:
        raise BadInput(f"Agreement needs rows of two scores or more, not the shape {list(ways.shape)}.")
    return ways
