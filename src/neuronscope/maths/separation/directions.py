"""Along which direction do two groups of prompts part? Fitted on some of the prompts, tried on the others."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from neuronscope.words import BadInput

Method = Literal["mean_difference", "shrunken_lda", "logistic"]
_STEPS = 500
_NEAR = 1e-6


class CrossFit(NamedTuple):
    """The score of each prompt along a direction that was found without it, for each set of labels.

    Scores count from the middle between the means of the two groups. ``agreement`` is the mean cosine of the
    directions of two folds, NaN where one has no length.
    """

    score: Float[np.ndarray, "cell prompt"]
    agreement: Float[np.ndarray, " cell"]


def direction_of(
    rows: Any, labels: Any, method: Method, *, through: Any = None
) -> Float[np.ndarray, "cell width"]:
    """Return the direction of length 1 from the prompts without a label to those with it, for each labelling.

    ``rows`` are over prompt and width, ``labels`` over cell (one labelling each) and prompt.
    ``mean_difference`` is the difference of the two means; ``shrunken_lda`` that difference over the
    covariance, which is shrunk towards a sphere as Ledoit and Wolf (2004) do; ``logistic`` maximises the
    likelihood less half the squared length times the mean squared distance of rows from their mean. The
    covariance is that of all prompts: with a ridge it gives the same direction as that within the groups.
    Where ``through`` gives some directions, over item and width, rows are seen through these alone, and the
    direction is put together from them. Zeros where the groups do not differ. A rotation of the rows rotates
    the direction. Raises `BadInput` where all prompts of a labelling are alike.
    """
    values, has = np.asarray(rows, dtype=float), np.atleast_2d(np.asarray(labels, dtype=bool))
    seen = values if through is None else values @ np.asarray(through, dtype=float).T
    _check(seen, has)
    weights = _weights(seen - seen.mean(0), has, method)
    found = weights if through is None else weights @ np.asarray(through, dtype=float)
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.divide(found, length, out=np.zeros_like(found), where=length > 0)


def cross_fitted(
    rows: Any, labels: Any, folds: Int[np.ndarray, " prompt"], method: Method, *, through: Any = None
) -> CrossFit:
    """Return how each prompt scores along the direction that the prompts of all other folds give."""
    values, has = np.asarray(rows, dtype=float), np.atleast_2d(np.asarray(labels, dtype=bool))
    score, found = np.empty(has.shape), []
    for fold in np.unique(folds):
        out = folds == fold
        direction = direction_of(values[~out], has[:, ~out], method, through=through)
        score[:, out] = scores_along(values[out], direction, middle_of(values[~out], has[:, ~out]))
        found.append(direction)
    # The squared length of a sum of unit vectors holds each product of two of them twice.
    n = len(found)
    agreement = (np.square(np.sum(found, axis=0)).sum(-1) - n) / (n * (n - 1))
    whole = np.min([np.abs(one).max(-1) for one in found], axis=0) > 0
    return CrossFit(score, np.where(whole, agreement, np.nan))


def middle_of(rows: Any, labels: Any) -> Float[np.ndarray, "cell width"]:
    """Return the point halfway between the means of the two groups, for each labelling."""
    has = np.atleast_2d(np.asarray(labels)).astype(float)
    values = np.asarray(rows, dtype=float)
    return ((has / has.sum(1, keepdims=True)) + (1 - has) / (1 - has).sum(1, keepdims=True)) @ values / 2


def scores_along(rows: Any, direction: Any, middle: Any) -> Float[np.ndarray, "cell prompt"]:
    """Return how far each prompt lies along each direction, counted from its middle."""
    return direction @ np.asarray(rows, dtype=float).T - (direction * middle).sum(-1, keepdims=True)


def dealt(label: Any, n_folds: int, *, groups: Any = None, seed: int = 0) -> Int[np.ndarray, " prompt"]:
    """Return in which part each prompt is held out; each part has its share of either kind.

    Prompts of one group, where these are given, are held out together. Raises `BadInput`, with the counts,
    where either kind has fewer prompts than there are parts, or where there are fewer groups.
    """
    has = np.asarray(label, dtype=bool)
    fewest = int(min(has.sum(), (~has).sum()))
    if fewest < n_folds:
        raise BadInput(
            f"{int(has.sum())} prompts have the label and {int((~has).sum())} have not, but {n_folds} folds "
            f"need {n_folds} of each: ask more prompts, a task that the model gets partly right, or fewer "
            "folds."
        )
    if groups is None:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
        if len(set(groups)) < n_folds:
            raise BadInput(f"{len(set(groups))} groups cannot be dealt to {n_folds} folds: ask fewer folds.")
    found = np.empty(len(has), dtype=int)
    for fold, (_, out) in enumerate(splitter.split(np.zeros(len(has)), has, groups)):
        found[out] = fold
    return found


def shuffled_labels(label: Any, within: Any, n: int, *, seed: int = 0) -> Bool[np.ndarray, "cell prompt"]:
    """Return the labels ``n`` times over, dealt out anew among the prompts of each part.

    Folds that were dealt by the labels stay as fair a deal for each of these, so that p-values are exact.
    """
    rng, parts = np.random.default_rng(seed), np.asarray(within)
    found = np.repeat(np.asarray(label, dtype=bool)[None], n, axis=0)
    for part in np.unique(parts):
        own = np.flatnonzero(parts == part)
        found[:, own] = rng.permuted(found[:, own], axis=1)
    return found


def _weights(rows: np.ndarray, has: np.ndarray, method: str) -> np.ndarray:
    """Return the direction of each labelling at any length, found along the axes of the rows themselves."""
    left, size, axes = np.linalg.svd(rows, full_matrices=False)
    kept = size > _NEAR * max(size[0], 1e-300) if len(size) else np.zeros(0, dtype=bool)
    places, size, axes = left[:, kept] * size[kept], size[kept], axes[kept]
    if not kept.any():
        return np.zeros((len(has), rows.shape[1]))
    if method == "logistic":
        return _logistic(places, size, has.astype(float)).T @ axes
    share = has / has.sum(1, keepdims=True) - ~has / (~has).sum(1, keepdims=True)
    found = share @ places
    if method == "shrunken_lda":
        shrink = ledoit_wolf_shrinkage(rows, assume_centered=True)
        spread = size**2 / len(rows)
        found = found / ((1 - shrink) * spread + shrink * spread.sum() / rows.shape[1])
    elif method != "mean_difference":
        raise BadInput(f"method is {method!r}, but must be one of {', '.join(get_args(Method))}.")
    return found @ axes


def _logistic(places: np.ndarray, size: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Return the ridge logistic weights of every labelling at once.

    The curvature of a logistic likelihood is nowhere above a quarter of that of least squares, so steps by
    that bound always climb (Böhning and Lindsay 1988); along the axes of the rows they need no matrix.
    """
    ridge = (size**2).sum() / len(places)
    bound = (size**2 / 4 + ridge)[:, None]
    weights, offset = np.zeros((len(size), len(has))), np.zeros(len(has))
    for _ in range(_STEPS):
        wrong = has.T - expit(places @ weights + offset)
        step = (places.T @ wrong - ridge * weights) / bound
        weights += step
        offset += 4 * wrong.mean(0)
        if np.abs(step).max() <= _NEAR * max(np.abs(weights).max(), 1e-300):
            break
    return weights


def _check(rows: np.ndarray, has: np.ndarray) -> None:
    if rows.ndim != 2 or len(rows) != has.shape[1]:
        raise BadInput(f"{has.shape[1]} labels need as many rows, not the shape {list(rows.shape)}.")
    n_with = has.sum(1)
    if (n_with == 0).any() or (n_with == has.shape[1]).any():
        raise BadInput(
            f"{int(n_with[0])} of {has.shape[1]} prompts have the label: a direction needs some with it and "
            "some without."
        )
