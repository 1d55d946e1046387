"""Correctness direction: does the model's state tell, along some direction, that its answer will be right?"""

from typing import Any, cast

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.represented.outcomes import Outcomes, answer_directions, outcomes_of
from neuronscope.instruments.represented.states import represented
from neuronscope.maths.separation import auroc, auroc_interval
from neuronscope.maths.separation.directions import (
    Method,
    cross_fitted,
    dealt,
    direction_of,
    middle_of,
    scores_along,
    shuffled_labels,
)
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput, Seed
from neuronscope.words.second_order import (
    DirectionLabel,
    DirectionMethod,
    FoldCount,
    FoldGroups,
    PermutationCount,
    RepresentationPrompts,
)

_COVARIATES = ("n_tokens", "operand_size")
_STRATA = 5


@analysis(kind="profile", cites="delong1988comparing ledoit2004wellconditioned")
def correctness_direction(  # noqa: PLR0913 - what is told apart, how, and what it is held against
    model: Model,
    representations: Result | None = None,
    task: Task | None = None,
    *,
    method: DirectionMethod = "mean_difference",
    outcome: DirectionLabel = "correct",
    n_folds: FoldCount = 5,
    groups: FoldGroups = "prompt",
    n_permutations: PermutationCount = 200,
    n_prompts: RepresentationPrompts = 64,
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the direction along which states part by whether the answer is right, and try it on other prompts.

    Returns over depth the held-out ``auroc``, how often a prompt with a right answer scores above one with a
    wrong one, each scored along a direction that was found without it, with interval; ``p``, by dealing
    labels out anew before all of this, corrected over the depths; ``in_sample_auroc``, which is what leaving
    nothing out would have shown; and the ``agreement`` of the folds, a mean cosine. ``direction`` over depth
    and width is that of all prompts, of length 1 and towards right answers, zeros where nothing differs;
    ``score`` over prompt and depth is the held-out one. Over item, what else might be read: the
    ``covariate_auroc`` of the length of the prompt and of its largest number alone, with interval, and over
    item and depth the ``adjusted_auroc``, held-out scores compared only among prompts of the same fifth of
    that covariate. ``representations`` is a result of that name; without it prompts of the task, of
    two-digit-arithmetic unless given, are answered first. Raises `BadInput`, with the counts, where one of
    the groups has fewer prompts than there are folds.
    """
    if representations is not None and task is not None:
        raise BadInput(f"Representations bring their own prompts: give them or {task.name!r}, not both.")
    given = representations
    if given is None:
        asked = TASKS["two-digit-arithmetic"] if task is None else task
        given = represented(model, evaluation=None, task=asked, n_prompts=n_prompts, seed=seed)
    told = outcomes_of(given, outcome)
    rows, has, known = told
    if rows.shape[-1] != model.width:
        raise BadInput(
            f"The representations have width {rows.shape[-1]}, but {model.name} has {model.width}: "
            "give those of this model."
        )
    through = answer_directions(model, known) if method == "answer_logits" else None
    way = cast(Method, "logistic" if method == "answer_logits" else method)
    templates = _templates(known) if groups == "template" else None
    folds = dealt(has, n_folds, groups=templates, seed=seed)
    within = folds if templates is None else templates
    labels = np.concatenate([has[None], shuffled_labels(has, within, n_permutations, seed=seed)])
    depths = track(range(rows.shape[1]), "depths")
    found = [cross_fitted(rows[:, depth], labels, folds, way, through=through) for depth in depths]
    whole = np.stack([direction_of(own, has, way, through=through)[0] for own in np.swapaxes(rows, 0, 1)])
    areas = np.stack([auroc(one.score, labels) for one in found], axis=1)
    scores = np.stack([one.score[0] for one in found])
    share = {"units": "1", "n": len(has), "n_unit": "prompts"}
    result = label(
        {"depth": given["depth"].values, "prompt": known["prompt"].values, "item": _covariates(known)}
        | _address(given),
        **_held_out(areas, scores, has, share),
        in_sample_auroc=(
            "depth",
            _in_sample(told, whole),
            {"long_name": "AUROC on the same prompts", **share},
        ),
        agreement=("depth", [one.agreement[0] for one in found], {"long_name": "mean cosine of two folds"}),
        direction=("depth width", whole, {"long_name": f"direction towards {outcome}", "units": "a.u."}),
        score=("prompt depth", scores.T, {"long_name": "held-out score", "units": "a.u."}),
        outcome=("prompt", has, {"long_name": outcome}),
        **_against(known, has, scores, share),
    )
    counts = {"n": len(has), "n_with": int(has.sum()), "n_without": int((~has).sum())}
    return result.assign_attrs(method=method, outcome=outcome, n_unit="prompts", **counts)


def _templates(known: xr.Dataset) -> np.ndarray:
    if "template" not in known:
        raise BadInput(
            "The representations do not say of which template a prompt is: choose groups='prompt'."
        )
    return known["template"].values.astype(str)


def _covariates(known: xr.Dataset) -> list[str]:
    return [name for name in _COVARIATES if name in known]


def _address(given: xr.Dataset) -> dict[str, Any]:
    return {"address": ("depth", given["address"].values)} if "address" in given.coords else {}


def _in_sample(told: Outcomes, whole: np.ndarray) -> np.ndarray:
    """Return what each depth's direction makes of the very prompts that it was found on."""
    own = [
        scores_along(rows, way[None], middle_of(rows, told.has))[0]
        for rows, way in zip(np.swapaxes(told.rows, 0, 1), whole, strict=True)
    ]
    return auroc(np.stack(own), told.has)


def _held_out(
    areas: np.ndarray, scores: np.ndarray, has: np.ndarray, share: dict[str, Any]
) -> dict[str, Any]:
    """Return the area of each depth with its interval, and what shuffled labels gave instead."""
    _, low, high = zip(*(auroc_interval(score, has, cross_fitted=True) for score in scores), strict=True)
    found = {
        "auroc": ("depth", areas[0], {"long_name": "AUROC on held-out prompts", **share}),
        "auroc_low": ("depth", low),
        "auroc_high": ("depth", high),
    }
    if len(areas) > 1:
        p = benjamini_hochberg(rank_p(areas[0], areas[1:], tail="above"))
        words = {"long_name": "p of shuffled labels, corrected over the depths"}
        found |= {"auroc_null": ("depth", areas[1:].mean(0)), "p": ("depth", p, words)}
    return found


def _against(known: xr.Dataset, has: np.ndarray, scores: np.ndarray, share: dict[str, Any]) -> dict[str, Any]:
    """Return what each covariate tells alone, and what the scores tell among prompts alike in it."""
    names = _covariates(known)
    alone, beside = [], []
    for name in names:
        values = known[name].values.astype(float)
        there = ~np.isnan(values)
        edges = np.quantile(values[there], np.arange(1, _STRATA) / _STRATA) if there.any() else []
        fifth = np.searchsorted(np.unique(edges), values[there], side="left")
        alone.append(auroc_interval(values[there], has[there]))
        beside.append(
            [auroc_interval(own[there], has[there], strata=fifth, cross_fitted=True) for own in scores]
        )
    parts = np.array(alone).reshape(-1, 3), np.array(beside).reshape(len(names), len(scores), 3)
    words = [
        ("covariate_auroc", "item", "AUROC of this alone"),
        ("adjusted_auroc", "item depth", "held-out AUROC among prompts alike in this"),
    ]
    found: dict[str, Any] = {}
    for (name, axes, said), values in zip(words, parts, strict=True):
        found[name] = (axes, values[..., 0], {"long_name": said, **share})
        found |= {f"{name}_low": (axes, values[..., 1]), f"{name}_high": (axes, values[..., 2])}
    return found
