"""How are second-order effects held as vectors? In factors: strengths of a prompt, and fixed vectors.

The effect of a neuron as a vector of the normalised stream is Σ over later heads of strength · vector, and
all that depends on the prompt is in the strengths. Sums over neurons, norms and components need no more.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.instruments.linear import Linearised
from neuronscope.instruments.linear.fixed import Layer, fixed, head_weights, missing
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.values import Values
from neuronscope.words import BadInput

_BLOCK = 2**23


def strengths(seen: Linearised, layer: int) -> Float[Tensor, "prompt path neuron"]:
    """Return how strongly each later head carries each neuron of a layer to the place that is read out.

    The activation at every position, weighted by pattern over norm scale, over the scale of the last norm.
    """
    active, _ = seen.neuron_writers(layer)
    later = later_layers(seen.model, layer)
    if not later:
        return active.new_zeros(len(active), 0, active.shape[-1])
    omega = torch.cat([seen.weights_of(at) for at in later], 1).to(active.dtype)
    return (omega / seen.final_scale[:, None, None]) @ active


def paths(model: Model, layer: int) -> tuple[tuple[int, int], ...]:
    """Return layer and head of every path from a layer's neurons: each head of each later layer."""
    parts = fixed(model)
    return tuple((at, head) for at in later_layers(model, layer) for head in range(parts.layers[at].heads))


def later_layers(model: Model, layer: int) -> list[int]:
    """Return the layers after one that attend."""
    return [at for at in range(layer + 1, model.n_layers) if fixed(model).layers[at].attends]


def vectors(model: Model, layer: int, neurons: Tensor | None = None) -> Float[Tensor, "neuron path width"]:
    """Return what one unit of strength of a neuron writes through each later head, normalised stream.

    Neurons are numbers of the layer, all by default; ask for few, as the answer is large. Raises `BadInput`
    for a layer whose neurons are hidden.
    """
    return _carried_each(model, layer, neuron_vectors(model, layer, neurons))


def grams(model: Model, layer: int, neurons: Tensor | None = None) -> Float[Tensor, "neuron path other"]:
    """Return the inner products between the vectors of a neuron's paths, by which lengths are worked out.

    The squared length of an effect is strengths · Gram · strengths. Made for blocks of neurons.
    """
    written = neuron_vectors(model, layer, neurons)
    n_paths = len(paths(model, layer))
    rows = max(1, _BLOCK // max(1, n_paths * model.width))
    made = [
        _carried_each(model, layer, written[start : start + rows]) for start in range(0, len(written), rows)
    ]
    found = [block @ block.transpose(-1, -2) for block in made]
    return torch.cat(found) if found else written.new_zeros(0, n_paths, n_paths)


def carried(
    model: Model, layer: int, mixed: Float[Tensor, "prompt path width"]
) -> Float[Tensor, "prompt width"]:
    """Return what becomes of vectors of the stream that each later head of a layer is given, all together.

    ``mixed`` is Σ over neurons of strength · what the neuron writes, by path: so sums over many neurons are
    made without their vectors. The answer lies in the normalised stream; no scale is applied.
    """
    parts, found = fixed(model), mixed.new_zeros(len(mixed), model.width)
    start = 0
    for at in later_layers(model, layer):
        part = parts.layers[at]
        given = mixed[:, start : start + part.heads]
        found = found + part.attention_after.forth(_through_heads(part, at, given, summed=True))
        start += part.heads
    return parts.final.forth(found)


def neuron_vectors(model: Model, layer: int, neurons: Tensor | None = None) -> Float[Tensor, "neuron width"]:
    """Return what one unit of activation of each neuron writes to the stream, a norm after it gone through.

    Raises `BadInput` for a layer whose neurons are hidden.
    """
    part = fixed(model).layers[layer]
    if isinstance(part.down, Absence):
        raise BadInput(f"The neurons of layer {layer} are hidden: {part.down.reason}.")
    rows = matrix(cast(nn.Module, part.down))
    return part.mlp_after.forth(rows if neurons is None else rows[neurons])


def _carried_each(model: Model, layer: int, written: Tensor) -> Tensor:
    """Return what each writer becomes through each later head: [unit path width], normalised stream."""
    parts, made = fixed(model), []
    for at in later_layers(model, layer):
        part = parts.layers[at]
        given = written[:, None].expand(-1, part.heads, -1)
        made.append(part.attention_after.forth(_through_heads(part, at, given, summed=False)))
    if not made:
        return written.new_zeros(len(written), 0, model.width)
    return parts.final.forth(torch.cat(made, 1))


def _through_heads(part: Layer, at: int, given: Tensor, *, summed: bool) -> Tensor:
    """Return what each head makes of its own vector [unit head width] of the stream, one each or summed."""
    if why := missing([part.output, part.values, part.before]):
        raise BadInput(f"The heads of layer {at} cannot be followed back: {why}.")
    values, rows = cast(Values, part.values), head_weights(part)
    read = cast(Held, part.before).forth(given).to(rows.dtype)
    shared = read.unflatten(1, (values.key_heads, -1))
    inner = torch.einsum("ugsw,gwk->ugsk", shared, values.rows).flatten(1, 2)
    return torch.einsum("uhk,hkw->uw" if summed else "uhk,hkw->uhw", inner, rows)
