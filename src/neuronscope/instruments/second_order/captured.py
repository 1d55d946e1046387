"""What does a neuron do along every way through later heads, of any length? First and second order beside it.

Patterns, norm scales and what other MLPs give are held, so the stream is linear in what a neuron writes, and
one sweep back from the reading, all positions at a time, finds what every neuron of every layer adds.
"""

from collections.abc import Iterator
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised
from neuronscope.instruments.linear.fixed import fixed, head_weights, missing
from neuronscope.instruments.linear.readout import as_direction
from neuronscope.instruments.second_order.effects import kept_layers
from neuronscope.models.model import Model
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.values import Values
from neuronscope.models.sites import Site
from neuronscope.words import BadInput


def captured_sites(model: Model, *, stack: str | None = None) -> list[str]:
    """Return the sites that a pass must keep besides, so that every order can be followed."""
    parts, sites = fixed(model, stack), []
    for at, part in enumerate(parts.layers):
        if part.attends and at > 0:
            sites.append(f"pattern.{at}")
            sites += [f"attn_out.{at}"] if part.attention_after.module is not None else []
    return [parts.address(site) for site in sites]


def all_orders(seen: Linearised, direction: Direction | Tensor) -> Float[Tensor, "prompt layer neuron"]:
    """Return what each neuron adds to a reading along all ways through later heads, straight ones included.

    Zeroing the neuron, with patterns, norm scales and other MLP outputs held, takes just this away. First and
    second order are its first two terms, and all of it from the last layer but one on. Needs the sites of
    `captured_sites` besides. Neurons that are hidden, or not kept, are NaN.
    """
    shape = (len(seen.final_scale), len(seen.parts.layers), seen.parts.n_neurons)
    found, kept = seen.final_scale.new_full(shape, torch.nan), kept_layers(seen)
    for layer, read in _backwards(seen, direction) if kept else ():
        if layer in kept:
            active, vectors = seen.neuron_writers(layer)
            along = read @ vectors.to(read).T
            found[:, layer, : len(vectors)] = along.mul_(active).sum(1)
    return found


def _backwards(seen: Linearised, direction: Direction | Tensor) -> Iterator[tuple[int, Tensor]]:
    """Yield from the last layer on what a reading sees at each position of the stream that leaves it."""
    v = seen.parts.final.back(as_direction(seen.parts, direction).vectors)
    read = _at_the_place(seen, v / seen.final_scale[:, None])
    for layer in range(len(seen.parts.layers) - 1, -1, -1):
        yield layer, read
        if layer > 0 and seen.parts.layers[layer].attends:
            read = read + _through(seen, layer, read)


def _at_the_place(seen: Linearised, read: Tensor) -> Tensor:
    """Return directions [prompt width] at the position that is read out, zero at all others."""
    address = Site.parse(seen.parts.address(f"mlp_act.{kept_layers(seen)[0]}"))
    size, batch = seen.seen[address].shape[1], seen.seen.batch
    counted = batch.counts_tokens(address)
    starts = batch.starts if counted else (0,) * len(read)
    lengths = batch.lengths if counted else (size,) * len(read)
    columns = [start + seen.at % length for start, length in zip(starts, lengths, strict=True)]
    found = read.new_zeros(len(read), size, read.shape[-1])
    found[torch.arange(len(read)), torch.tensor(columns)] = read
    return found


def _through(seen: Linearised, layer: int, read: Tensor) -> Tensor:
    """Return what directions after a layer's attention are of the stream before it, at each position."""
    part = seen.parts.layers[layer]
    if why := missing([part.output, part.values, part.before]):
        raise BadInput(f"The heads of layer {layer} cannot be followed back: {why}.")
    before, values, rows = cast(Held, part.before), cast(Values, part.values), head_weights(part)
    after = part.attention_after.back(read)
    if part.attention_after.module is not None:
        out = seen.everywhere(f"attn_out.{layer}")
        after = after / part.attention_after.scale(out)[..., None].to(after.dtype)
    pattern = seen.everywhere(f"pattern.{layer}").to(rows.dtype)
    inner = torch.einsum("bqw,hkw->bhqk", after.to(rows.dtype), rows)
    shared = (pattern.transpose(-1, -2) @ inner).unflatten(1, (values.key_heads, -1)).sum(2)
    back = before.back(torch.einsum("bgsk,gwk->bsw", shared, values.rows))
    if before.module is None:
        return back
    scale = seen.seen[seen.parts.address(f"attn_norm.{layer}")].nan_to_num(nan=1.0)
    return back / scale[..., None].to(back.dtype)
