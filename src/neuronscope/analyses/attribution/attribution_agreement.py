"""Attribution agreement: do the methods say the same, and which of them is borne out?"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task, open_task
from neuronscope.instruments.attributing.agreement import Scored, neuron_rankings, token_rankings
from neuronscope.instruments.attributing.doubt import doubted
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.maths.ranking import spearman
from neuronscope.maths.ranking_agreement import kendall, overlap_null, sign_agreement, top_overlap
from neuronscope.maths.ratio import ratio_interval
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, Metric, PairCount, PairPrompt, Seed, TaskSplit, TopK
from neuronscope.words.attribution import (
    AttributedUnits,
    ComparedLayer,
    IntegralSteps,
    OrderCount,
    RandomOrders,
    StandIn,
)


@analysis(kind="matrix", cites="sundararajan2017axiomatic samek2017evaluating")
def attribution_agreement(  # noqa: PLR0913 - each is a choice that the field argues about
    model: Model,
    task: Task | None = None,
    *,
    over: AttributedUnits = "tokens",
    layer: ComparedLayer = -1,
    prompt: PairPrompt = "",
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    baseline: StandIn = "mean",
    metric: Metric = "logit_difference",
    steps: IntegralSteps = 8,
    orders: OrderCount = 3,
    top_k: TopK = 3,
    random_orders: RandomOrders = 3,
    n_prompts: PairCount = 4,
    seed: Seed = 0,
    split: TaskSplit = "unseen",
) -> xr.Dataset:
    """Set attribution methods against one another on the same prompts, and against random orders.

    Returns over item and other, the methods, means over prompts: the ``spearman`` and ``kendall`` correlation
    of their scores, the ``top_overlap`` of their ``top_k`` by size, whose ``top_overlap_null`` is chance
    (hypergeometric), and the ``sign_agreement`` over what either has among these. Saliency, which has no
    sign, is compared by size, and not by sign. Over item, the ``deletion_area`` and ``insertion_area``: the
    mean of the metric while the best are taken away, or brought back, first, from 0 at the baseline to 1 as
    it is on the mean over prompts (−1 where that is below the baseline); beside them that of random orders,
    and p by sign flips of the difference. Intervals are bootstraps and p
    sign flips by the prompt, p corrected over all pairs of methods. Over tokens, or over the neurons of one
    ``layer`` (the last by default) at the last token. The task is ``capital`` by default. Raises ``BadInput``
    where ``top_k`` is more than a prompt has, and for a ``layer`` where tokens are compared.
    """
    if over == "tokens" and layer != -1:
        raise BadInput(
            f"layer={layer} says whose neurons are compared: choose over=neurons, or leave it out."
        )
    pairs = prompt_pairs(
        model,
        task if task is not None or prompt else open_task("capital"),
        prompt=prompt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
        split=split,
    )
    if over == "tokens":
        found = token_rankings(
            model, pairs, metric, baseline, n_steps=steps, n_orders=orders, n_random=random_orders, seed=seed
        )
    else:
        found = neuron_rankings(
            model, pairs, metric, baseline, layer, n_steps=steps, n_random=random_orders, seed=seed
        )
    methods = [name.replace("_", " ") for name in found.methods]
    return label(
        {"item": ("item", methods, {"long_name": "method"}), "other": methods},
        **_compared(found, top_k, seed),
        **_borne_out(found, seed),
    ).assign_attrs(over=over, n=len(pairs), n_unit="prompts", baseline=baseline)


def _compared(found: Scored, top_k: int, seed: int) -> dict[str, tuple[Any, ...]]:
    """Return how far each pair of methods agrees, as means over prompts."""
    measures: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
        "spearman": (_by_pair(spearman, found), "Spearman correlation"),
        "kendall": (_by_pair(kendall, found), "Kendall's tau"),
    }
    n = len(found.scores)
    variables: dict[str, tuple[Any, ...]] = {}
    for name, (measure, title) in measures.items():
        values = np.stack([measure(scores) for scores in found.scores])
        same = np.eye(values.shape[1], dtype=bool)
        doubt = doubted(np.where(same, np.nan, values), seed=seed)
        doubt = replace(doubt, mean=np.where(same, 1.0, doubt.mean))  # of itself, nothing is asked
        said = {"long_name": title, "units": "1", "signed": True}
        every = doubt.variables(name, "item other", **said)
        variables |= every if n > 1 else {name: every[name]}
    tops = np.stack([top_overlap(scores, top_k) for scores in found.scores])
    doubt = doubted(tops, seed=seed)
    sizes = [scores.shape[1] for scores in found.scores]
    null = np.mean(
        [overlap_null(size, top_k, n_prompts=1, seed=seed + at) for at, size in enumerate(sizes)], 0
    )
    chance = np.broadcast_to(null[:, None, None], (len(null), *doubt.mean.shape))
    said = {"long_name": f"share of the {top_k} largest in common", "units": "1", "signed": False}
    variables["top_overlap"] = ("item other", doubt.mean, said)
    if n > 1:
        variables["top_overlap_low"] = ("item other", doubt.low, {"units": "1"})
        variables["top_overlap_high"] = ("item other", doubt.high, {"units": "1"})
    by_chance = np.full(doubt.mean.shape, np.mean([top_k / size for size in sizes]))
    variables["top_overlap_null"] = ("item other", by_chance, {"long_name": "chance", "units": "1"})
    same = np.eye(len(doubt.mean), dtype=bool)
    p = np.where(same, np.nan, rank_p(doubt.mean, chance, tail="above"))
    variables["top_overlap_p"] = ("item other", benjamini_hochberg(p), {"long_name": "p, corrected"})
    signs = np.mean([sign_agreement(scores, top_k) for scores in found.scores], 0)
    signs = np.where(_unsigned(found), np.nan, signs)
    variables["sign_agreement"] = ("item other", signs, {"long_name": "share of one sign", "units": "1"})
    return variables


def _by_pair(measure: Callable[[Any], np.ndarray], found: Scored) -> Callable[[np.ndarray], np.ndarray]:
    """Return a measure of agreement that compares a method without sign by size alone."""
    by_size = _unsigned(found)

    def compared(scores: np.ndarray) -> np.ndarray:
        return (
            np.where(by_size, measure(np.abs(scores)), measure(scores)) if by_size.any() else measure(scores)
        )

    return compared


def _unsigned(found: Scored) -> np.ndarray:
    """Return which pairs of methods have one among them that gives sizes alone."""
    unsigned = np.array([name in found.unsigned for name in found.methods])
    return unsigned[:, None] | unsigned[None]


def _borne_out(found: Scored, seed: int) -> dict[str, tuple[Any, ...]]:
    """Return the areas of each method, and of random orders, with p of their difference over prompts.

    Areas are divided by the whole once, after they are summed over prompts: a prompt in which all things
    together do next to nothing would outweigh the others, and one in which they do harm would turn its order.
    """
    total = found.whole.sum()
    size = abs(total) if abs(total) > 1e-9 else np.nan
    variables: dict[str, tuple[Any, ...]] = {}
    for at, name in enumerate(("deletion_area", "insertion_area")):
        own, chance = found.areas[:, :, at], found.random_areas[:, :, at].mean(1)
        apart = doubted(own - chance[:, None], seed=seed)
        title = name.replace("_", " ")
        said = {"long_name": title, "units": "1", "signed": False}
        variables[name] = ("item", own.sum(0) / size, said)
        if len(own) > 1 and np.isfinite(size):
            ends = ratio_interval(own, found.whole * np.sign(total), seed=seed)
            variables[f"{name}_low"] = ("item", ends.low, {"units": "1"})
            variables[f"{name}_high"] = ("item", ends.high, {"units": "1"})
        if len(own) > 1:
            variables[f"{name}_p"] = ("item", apart.p, {"long_name": "p against random orders, corrected"})
            variables[f"{name}_effect_size"] = ("item", apart.size, {"units": "1"})
        null = np.full(own.shape[1], chance.sum() / size)
        variables[f"{name}_null"] = ("item", null, {"long_name": "random orders", "units": "1"})
    return variables
