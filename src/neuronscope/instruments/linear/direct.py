"""What does each part of a model add straight to a reading of its last stream, and do the parts sum to it?"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Direct:
    """What every writer adds to a reading at one position of each prompt, in the reading's own units.

    ``token`` and ``position`` are the embeddings, ``constant`` the biases of the last norm and the output
    head. ``attention`` and ``mlp`` are whole layers; ``head`` with ``attention_bias`` and ``neuron`` with
    ``mlp_bias`` are the same numbers by parts, NaN in layers that cannot be split. ``total`` is what the
    model's own last norm gives.
    """

    constant: Float[Tensor, " prompt"]
    token: Float[Tensor, " prompt"]
    position: Float[Tensor, " prompt"]
    attention: Float[Tensor, "prompt layer"]
    head: Float[Tensor, "prompt layer head"]
    attention_bias: Float[Tensor, "prompt layer"]
    mlp: Float[Tensor, "prompt layer"]
    neuron: Float[Tensor, "prompt layer neuron"]
    mlp_bias: Float[Tensor, "prompt layer"]
    total: Float[Tensor, " prompt"]

    @property
    def sum(self) -> Float[Tensor, " prompt"]:
        """Return the sum over the finest parts that there are."""
        attention = _finest(self.head.double().sum(-1) + self.attention_bias, self.attention)
        mlp = _finest(self.neuron.double().sum(-1) + self.mlp_bias, self.mlp)
        first = (self.constant, self.token, self.position)
        return sum((part.double() for part in first), attention.sum(-1) + mlp.sum(-1))

    @property
    def remainder(self) -> Float[Tensor, " prompt"]:
        """Return what the sum leaves of the total: rounding, and nothing else."""
        return self.total.double() - self.sum


def _finest(split: Tensor, whole: Tensor) -> Tensor:
    return torch.where(split.isnan(), whole.double(), split.double())
