"""Neuron attribution: how much of the answer is due to each neuron, and is that more than chance?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task, open_task
from neuronscope.instruments.attributing.doubt import doubted
from neuronscope.instruments.attributing.neurons import NeuronScores, neuron_baselines, neuron_scores
from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.instruments.attributing.row_metrics import row_metric
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label
from neuronscope.words import (
    AblationReference,
    AnswerToken,
    BadInput,
    LayerIndex,
    Metric,
    PairCount,
    PairPrompt,
    Seed,
    TaskSplit,
    TopK,
)
from neuronscope.words.attribution import (
    GivenPositions,
    IntegralSteps,
    NeuronBaseline,
    NeuronMethod,
    QuadratureRule,
)


@analysis(kind="ranking", cites="sundararajan2017axiomatic dai2022knowledge")
def neuron_attribution(  # noqa: PLR0913 - each is a choice that the field argues about
    model: Model,
    task: Task | None = None,
    *,
    prompt: PairPrompt = "",
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    layer: LayerIndex = -1,
    method: NeuronMethod = "integrated_gradients",
    baseline: NeuronBaseline = "mean",
    reference: AblationReference = "prompts",
    positions: GivenPositions = "last",
    metric: Metric = "logit_difference",
    steps: IntegralSteps = 8,
    rule: QuadratureRule = "midpoint",
    n_prompts: PairCount = 16,
    top_k: TopK = 20,
    seed: Seed = 0,
    split: TaskSplit = "unseen",
) -> xr.Dataset:
    """Share the answer out among the neurons of each layer, everything after the layer recomputed.

    Returns over rank the ``top_score`` of the neurons with the largest mean size of all layers asked, in
    units of the metric, and each one's address; over layer and neuron every ``score``. Scores are means
    over the prompts of a task (``indirect-object`` by default), with 95 % interval by the prompt, p by sign
    flips of prompts corrected over all neurons, and size of effect; of a single prompt, the scores alone.
    Over layer, ``whole`` is what the neurons do together: metric less metric with the layer at its baseline;
    the ``completeness_error`` is by how much integrated gradients miss it, ``n_steps`` how many steps that
    took (doubled while it is above 5 %). Raises ``BadInput`` for a layer without neurons, for both task and
    prompt, and for a prompt so short that the mean over it is its own last token.
    """
    pairs = prompt_pairs(
        model,
        task if task is not None or prompt else open_task("indirect-object"),
        prompt=prompt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
        split=split,
    )
    layers = _layers(model, layer)
    neurons = PatchedNeurons(model, list(pairs.clean), layers=layers, positions=positions)
    baselines = neuron_baselines(model, layers, pairs, baseline=baseline, reference=reference)
    found = neuron_scores(
        neurons, row_metric(pairs, metric), baselines, method=method, rule=rule, n_steps=steps
    )
    name = metric if isinstance(metric, str) else "metric"
    said = {
        "long_name": f"share of the {name.replace('_', ' ')}",
        "signed": True,
        "meaning": f"{method.replace('_', ' ')} against the {baseline} activation, positions: {positions}",
        **_sample(pairs),
    }
    ranked = _ranked(found, layers, top_k, said, seed)
    result = label(
        {
            "rank": range(1, len(ranked["top_score"][1]) + 1),
            "layer": layers,
            "neuron": range(found.scores.shape[-1]),
        },
        **ranked,
        **_by_layer(found, method),
    )
    return result.assign_attrs(method=method, baseline=baseline, reference=reference, positions=positions)


def _layers(model: Model, layer: int) -> list[int]:
    there = model.layers("mlp_act")
    if layer < 0:
        if not there:
            model.check(Site("mlp_act", 0))
        return there
    if layer not in there:
        raise BadInput(
            f"neuron_attribution: layer={layer} has no neurons here; layers with neurons are "
            f"{', '.join(map(str, there)) or 'none'}."
        )
    return [layer]


def _sample(pairs: PromptPairs) -> dict[str, Any]:
    return {"n": len(pairs), "n_unit": "prompts" if len(pairs) > 1 else "prompt"}


def _ranked(
    found: NeuronScores, layers: list[int], top_k: int, said: dict[str, Any], seed: int
) -> dict[str, tuple[Any, ...]]:
    """Return the best of all layers by rank, then every score by layer and neuron."""
    doubt = doubted(found.scores, seed=seed)
    size = np.abs(doubt.mean).ravel()
    best = np.argsort(-np.nan_to_num(size, nan=-1.0), kind="stable")[: min(top_k, int((size >= 0).sum()))]
    at = np.unravel_index(best, doubt.mean.shape)
    names = [f"mlp_act.{layers[layer]}.{neuron}" for layer, neuron in zip(*at, strict=True)]
    variables = doubt.variables("top_score", "rank", at=at, **said)
    variables["top_neuron"] = ("rank", names, {"long_name": "neuron"})
    variables["prompt_score"] = ("prompt rank", found.scores[:, *at], said)
    variables |= doubt.variables("score", "layer neuron", **said)
    if len(found.scores) > 1:
        return variables
    return {name: variables[name] for name in ("top_score", "top_neuron", "score")}


def _by_layer(found: NeuronScores, method: str) -> dict[str, tuple[Any, ...]]:
    whole = {"long_name": "what the neurons of the layer do together", "signed": True}
    variables: dict[str, tuple[Any, ...]] = {"whole": ("layer", found.whole.mean(0), whole)}
    if method == "integrated_gradients":
        missed = {"long_name": "share of the whole that the scores miss", "units": "1"}
        variables["completeness_error"] = ("layer", found.error, missed)
        variables["n_steps"] = ("layer", list(found.n_steps), {"long_name": "steps of the integral"})
    return variables
