"""What do all heads after a layer take from each position, and in which direction do they read there?"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised, head_directions
from neuronscope.instruments.linear.readout import as_direction


@dataclass(frozen=True, eq=False)
class LaterHeads:
    """The heads of some layers, one path each, as a reading sees the stream through them.

    ``weight`` is pattern over norm scale at every position, over the scale of the last norm, zero at padding;
    ``direction`` is what a head reads of the stream so as to move the reading: one for all prompts or one
    each. A vector written at a position adds weight · (vector · direction) through each path.
    """

    weight: Float[Tensor, "prompt path position"]
    direction: Float[Tensor, "prompt path width"]
    layers: tuple[int, ...]

    def after(self, layer: int) -> "LaterHeads":
        """Return the heads of the layers after one."""
        first = sum(at <= layer for at in self.layers)
        return LaterHeads(self.weight[:, first:], self.direction[:, first:], self.layers[first:])

    @property
    def together(self) -> Float[Tensor, "prompt position width"]:
        """Return the direction that all these heads together read at each position."""
        direction = self.direction.expand(len(self.weight), -1, -1)
        return self.weight.transpose(1, 2) @ direction.to(self.weight.dtype)

    def by_path(
        self, coefficients: Float[Tensor, "prompt position unit"], vectors: Float[Tensor, "unit width"]
    ) -> Float[Tensor, "prompt path unit"]:
        """Return what writers add to the reading through each of these heads."""
        gain = self.direction @ vectors.to(self.direction).T
        return (self.weight @ coefficients).mul_(gain)

    def effects(
        self, coefficients: Float[Tensor, "prompt position unit"], vectors: Float[Tensor, "unit width"]
    ) -> Float[Tensor, "prompt unit"]:
        """Return what writers add to the reading through all these heads, in the cheaper of two orders."""
        n_prompts, n_paths, n_positions = self.weight.shape
        if len(self.direction) < n_prompts or n_paths < n_positions:
            return self.by_path(coefficients, vectors).sum(1)
        return (self.together @ vectors.to(coefficients).T).mul_(coefficients).sum(1)


def later_heads(seen: Linearised, direction: Direction | Tensor) -> LaterHeads:
    """Return every head of a pass that was linearised to second order, layer by layer.

    Raises `BadInput` as `Linearised.weights_of` does.
    """
    v = seen.parts.final.back(as_direction(seen.parts, direction).vectors)
    scale, layers = seen.final_scale, [at for at, part in enumerate(seen.parts.layers) if part.attends]
    weights = [seen.weights_of(at) for at in layers]
    read = [head_directions(seen.model, at, v, stack=seen.parts.stack) for at in layers]
    if not layers:
        none = scale.new_zeros(len(scale), 0, 0)
        return LaterHeads(none, v.new_zeros(len(v), 0, seen.parts.width), ())
    weight = torch.cat(weights, 1) / scale[:, None, None]
    names = [at for at, one in zip(layers, weights, strict=True) for _ in range(one.shape[1])]
    return LaterHeads(weight.to(v.dtype), torch.cat(read, 1), tuple(names))
