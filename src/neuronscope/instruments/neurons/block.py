"""What does a pass over the corpus hand to those who count? Its stretches, and one layer's activations."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.neurons.stretches import Stretch, token_keys


@dataclass(frozen=True)
class Plan:
    """The stretches of one pass and where their tokens stand in the rows that the network runs."""

    stretches: tuple[Stretch, ...]
    starts: tuple[int, ...]
    width: int
    seed: int

    @cached_property
    def counted(self) -> list[slice]:
        """Return for each row the columns of the tokens that count."""
        return [
            slice(start + one.first, start + one.stop)
            for start, one in zip(self.starts, self.stretches, strict=True)
        ]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Return how many tokens count in each stretch."""
        return np.array([one.n_counted for one in self.stretches], np.int64)

    @cached_property
    def flat(self) -> Tensor:
        """Return the places of the counted tokens in all rows laid end to end."""
        return torch.cat(
            [
                torch.arange(row * self.width + cut.start, row * self.width + cut.stop)
                for row, cut in enumerate(self.counted)
            ]
        )

    @cached_property
    def stretch_keys(self) -> np.ndarray:
        """Return a number for each stretch by which ties are settled, the same in whatever pass it runs."""
        return np.array([token_keys(one.document, one.start, self.seed)[0] for one in self.stretches])

    def documents_of(self, row: int, positions: Any) -> Any:
        """Return the places in their document of tokens of a stretch."""
        return self.stretches[row].start + positions

    def window(self, row: int, positions: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns around some tokens of a stretch [token offset], and which of them are text."""
        around = positions[:, None] + offsets
        begin, end = self.stretches[row].words
        inside = (around >= begin) & (around < end)
        return np.where(inside, around, positions[:, None]) + self.starts[row], inside

    def texts(self, row: int, positions: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Return the token ids around some tokens of a stretch [token offset], -1 outside the text."""
        columns, inside = self.window(row, positions, offsets)
        ids = np.asarray(self.stretches[row].tokens)
        return np.where(inside, ids[columns - self.starts[row]], -1)


@dataclass(frozen=True)
class Block:
    """The activations of one layer in one pass."""

    plan: Plan
    layer: int
    values: Float[Tensor, "batch position neuron"]

    def of(self, row: int) -> Float[Tensor, "position neuron"]:
        """Return the activations at the counted tokens of one stretch."""
        return self.values[row, self.plan.counted[row]]

    def columns(self, begin: int, end: int) -> Float[Tensor, "neuron position"]:
        """Return the activations of some neurons at all counted tokens."""
        flat = self.values.reshape(-1, self.values.shape[-1])
        return flat[:, begin:end].index_select(0, self.plan.flat).T.contiguous()
