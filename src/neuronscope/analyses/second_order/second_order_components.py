"""Second-order components: does what a neuron does through later heads keep to one direction?

Each effect is a vector of the normalised stream. Where a neuron's vectors lie along one line, one direction
with a size for each prompt says what it does, and that direction can be put into words.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import Task
from neuronscope.instruments.second_order import paths, problems_of, reading_of
from neuronscope.instruments.second_order.chosen import choose
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.instruments.second_order.rank_one import QUANTILES, RankOne, Sizes, neuron_components
from neuronscope.instruments.second_order.survey import Survey, survey
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import BadInput, Seed, TaskSplit, TopK
from neuronscope.words.neurons import NeuronNames, NullCount, RankResamples
from neuronscope.words.second_order import (
    AnswerReading,
    AnswerToken,
    ComponentExamples,
    ComponentNeurons,
    ProblemCount,
)

_KEPT_RESAMPLES = 10


@analysis(kind="ranking", cites="gandelsman2024secondorder")
def second_order_components(  # noqa: PLR0913 - whose components, on what, how many draws
    model: Model,
    effects: Result | None = None,
    evaluation: Result | None = None,
    direction: Result | None = None,
    *,
    task: Task | None = None,
    neurons: NeuronNames = "",
    top_k: ComponentNeurons = 10,
    n_examples: ComponentExamples = 0,
    n_prompts: ProblemCount = 0,
    reading: AnswerReading = "difference",
    answer_token: AnswerToken = 0,
    strongest: TopK = 8,
    n_null: NullCount = 199,
    n_resamples: RankResamples = 100,
    split: TaskSplit = "unseen",
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the direction that each neuron's second-order effects keep to, and how much of them it explains.

    Over item, the neurons by mean |effect|: ``explained``, the share of the squared lengths of the longest
    effects about their mean that their first principal component explains, with its interval over resamples
    of the prompts, ``explained_null``, its mean where the strengths of each later head are dealt out anew
    over the prompts, and ``explained_p``, how seldom chance explains as much, corrected over the neurons; the
    same of all prompts as ``explained_all``. ``component`` over item and width is that direction, of the
    normalised stream and of length one, turned to the side of most of these prompts (``positive_share``), and
    ``component_resampled`` the same of some resamples. ``threshold`` is the length beyond which an effect is
    significant, ``norm_quantile`` the lengths that shares of all effects stay below, ``mean_vector`` the mean
    effect, ``mean_strength`` its strength by later head. ``strongest`` over rank are the prompts farthest
    from the mean, with effect, length and outcome; ``prompt_effect`` is the effect of each prompt along the
    reading. ``layer_share`` over layer is the layer's share of the variance of the effects of all neurons,
    beside its share of the later heads, and ``stronger_share`` that of it and all stronger layers.

    Neurons are named, or the best of each layer by ``effects``, or without it on these prompts. Raises
    `BadInput` where too few prompts or neurons are left, and as `linearise` does.
    """
    problems = problems_of(
        model,
        evaluation=evaluation,
        task=task,
        n_prompts=n_prompts,
        answer_token=answer_token,
        split=split,
        seed=seed,
    )
    n_selected = n_examples or int(np.clip(len(problems) // 10, 8, 100))
    if n_selected > len(problems):
        raise BadInput(
            f"A component on the {n_selected} longest effects needs as many prompts, not {len(problems)}: "
            "ask for more prompts or fewer examples."
        )
    read = reading_of(model, problems, reading=reading, direction=direction)
    seen = survey(model, problems, read, n_resamples=n_resamples, seed=seed)
    magnitude = seen.magnitude if effects is None else _magnitude(effects, model)
    chosen = choose(model, magnitude, top_k=top_k, names=neurons)
    sizes = Sizes(n_selected, n_null, n_resamples, _KEPT_RESAMPLES, seed)
    found = neuron_components(model, problems, read, chosen, sizes)
    result = label(
        {
            "item": [address.removeprefix("mlp_act.") for address in chosen.addresses],
            "address": ("item", chosen.addresses),
            "quantile": list(QUANTILES),
            "path_layer": ("path", [layer for layer, _ in found.paths]),
            "path_head": ("path", [head for _, head in found.paths]),
        },
        **_shares(found),
        **_vectors(found),
        magnitude=("item", magnitude[chosen.layer, chosen.number], {"long_name": "mean |effect|"}),
        neuron_layer=("item", chosen.layer, {"long_name": "layer"}),
        neuron_number=("item", chosen.number, {"long_name": "neuron"}),
        **_prompts(found, problems, strongest),
        **_by_layer(seen, model),
    ).assign_attrs(
        n=len(problems),
        n_unit="prompts",
        n_examples=n_selected,
        reading=reading if direction is None else "direction",
        answer_token=answer_token,
    )
    return placed(result, **dict.fromkeys(("explained", "magnitude", "threshold"), "{address}"))


def _magnitude(effects: xr.Dataset, model: Model) -> np.ndarray:
    """Return the mean |effect| of each neuron by another result, NaN in layers that it does not have."""
    held = effects.get("magnitude")
    if held is None or set(held.dims) != {"layer", "neuron"}:
        raise BadInput(
            "effects has no magnitude over layer and neuron: give a result of second_order_effects."
        )
    values = held.transpose("layer", "neuron")
    layers = np.asarray(values["layer"] if "layer" in values.coords else np.arange(values.sizes["layer"]))
    if values.sizes["neuron"] != model.n_neurons or not set(layers.tolist()) <= set(range(model.n_layers)):
        raise BadInput(
            f"effects has {values.sizes['neuron']} neurons in layers {layers.tolist()}, but {model.name} has "
            f"{model.n_neurons} in layers 0 to {model.n_layers - 1}: give a result about this model."
        )
    found = np.full((model.n_layers, model.n_neurons), np.nan)
    found[layers] = values.values
    return found


def _shares(found: RankOne) -> dict[str, Any]:
    """Return what one direction explains of the longest effects and of all, beside chance."""
    made: dict[str, Any] = {}
    said = {
        "explained": "squared length in one direction, longest effects",
        "explained_all": "squared length in one direction, all effects",
    }
    for name, drawn in (("explained", found.null), ("explained_all", found.null_all)):
        value = getattr(found, name)
        made[name] = ("item", value, {"long_name": said[name], "units": "share", "signed": False})
        if name == "explained":
            low, high = np.nanquantile(found.drawn, [0.025, 0.975], axis=0)
            made |= {"explained_low": ("item", low), "explained_high": ("item", high)}
        if len(drawn):
            p = benjamini_hochberg(rank_p(value, drawn, tail="above"))
            made[f"{name}_null"] = ("item", drawn.mean(0), {"long_name": "heads dealt out anew over prompts"})
            made[f"{name}_p"] = ("item", p, {"long_name": "p of heads dealt out anew, corrected"})
    return made


def _vectors(found: RankOne) -> dict[str, Any]:
    length = {"long_name": "length of an effect from its mean", "units": "a.u."}
    stream = {"units": "a.u. of the normalised stream"}
    return {
        "component": ("item width", found.component, {"long_name": "direction of the effects"}),
        "component_resampled": ("item resample width", found.resampled.astype(np.float32)),
        "positive_share": ("item", found.positive, {"long_name": "longest effects on its positive side"}),
        "threshold": ("item", found.threshold, {**length, "meaning": "longer effects are significant"}),
        "norm_quantile": ("item quantile", found.norm_quantile, length),
        "mean_vector": ("item width", found.mean_vector, {"long_name": "mean effect", **stream}),
        "mean_strength": ("item path", found.mean_strength, {"long_name": "mean strength by later head"}),
    }


def _prompts(found: RankOne, problems: Problems, n_listed: int) -> dict[str, Any]:
    """Return each neuron's effect on each prompt, and the prompts on which it is farthest from its mean."""
    rows = found.strongest(min(n_listed, len(problems)))
    texts = np.array(problems.texts, dtype=object)
    outcome = np.full(len(problems), "unknown", dtype=object)
    if problems.correct is not None:
        outcome = np.where(problems.correct, "right", "wrong").astype(object)
    effect = {"long_name": "effect along the reading", "units": "logits"}
    length = {"long_name": "length of an effect from its mean", "units": "a.u."}
    known = {} if problems.correct is None else {"correct": ("prompt", problems.correct)}
    return {
        "strongest": ("item rank", texts[rows], {"long_name": "prompt with the longest effect"}),
        "strongest_outcome": ("item rank", outcome[rows]),
        "strongest_effect": ("item rank", np.take_along_axis(found.effect, rows, 1), effect),
        "strongest_length": ("item rank", np.take_along_axis(found.length, rows, 1), length),
        "prompt_effect": ("item prompt", found.effect, effect),
        "clean": ("prompt", list(problems.texts), {"long_name": "prompt"}),
        **known,
    }


def _by_layer(seen: Survey, model: Model) -> dict[str, Any]:
    heads = np.array([len(paths(model, layer)) for layer in range(model.n_layers)], dtype=float)
    said = {
        "long_name": "share of the variance of all effects",
        "units": "share",
        "meaning": "dotted: the layer's share of the later heads",
    }
    return {
        "layer_share": ("layer", seen.layer_share, said),
        "layer_share_low": ("layer", seen.low),
        "layer_share_high": ("layer", seen.high),
        "layer_share_null": ("layer", heads / max(1.0, heads.sum())),
        "stronger_share": (
            "layer",
            seen.stronger_share,
            {"long_name": "share of it and all stronger layers"},
        ),
        "stronger_share_low": ("layer", seen.stronger_low),
        "stronger_share_high": ("layer", seen.stronger_high),
    }
