"""What do writers add to a reading through one later head, and through which head?"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Onward:
    """Second-order effects in their factors: all data is in ``strength``, all weights in ``gain``.

    A writer's effect is Σ over paths of strength · gain, where a path is a later head: ``paths`` names layer
    and head of each. Strengths hold the scale of the last norm.
    """

    strength: Float[Tensor, "prompt path unit"]
    gain: Float[Tensor, "prompt path unit"]
    paths: tuple[tuple[int, int], ...]

    @property
    def by_head(self) -> Float[Tensor, "prompt path unit"]:
        """Return the effect of each writer through each later head."""
        return self.strength * self.gain

    @property
    def effect(self) -> Float[Tensor, "prompt unit"]:
        """Return the effect of each writer through all later heads together."""
        return torch.einsum("phu,phu->pu", self.strength, self.gain.expand(len(self.strength), -1, -1))
