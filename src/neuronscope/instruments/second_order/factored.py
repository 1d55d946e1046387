"""How are second-order effects held as vectors? In factors: strengths of a prompt, and fixed vectors.

The effect of a neuron as a vector of the normalised stream is Σ over later heads of strength · vector, and
all that depends on the prompt is in the strengths. Sums over neurons, norms and components need no more.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Linearised
from neuronscope.instruments.linear.fixed import Fixed, Layer, fixed, head_weights, missing
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
    later = later_layers(seen.parts, layer)
    if not later:
        return active.new_zeros(len(active), 0, active.shape[-1])
    omega = torch.cat([seen.weights_of(at) for at in later], 1).to(active.dtype)
    return (omega / seen.final_scale[:, None, None]) @ active


def paths(model: Model, layer: int, *, stack: str | None = None) -> tuple[tuple[int, int], ...]:
    """Return layer and head of every path from a layer's neurons: each head of each later layer."""
    parts = fixed(model, stack)
    return tuple((at, head) for at in later_layers(parts, layer) for head in range(parts.layers[at].heads))


def later_layers(parts: Fixed, layer: int) -> list[int]:
    """Return the layers after one that attend."""
    return [at for at in range(layer + 1, len(parts.layers)) if parts.layers[at].attends]


def vectors(
    model: Model, layer: int, neurons: Tensor | None = None, *, stack: str | None = None
) -> Float[Tensor, "neuron path width"]:
    """Return what one unit of strength of a neuron writes through each later head, normalised stream.

    Neurons are numbers of the layer, all by default; ask for few, as the answer is large. Raises `BadInput`
    for a layer whose neurons are hidden.
    """
    parts = fixed(model, stack)
    return each_carried(parts, layer, neuron_vectors(model, layer, neurons, stack=stack))


def grams(
    model: Model, layer: int, neurons: Tensor | None = None, *, stack: str | None = None
) -> Float[Tensor, "neuron path other"]:
    """Return the inner products between the vectors of a neuron's paths, by which lengths are worked out.

    The squared length of an effect is strengths · Gram · strengths. Made for blocks of neurons.
    """
    parts, written = fixed(model, stack), neuron_vectors(model, layer, neurons, stack=stack)
    n_paths = len(paths(model, layer, stack=stack))
    found = written.new_empty(len(written), n_paths, n_paths)
    rows = max(1, _BLOCK // max(1, n_paths * parts.width))
    for start in range(0, len(written), rows):
        each = each_carried(parts, layer, written[start : start + rows])
        torch.bmm(each, each.transpose(1, 2), out=found[start : start + rows])
    return found


def carried(
    model: Model, layer: int, mixed: Float[Tensor, "prompt path width"], *, stack: str | None = None
) -> Float[Tensor, "prompt width"]:
    """Return what becomes of vectors of the stream that each later head of a layer is given, all together.

    ``mixed`` is Σ over neurons of strength · what the neuron writes, by path: so sums over many neurons are
    made without their vectors. The answer lies in the normalised stream; no scale is applied.
    """
    parts = fixed(model, stack)
    found, start = mixed.new_zeros(len(mixed), parts.width), 0
    for at in later_layers(parts, layer):
        part = parts.layers[at]
        before, values, rows = of_heads(part, at)
        given = before.forth(mixed[:, start : start + part.heads]).unflatten(1, (values.key_heads, -1))
        inner = torch.einsum("ugsw,gwk->ugsk", given.to(rows.dtype), values.rows).flatten(1, 2)
        found = found + part.attention_after.forth(torch.einsum("uhk,hkw->uw", inner, rows))
        start += part.heads
    return parts.final.forth(found)


def neuron_vectors(
    model: Model, layer: int, neurons: Tensor | None = None, *, stack: str | None = None
) -> Float[Tensor, "neuron width"]:
    """Return what one unit of activation of each neuron writes to the stream, a norm after it gone through.

    Raises `BadInput` for a layer whose neurons are hidden.
    """
    part = fixed(model, stack).layers[layer]
    if isinstance(part.down, Absence):
        raise BadInput(f"The neurons of layer {layer} are hidden: {part.down.reason}.")
    rows = matrix(part.down)
    return part.mlp_after.forth(rows if neurons is None else rows[neurons])


def each_carried(
    parts: Fixed, layer: int, written: Float[Tensor, "unit width"]
) -> Float[Tensor, "unit path width"]:
    """Return what becomes of each vector of the stream through each later head, normalised stream."""
    made = [written.new_zeros(len(written), 0, parts.width)]
    for at in later_layers(parts, layer):
        before, values, rows = of_heads(parts.layers[at], at)
        inner = torch.einsum("uw,gwk->ugk", before.forth(written).to(rows.dtype), values.rows)
        inner = inner.repeat_interleave(len(rows) // values.key_heads, 1)
        made.append(parts.layers[at].attention_after.forth(torch.einsum("uhk,hkw->uhw", inner, rows)))
    return parts.final.forth(torch.cat(made, 1))


def of_heads(part: Layer, at: int) -> tuple[Held, Values, Tensor]:
    """Return the norm before the heads of a layer, their values, and what they write by."""
    if why := missing([part.output, part.values, part.before]):
        raise BadInput(f"The heads of layer {at} cannot be followed back: {why}.")
    return cast(Held, part.before), cast(Values, part.values), head_weights(part)
