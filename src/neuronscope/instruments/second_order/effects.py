"""What does each neuron add to a reading through all later heads together?"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised
from neuronscope.models.parts.taps import Absence


def neuron_effects(seen: Linearised, direction: Direction) -> Float[Tensor, "prompt layer neuron"]:
    """Return the second-order effect of every neuron of every layer on a reading, in its own units.

    A pass of `held_passes` serves. Neurons that are hidden, or not kept, are NaN; those of the last layer,
    with no head after them, 0.
    """
    parts, n_prompts = seen.parts, len(seen.final_scale)
    found = seen.final_scale.new_full((n_prompts, len(parts.layers), parts.n_neurons), torch.nan)
    for layer, part in enumerate(parts.layers):
        if not isinstance(part.down, Absence) and parts.address(f"mlp_act.{layer}") in seen.seen:
            active, vectors = seen.neuron_writers(layer)
            effect = seen.second_order(active, vectors, layer, direction).effect
            found[:, layer, : effect.shape[-1]] = effect
    return found
