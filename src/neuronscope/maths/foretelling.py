"""Can an outcome be told before it is known? A score learnt on some prompts, tried on others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from neuronscope.maths.resampling import Interval
from neuronscope.maths.separation import auroc, auroc_interval
from neuronscope.maths.separation.directions import cross_fitted, direction_of, scores_along
from neuronscope.maths.significance import rank_p


@dataclass(frozen=True)
class Foretold:
    """A score of new prompts, higher where the outcome is likelier, and how well it told known ones apart.

    ``weight`` is over the numbers that foretell, each in standard deviations over the known prompts, of
    length 1 together. ``held_out`` is the AUROC of known prompts that were held out, with its interval, and
    ``p`` how seldom outcomes that are dealt anew are told apart as well.
    """

    score: Float[np.ndarray, " prompt"]
    weight: Float[np.ndarray, " item"]
    held_out: Interval
    p: float


def foretold(
    known: Any,
    outcome: Any,
    new: Any,
    *,
    folds: Int[np.ndarray, " prompt"],
    dealt_anew: Bool[np.ndarray, "cell prompt"],
) -> Foretold:
    """Return how new prompts score along the ridge logistic direction that known outcomes give.

    ``known`` and ``new`` are over prompt and item, what foretells; each item is brought to mean 0 and
    deviation 1 over the known prompts, an item that never varies to 0. ``folds`` says in which part each
    known prompt is held out, and ``dealt_anew`` are their outcomes as chance deals them within the folds.
    """
    rows, fresh = (np.atleast_2d(np.asarray(values, dtype=float)) for values in (known, new))
    has = np.asarray(outcome, dtype=bool)
    middle, spread = rows.mean(0), rows.std(0)
    rows, fresh = (
        np.divide(values - middle, spread, out=np.zeros_like(values), where=spread > 0)
        for values in (rows, fresh)
    )
    scores = cross_fitted(rows, np.concatenate([has[None], dealt_anew]), folds, "logistic").score
    told = within_folds(scores, np.concatenate([has[None], dealt_anew]), folds)
    direction = direction_of(rows, has, "logistic")
    return Foretold(
        score=scores_along(fresh, direction, np.zeros_like(direction))[0],
        weight=direction[0],
        held_out=auroc_interval(scores[0], has, strata=folds, cross_fitted=True),
        p=float(rank_p(told[0], told[1:], tail="above")) if len(dealt_anew) else np.nan,
    )


def within_folds(score: Any, outcome: Any, folds: Int[np.ndarray, " prompt"]) -> Float[np.ndarray, " cell"]:
    """Return the AUROC of each row of scores, prompts of one fold compared among themselves, then averaged.

    Scores of different folds come from different directions, and their zero points need not agree.
    """
    parts = [folds == fold for fold in np.unique(folds)]
    pairs = np.stack([outcome[:, one].sum(1) * (~outcome[:, one]).sum(1) for one in parts]).astype(float)
    told = np.stack([np.nan_to_num(auroc(score[:, one], outcome[:, one])) for one in parts])
    return (told * pairs).sum(0) / pairs.sum(0)


def auroc_p(score: Any, outcome: Any, *, n_null: int, seed: int = 0) -> float:
    """Return how seldom outcomes that are dealt anew among prompts are told apart as well by a score.

    NaN without draws, and where all outcomes are alike.
    """
    has = np.asarray(outcome, dtype=bool)
    if not n_null or has.all() or not has.any():
        return float("nan")
    rng = np.random.default_rng(seed)
    dealt = rng.permuted(np.repeat(has[None], n_null, axis=0), axis=1)
    # Equal areas may differ in their last bits by the order of the sum.
    return float(rank_p(auroc(score, has) - 1e-12, auroc(score, dealt), tail="above"))
