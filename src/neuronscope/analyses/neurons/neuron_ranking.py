"""Neuron ranking: which neurons of each layer matter most, by several criteria together?"""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.linear import Linearised, linearise, logit_direction
from neuronscope.maths.ranking import ResampledSums, mean_rank_p, mean_ranks, ranks, spearman
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label, placed, track
from neuronscope.words import BadInput, Seed
from neuronscope.words.neurons import ListedNeurons, RankedPrompts, RankResamples

_PROMPTS_AT_ONCE = 16
_ABOUT = {
    "mean_magnitude": {"long_name": "mean |activation|", "signed": False},
    "variance": {"long_name": "variance of the activation", "signed": False},
    "direct_effect": {"long_name": "direct effect on the answer", "units": "logits"},
}


@analysis(kind="ranking", cites="dwork2001rank")
def neuron_ranking(
    model: Model,
    task: Task | None = None,
    effects: Result | None = None,
    *,
    top_k: ListedNeurons = 100,
    n_prompts: RankedPrompts = 24,
    n_resamples: RankResamples = 100,
    seed: Seed = 0,
) -> xr.Dataset:
    """Rank the neurons of each layer by how strong, how changeable and how direct they are on a task.

    Returns over layer and rank the ``mean_rank`` over the criteria, with interval, its ``top_neuron``, and
    the ``kept_share``: in how many resamples of the prompts it stays on the list. ``p`` is how often criteria
    that have nothing to do with each other would rank a neuron so high, corrected over the layer. Over layer
    and neuron: ``mean_magnitude``, the mean |activation|, and ``variance`` of the activation, both over all
    tokens but the first of each prompt; ``direct_effect``, the mean over prompts of what the neuron adds
    straight to the logit of the answer minus that of the distractor, in logits, with interval; it ranks by
    its size. ``spearman`` tells over layer, item and other how far two criteria agree. ``effects`` is a
    result over layer and neuron, whose first such variable ranks too, by its size. Without a task it is
    indirect-object. Intervals are 95 % over prompts. Raises `BadInput` where the result does not fit the
    model, and for a model whose neurons do not write straight to the stream.
    """
    pairs = prompt_pairs(
        model, TASKS["indirect-object"] if task is None else task, n_prompts=n_prompts, seed=seed
    )
    sums = ResampledSums(len(pairs), n_resamples=n_resamples, seed=seed)
    for start in track(range(0, len(pairs), _PROMPTS_AT_ONCE), "batches of prompts"):
        _add(sums, model, pairs[start : start + _PROMPTS_AT_ONCE])
    drawn = _criteria(sums)
    layers, given = list(range(model.n_layers)), {} if effects is None else _given(effects, model)
    if given:
        layers = given.pop("layer").astype(int).tolist()
        drawn = {name: values[:, layers] for name, values in drawn.items()}
    fixed = [np.broadcast_to(np.abs(values), drawn["variance"].shape) for values in given.values()]
    every = np.stack([*map(np.abs, drawn.values()), *fixed])
    mean_rank = mean_ranks(every)
    best = _listed(mean_rank, len(every), min(top_k, mean_rank.shape[-1]))
    agree = spearman(every)
    names = [*drawn, *given]
    about = {"n": len(pairs), "n_unit": "prompts"}
    said = {"long_name": "mean rank over the criteria", "meaning": "1 would be first under every criterion"}
    result = label(
        {"layer": layers, "neuron": range(mean_rank.shape[-1]), "item": names, "other": names}
        | {"address": ("layer rank", _addresses(layers, best["neuron"]))},
        mean_rank=("layer rank", best["mean_rank"], {**said, **about}),
        mean_rank_low=("layer rank", best["low"]),
        mean_rank_high=("layer rank", best["high"]),
        top_neuron=("layer rank", best["neuron"].astype(int), {"long_name": "neuron"}),
        p=("layer rank", best["p"], {"long_name": "p of unrelated criteria, corrected over the layer"}),
        kept_share=("layer rank", best["kept_share"], {"long_name": "share of resamples that list it"}),
        **{name: ("layer neuron", drawn[name][0], {**_ABOUT[name], **about}) for name in drawn},
        **_ends("direct_effect", drawn["direct_effect"], "layer neuron"),
        **{name: ("layer neuron", given[name], {"long_name": name.replace("_", " ")}) for name in given},
        spearman=("layer item other", agree[0], {"long_name": "rank correlation of two criteria", **about}),
        **_ends("spearman", agree, "layer item other"),
    )
    ranked = dict.fromkeys(("mean_rank", "top_neuron", "p", "kept_share"), "{address}")
    return placed(result, **ranked, **dict.fromkeys((*drawn, *given), "mlp_act.{layer}.{neuron}"))


def _addresses(layers: list[int], neurons: np.ndarray) -> list[list[str]]:
    rows = zip(layers, neurons.astype(int), strict=True)
    return [[f"mlp_act.{layer}.{neuron}" for neuron in row] for layer, row in rows]


def _add(sums: ResampledSums, model: Model, pairs: PromptPairs) -> None:
    """Take in some prompts: sums over their tokens, and the direct effect at the last."""
    layers = model.layers("mlp_act")
    frozen = linearise(model, list(pairs.clean), keep=[f"mlp_act.{layer}" for layer in layers])
    effect = frozen.direct(logit_direction(model, pairs.target, pairs.distractor)).neuron
    if effect.isnan().all(-1).any():
        raise BadInput(
            f"neuron_ranking needs neurons that write straight to the stream; in {model.name} some hide."
        )
    own = _counted(frozen)
    n_neurons = effect.shape[-1]
    active = [_padded(frozen.seen[f"mlp_act.{layer}"].double(), n_neurons) for layer in layers]
    tokens = [torch.where(own[..., None], one, 0.0) for one in active]
    sums.add("tokens", own.sum(-1))
    sums.add("size", torch.stack([one.abs().sum(1) for one in tokens], 1))
    sums.add("sum", torch.stack([one.sum(1) for one in tokens], 1))
    sums.add("square", torch.stack([one.square().sum(1) for one in tokens], 1))
    sums.add("effect", effect.double())


def _counted(frozen: Linearised) -> Tensor:
    """Mark the tokens that count: all but padding and the first, where models keep what is of no word."""
    batch = frozen.seen.batch
    own = torch.zeros(len(batch), batch.width, dtype=torch.bool)
    for row, n_tokens in enumerate(batch.lengths):
        own[row, batch.own(row).start + min(1, n_tokens - 1) : batch.own(row).stop] = True
    return own


def _padded(active: Tensor, n_neurons: int) -> Tensor:
    return torch.nn.functional.pad(active, (0, n_neurons - active.shape[-1]), value=torch.nan)


def _criteria(sums: ResampledSums) -> dict[str, np.ndarray]:
    """Return each criterion over resample, the prompts themselves first, layer and neuron."""
    held = sums.sums
    n_tokens = held["tokens"][:, None, None]
    size, mean, square = (held[name] / n_tokens for name in ("size", "sum", "square"))
    effect = held["effect"] / sums.weights.sum(1)[:, None, None]
    return dict(zip(_ABOUT, (size, np.maximum(square - mean**2, 0.0), effect), strict=True))


def _given(effects: xr.Dataset, model: Model) -> dict[str, np.ndarray]:
    """Return the first variable over layer and neuron of another result, and its layers."""
    names = [str(name) for name, one in effects.data_vars.items() if set(one.dims) == {"layer", "neuron"}]
    names = [name for name in names if effects[name].dtype.kind in "biuf"]
    if not names:
        raise BadInput("effects has no variable over layer and neuron alone: give a result that has one.")
    values = effects[names[0]].transpose("layer", "neuron")
    layers = np.asarray(values["layer"] if "layer" in values.coords else np.arange(values.sizes["layer"]))
    if values.sizes["neuron"] != model.n_neurons or not set(layers.tolist()) <= set(range(model.n_layers)):
        raise BadInput(
            f"effects has {values.sizes['neuron']} neurons in layers {layers.tolist()}, but {model.name} has "
            f"{model.n_neurons} in layers 0 to {model.n_layers - 1}: give a result about this model."
        )
    name = f"given_{names[0]}" if names[0] in _ABOUT else names[0]
    return {"layer": layers, name: np.asarray(values.values, dtype=float)}


def _listed(mean_rank: np.ndarray, n_criteria: int, top_k: int) -> dict[str, np.ndarray]:
    """Return the best neurons of each layer with their mean rank, its interval, and what chance gives."""
    order = np.argsort(mean_rank[0], axis=-1, kind="stable")[:, :top_k]
    best = np.take_along_axis(mean_rank, order[None], -1)
    low, high = np.quantile(best[1:], [0.025, 0.975], axis=0)
    # Rank 1 is the smallest mean rank, so the sign is turned.
    kept = np.take_along_axis((ranks(-mean_rank[1:]) <= top_k).mean(0), order, -1)
    n_neurons = (~np.isnan(mean_rank[0])).sum(-1)
    p = [
        benjamini_hochberg(mean_rank_p(one, n_criteria, int(n)))
        for one, n in zip(mean_rank[0], n_neurons, strict=True)
    ]
    found = {"neuron": order, "mean_rank": best[0], "low": low, "high": high, "kept_share": kept}
    return found | {"p": np.take_along_axis(np.stack(p), order, -1)}


def _ends(name: str, drawn: np.ndarray, axes: str) -> dict[str, tuple[str, np.ndarray]]:
    low, high = np.quantile(drawn[1:], [0.025, 0.975], axis=0)
    return {f"{name}_low": (axes, low), f"{name}_high": (axes, high)}
