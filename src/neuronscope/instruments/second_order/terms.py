"""Do first and second order, and all that goes with them, sum to the answer? Nine terms, each with a name."""

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised
from neuronscope.instruments.linear.fixed import bias_of, fixed, head_weights
from neuronscope.instruments.linear.readout import as_direction
from neuronscope.instruments.second_order.later_heads import LaterHeads, later_heads
from neuronscope.instruments.second_order.passes import neuron_sites
from neuronscope.models.model import Model
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.values import Values

TERMS = (
    "final bias",
    "embedding",
    "neurons",
    "MLP biases",
    "attention constants",
    "embedding through heads",
    "attention through heads",
    "neurons through heads",
    "MLP biases through heads",
)
"""The nine terms of a reading, straight ones first; those through heads pass one head, its pattern held."""


@dataclass(frozen=True, eq=False)
class Terms:
    """A reading of each prompt in nine terms, in the reading's units, as `TERMS` names them.

    ``final bias`` holds that of the last norm and of the output head; ``attention constants`` what heads add
    whatever they attend to; ``attention through heads`` all that earlier attention gave, so every way through
    two heads or more. Layers whose neurons are hidden count as neurons with their whole MLP. ``total`` is
    what the model's own last norm gives. By layer, ``straight`` and ``through`` are the sums of the neurons'
    first and second order, and ``through_bias`` is the second order of the MLP's bias.
    """

    value: Float[Tensor, "prompt item"]
    total: Float[Tensor, " prompt"]
    straight: Float[Tensor, "prompt layer"]
    through: Float[Tensor, "prompt layer"]
    through_bias: Float[Tensor, "prompt layer"]

    @property
    def remainder(self) -> Float[Tensor, " prompt"]:
        """Return what the nine terms leave of the reading: rounding, and nothing else."""
        return self.total.double() - self.value.double().sum(-1)


def term_sites(model: Model, *, stack: str | None = None) -> list[str]:
    """Return the sites that a pass must keep for `nine_terms`."""
    parts, sites = fixed(model, stack), ["resid_pre.0"]
    for layer, part in enumerate(parts.layers):
        sites += [f"attn_add.{layer}"] if part.attends else []
        sites += [f"mlp_add.{layer}"] if part.has_mlp else []
    return [*neuron_sites(model, stack=stack), *map(parts.address, sites)]


def nine_terms(seen: Linearised, direction: Direction | Tensor) -> Terms:
    """Return a reading as the sum of nine terms, which leaves nothing but rounding.

    Needs the sites of `term_sites`. Raises `BadInput` as `Linearised.weights_of` does. (The identity follows
    Gandelsman et al. 2024 with exact centring in place of their even split of means and biases.)
    """
    reading = as_direction(seen.parts, direction)
    found, heads = seen.direct(reading), later_heads(seen, reading)
    straight, straight_bias = _split(found.neuron, found.mlp_bias, found.mlp)
    through, through_bias, attention = _through_later(seen, heads)
    value = torch.stack(
        [
            found.constant,
            found.token + found.position,
            straight.sum(-1),
            straight_bias.sum(-1),
            found.attention_bias.nan_to_num().sum(-1) + _head_constants(seen, reading),
            _read(seen.everywhere("resid_pre.0"), heads.together)
            if heads.layers
            else torch.zeros_like(found.total),
            attention,
            through.sum(-1),
            through_bias.sum(-1),
        ],
        -1,
    )
    return Terms(value, found.total, straight, through, through_bias)


def _split(parts: Tensor, bias: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Return by layer the sum of the neurons, the whole MLP where they are hidden, and the bias."""
    hidden = parts.isnan().all(-1) if parts.shape[-1] else torch.ones_like(whole, dtype=torch.bool)
    return torch.where(hidden, whole, parts.nan_to_num().sum(-1)), torch.where(hidden, 0.0, bias)


def _through_later(seen: Linearised, heads: LaterHeads) -> tuple[Tensor, Tensor, Tensor]:
    """Return through later heads, by layer, the neurons and the MLP's bias, and all of attention together."""
    none = seen.final_scale.new_zeros(len(seen.final_scale))
    neurons, biases, attention = [], [], none
    for layer, part in enumerate(seen.parts.layers):
        after, own, bias = heads.after(layer), none, none
        if after.layers:
            read = after.together
            attention = attention + (
                _read(seen.everywhere(f"attn_add.{layer}"), read) if part.attends else none
            )
            own = _read(seen.everywhere(f"mlp_add.{layer}"), read) if part.has_mlp else none
            if part.has_mlp and not isinstance(part.down, Absence):
                active, vectors = seen.neuron_writers(layer)
                own, bias = after.effects(active, vectors).sum(-1), _bias_through(seen, layer, read)
        neurons.append(own)
        biases.append(bias)
    return torch.stack(neurons, -1), torch.stack(biases, -1), attention


def _bias_through(seen: Linearised, layer: int, read: Tensor) -> Tensor:
    """Return what the bias of an MLP, and of a norm after it, adds where directions read it."""
    part = seen.parts.layers[layer]
    after, bias = part.mlp_after, None if isinstance(part.down, Absence) else bias_of(part.down)
    found = after.added(read)
    if bias is not None:
        written = after.forth(bias).to(read)
        along = read @ written
        found = found + (
            along if after.module is None else along / after.scale(seen.everywhere(f"mlp_out.{layer}"))
        )
    return found.sum(-1)


def _head_constants(seen: Linearised, reading: Direction) -> Tensor:
    """Return what heads add whatever they attend to: pattern sums times the biases of their values."""
    parts, total = seen.parts, torch.zeros_like(seen.final_scale)
    v = parts.final.back(reading.vectors)
    for layer, part in enumerate(parts.layers):
        if not part.attends:
            continue
        before, values, rows = cast(Held, part.before), cast(Values, part.values), head_weights(part)
        bias = rows.new_zeros(values.key_heads, values.head_width)
        if before.bias is not None:
            bias = bias + torch.einsum("w,gwk->gk", before.bias.to(rows), values.rows)
        if values.bias is not None:
            bias = bias + values.bias
        bias = bias.repeat_interleave(part.heads // values.key_heads, 0)
        after = part.attention_after
        along = torch.einsum("hk,hkw,pw->ph", bias, rows, after.back(v).to(rows.dtype))
        attended = seen.at_place(f"pattern.{layer}").to(along.dtype).sum(-1)
        total = total + (attended * along).sum(-1) / seen.scale_after(after, f"attn_out.{layer}")
    return total / seen.final_scale


def _read(written: Tensor, read: Tensor) -> Tensor:
    return torch.einsum("bpw,bpw->b", written.to(read.dtype), read)
