"""How did the first second-order code share means and biases out? Evenly, over all parts that there are.

A layer norm takes the mean away, and the exact share of a neuron loses its own mean. The code of Gandelsman
et al. (2024) takes an equal part of the stream's mean, and of every bias, from each neuron instead. Summed
over all parts it is the same; one neuron's share is not, for it keeps what the norm would take away.
"""

from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.instruments.linear import Linearised
from neuronscope.instruments.linear.fixed import Fixed, Layer, bias_of
from neuronscope.instruments.second_order.factored import each_carried, of_heads
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.values import Values
from neuronscope.words import BadInput


def uniform_effects(seen: Linearised, layer: int) -> Float[Tensor, "prompt neuron width"]:
    """Return the second-order effects of a layer's neurons, means and biases shared out evenly.

    They are vectors of the normalised stream, all held at once, so this is for small models. The pass must
    keep ``mlp_act`` of the layer and ``resid_pre`` of all later ones. Raises `BadInput` for a model without
    layer norms, and where no head reads after the layer.
    """
    down = seen.parts.layers[layer].down
    if isinstance(down, Absence):
        raise BadInput(f"The neurons of layer {layer} are hidden: {down.reason}.")
    weights, bias = matrix(cast(nn.Module, down)), bias_of(cast(nn.Module, down))
    active, n_neurons = seen.seen[seen.parts.address(f"mlp_act.{layer}")], len(weights)
    later = range(layer + 1, len(seen.parts.layers))
    if not later:
        raise BadInput(f"No head reads after layer {layer}: choose an earlier one.")
    omega = torch.cat([seen.weights_of(at) for at in later], 1).to(active) / seen.final_scale[:, None, None]
    static = each_carried(_uncentred(seen.parts), layer, weights)
    effect = torch.einsum("bpn,npw->bnw", omega @ active, static)
    own = torch.zeros_like(weights[0]) if bias is None else bias / n_neurons
    constants = (uniform_share(seen, at, own, (1 + 2 * at) * n_neurons) for at in later)
    return effect + cast(Tensor, sum(constants))[:, None]


def uniform_share(
    seen: Linearised, at: int, written: Float[Tensor, "*any width"], n_parts: int
) -> Float[Tensor, "prompt width"]:
    """Return what one of ``n_parts`` parts of the stream writes to the normalised stream through a layer.

    ``written`` is what the part adds to the stream before the layer, at every position alike or at each,
    [prompt position width]. It takes an equal share of that stream's mean and of each bias on the way, and
    an equal part of the layer's share of what the last norm takes and adds.
    """
    part, name = seen.parts.layers[at], seen.parts.address
    before, values, rows = _opened(part, at)
    stream, scale = seen.seen[name(f"resid_pre.{at}")], seen.seen[name(f"attn_norm.{at}")]
    pattern = seen.seen[f"{name(f'pattern.{at}')}@{seen.at}"].to(stream)
    read = _uniform(before, written - stream.mean(-1, keepdim=True) / n_parts, scale, n_parts)
    mixed = torch.einsum("bhp,bpw->bhw", pattern, read).unflatten(1, (values.key_heads, -1))
    inner = torch.einsum("bgsw,gwk->bgsk", mixed, values.rows)
    if values.bias is not None:
        taken = pattern.sum(-1).unflatten(1, (values.key_heads, -1))
        inner = inner + taken[..., None] * values.bias[:, None] / n_parts
    out = torch.einsum("bhk,hkw->bw", inner.flatten(1, 2), rows)
    bias = bias_of(cast(nn.Module, part.output))
    out = out if bias is None else out + bias / n_parts
    shares = n_parts * (1 + 2 * len(seen.parts.layers))
    return _uniform(
        seen.parts.final, out - seen.last.mean(-1, keepdim=True) / shares, seen.final_scale, shares
    )


def _uniform(norm: Held, vectors: Tensor, scale: Tensor, n_parts: int) -> Tensor:
    """Return what a norm makes of a part that has lost its share of the mean already."""
    made = replace(norm, centred=False).forth(vectors) / scale[..., None]
    return made if norm.bias is None else made + norm.bias / n_parts


def _uncentred(parts: Fixed) -> Fixed:
    layers = [
        replace(layer, before=replace(before, centred=False))
        for layer in parts.layers
        if isinstance(before := layer.before, Held)
    ]
    return replace(parts, layers=layers, final=replace(parts.final, centred=False))


def _opened(part: Layer, at: int) -> tuple[Held, Values, Tensor]:
    before, values, rows = of_heads(part, at)
    if not before.centred:
        raise BadInput("Even shares are those of layer norms, which take a mean away: this model has none.")
    return before, values, rows
