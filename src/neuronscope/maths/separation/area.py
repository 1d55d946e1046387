"""How well does a score tell two groups of prompts apart? The area under its ROC curve, and its interval."""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from neuronscope.maths.resampling import Interval, wilson_interval
from neuronscope.words import BadInput


def auroc(score: Any, label: Any) -> Float[np.ndarray, "*axes"]:
    """Return how often a prompt with the label scores above one without: 0.5 tells nothing, 1 everything.

    Prompts lie along the last axis of both, other axes are broadcast; ties count half. NaN where all prompts
    have the label, or none. (Mann and Whitney 1947; Hanley and McNeil 1982.)

    >>> float(auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]))
    0.75
    """
    values, has = np.broadcast_arrays(np.asarray(score, dtype=float), np.asarray(label, dtype=bool))
    n_with = has.sum(-1)
    n_pairs = n_with * (values.shape[-1] - n_with)
    above = (rankdata(values, axis=-1) * has).sum(-1) - n_with * (n_with + 1) / 2
    return np.divide(above, n_pairs, out=np.full(n_pairs.shape, np.nan), where=n_pairs > 0)


def auroc_interval(
    score: Any, label: Any, *, strata: Any = None, cross_fitted: bool = False, confidence: float = 0.95
) -> Interval:
    """Return the AUROC of one score over prompts, with the ends of its interval.

    ``strata`` gives each prompt's group: only prompts of one group are then compared, and groups with fewer
    than two of either kind are left out. The variance is that of DeLong, turned into the number of prompts
    that a share would need for it, whose Wilson interval is taken; so the ends stay within 0 and 1.

    Scores that were ``cross_fitted`` by prompt count with twice that variance: each two prompts meet twice,
    either one held out while the other is learned from, which doubles it where there is nothing to tell
    apart. Where there is much to tell apart, the interval is too wide. (DeLong et al. 1988; Newcombe 2006
    for the share; Bengio and Grandvalet 2004 on cross-fitting.) NaN where there is nothing to compare.
    """
    values, has = np.asarray(score, dtype=float), np.asarray(label, dtype=bool)
    if values.ndim != 1 or values.shape != has.shape:
        raise BadInput(f"One score is compared at a time, a number for each of the {has.size} labels.")
    groups = np.zeros(len(has)) if strata is None else np.asarray(strata)
    parts = [(values[groups == one], has[groups == one]) for one in np.unique(groups)]
    parts = [(own, which) for own, which in parts if min(which.sum(), (~which).sum()) >= 2]
    if not parts:
        return Interval(np.nan, np.nan, np.nan)
    weight = np.array([which.sum() * (~which).sum() for _, which in parts], dtype=float)
    weight /= weight.sum()
    middle = float(weight @ [auroc(own, which) for own, which in parts])
    variance = float(weight**2 @ [_variance(own, which) for own, which in parts]) * (1 + cross_fitted)
    n_with, n_without = (sum(int(kind.sum()) for kind in kinds) for kinds in _kinds(parts))
    worth = middle * (1 - middle) / variance if variance > 0 else float(min(n_with, n_without))
    worth = min(worth, n_with + n_without)
    low, high = wilson_interval(middle * worth, worth, confidence=confidence)
    return Interval(middle, float(low), float(high))


def _kinds(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [which for _, which in parts], [~which for _, which in parts]


def _variance(values: np.ndarray, has: np.ndarray) -> float:
    """Return DeLong's variance: how much single prompts of either kind move the area."""
    every = rankdata(values)
    with_, without = values[has], values[~has]
    above = (every[has] - rankdata(with_)) / len(without)
    below = (every[~has] - rankdata(without)) / len(with_)
    return float(above.var(ddof=1) / len(with_) + below.var(ddof=1) / len(without))
