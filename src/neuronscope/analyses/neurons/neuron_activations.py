"""Neuron activations: which neurons fire on which tokens?"""

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.data.prompts import common_prompts
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.results import label, placed, track
from neuronscope.words import BadInput, LayerIndex, Prompt, Reference, TopNeurons


@analysis(kind="grid", cites="geva2021keyvalue")
def neuron_activations(
    model: Model,
    prompt: Prompt,
    *,
    layer: LayerIndex = -1,
    top_k: TopNeurons = 10,
    reference: Reference = "none",
) -> xr.Dataset:
    """Read every MLP neuron at every token, and rank the strongest of each layer.

    Returns ``activation`` over layer, neuron and position (after the nonlinearity, less the mean over
    the reference); and over layer and rank the ``top_activation``, with its ``top_neuron`` and
    ``top_position``, of the neurons with the largest magnitude anywhere in the prompt.

    >>> from neuronscope import open_model
    >>> found = neuron_activations(open_model("builtin:scribe"), "Paris is in France", layer=2)
    >>> found.activation.sizes["layer"]
    1
    """
    if layer >= model.n_layers:
        raise BadInput(f"neuron_activations: layer={layer} is beyond the model's last, {model.n_layers - 1}.")
    if top_k > model.n_neurons:
        raise BadInput(f"neuron_activations: top_k={top_k} is more than a layer's {model.n_neurons} neurons.")
    layers = range(model.n_layers) if layer < 0 else [layer]
    tokens = model.tokenize(prompt)
    activation = _read(model, tokens, layers) - _mean(model, tokens, layers, reference)
    strongest = activation.abs().max(-1)
    best = strongest.values.topk(top_k)
    position = strongest.indices.gather(1, best.indices)
    ranked = activation.gather(1, best.indices[:, :, None].expand(-1, -1, len(tokens)))
    signed = ranked.gather(2, position[:, :, None])[:, :, 0]
    meaning = {"long_name": "activation", "units": "a.u.", "reference": reference}
    found = label(
        {
            "layer": list(layers),
            "neuron": range(model.n_neurons),
            "rank": range(1, top_k + 1),
            "token": ("position", model.token_texts(tokens)),
        },
        activation=("layer neuron position", activation, meaning),
        top_activation=("layer rank", signed, meaning),
        top_neuron=("layer rank", best.indices, {"long_name": "neuron"}),
        top_position=("layer rank", position, {"long_name": "position"}),
    )
    return placed(found, activation="mlp_act.{layer}.{neuron}@{position}")


def _read(model: Model, tokens: Tensor, layers: range | list[int]) -> Float[Tensor, "layer neuron position"]:
    found = run(model, tokens, get=[f"mlp_act.{layer}" for layer in layers])
    return torch.stack([found[f"mlp_act.{layer}"][0].T for layer in layers])


def _mean(
    model: Model, tokens: Tensor, layers: range | list[int], reference: str
) -> Float[Tensor, "layer neuron #position"]:
    if reference == "none":
        return torch.zeros(len(layers), 1, 1, dtype=model.dtype, device=model.device)
    if reference == "prompt":
        return _read(model, tokens, layers).mean(-1, keepdim=True)
    prompts = [model.tokenize(common.clean) for common in common_prompts()]
    total = sum(
        _read(model, ids, layers).sum(-1, keepdim=True) for ids in track(prompts, "reference prompts")
    )
    return torch.as_tensor(total) / sum(len(ids) for ids in prompts)
