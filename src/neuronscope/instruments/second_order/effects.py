"""What does each neuron add to a reading through all later heads together?"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised
from neuronscope.instruments.second_order.later_heads import later_heads
from neuronscope.models.parts.taps import Absence


def neuron_effects(seen: Linearised, direction: Direction | Tensor) -> Float[Tensor, "prompt layer neuron"]:
    """Return the second-order effect of every neuron of every layer on a reading, in its own units.

    A pass of `held_passes` serves. Neurons that are hidden, or not kept, are NaN; those of the last layer,
    with no head after them, 0.
    """
    parts, heads = seen.parts, later_heads(seen, direction)
    found = heads.weight.new_full((len(seen.final_scale), len(parts.layers), parts.n_neurons), torch.nan)
    for layer in kept_layers(seen):
        after = heads.after(layer)
        active, vectors = seen.neuron_writers(layer)
        found[:, layer, : len(vectors)] = after.effects(active, vectors) if after.layers else 0.0
    return found


def kept_layers(seen: Linearised) -> list[int]:
    """Return the layers whose neurons a pass kept at every position."""
    return [
        layer
        for layer, part in enumerate(seen.parts.layers)
        if not isinstance(part.down, Absence) and seen.parts.address(f"mlp_act.{layer}") in seen.seen
    ]
