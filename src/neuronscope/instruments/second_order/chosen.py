"""Which neurons are looked at as vectors, and how are their strengths on many prompts held at once?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.meaning.weights import named_neurons
from neuronscope.instruments.second_order.factored import paths, strengths
from neuronscope.instruments.second_order.passes import held_passes
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_HELD = 2**27
_AT_ONCE = 2**23


@dataclass(frozen=True, eq=False)
class Chosen:
    """Neurons in the order in which they are listed, by layer and number."""

    layer: Int[np.ndarray, " item"]
    number: Int[np.ndarray, " item"]

    def __len__(self) -> int:
        return len(self.layer)

    @property
    def addresses(self) -> list[str]:
        """Return the address of each, such as ``mlp_act.3.17``."""
        return [f"mlp_act.{layer}.{number}" for layer, number in zip(self.layer, self.number, strict=True)]

    def blocks(self, most: "dict[int, int]") -> "Iterator[Block]":
        """Yield the neurons of each layer in blocks of at most so many by layer."""
        for layer in np.unique(self.layer).tolist():
            items = np.flatnonzero(self.layer == layer)
            for start in range(0, len(items), most[layer]):
                own = items[start : start + most[layer]]
                yield Block(layer, own, torch.from_numpy(self.number[own]))


@dataclass(frozen=True, eq=False)
class Block:
    """Some neurons of one layer: their places in the list, and their numbers in the layer."""

    layer: int
    items: Int[np.ndarray, " item"]
    numbers: Int[Tensor, " item"]


def choose(model: Model, magnitude: Float[np.ndarray, "layer neuron"], *, top_k: int, names: str) -> Chosen:
    """Return the named neurons, or the largest ``top_k`` of each layer, 0 for all; the largest come first.

    Layers with no head after them, or whose neurons are hidden, have none. Raises `BadInput` where a named
    neuron is in such a layer, and where none is left.
    """
    if names:
        sites = named_neurons(model, names)
        found = [(int(site.layer or 0), int(site.unit or 0)) for site in sites]
        for layer, number in found:
            _check(model, magnitude, layer, number)
        layers, numbers = np.array(found, dtype=int).T
        return Chosen(layers, numbers)
    layers, numbers = [], []
    for layer, size in enumerate(magnitude):
        if paths(model, layer):
            order = [number for number in np.argsort(-size, kind="stable") if np.isfinite(size[number])]
            numbers += order[: top_k or None]
            layers += [layer] * len(order[: top_k or None])
    if not layers:
        raise BadInput(
            f"{model.name} has no neuron that a later head reads: choose a model of two layers or more whose "
            "neurons write straight to the stream."
        )
    layer, number = np.array(layers), np.array(numbers, dtype=int)
    order = np.argsort(-magnitude[layer, number], kind="stable")
    return Chosen(layer[order], number[order])


def _check(model: Model, magnitude: np.ndarray, layer: int, number: int) -> None:
    if not paths(model, layer):
        raise BadInput(f"No head reads after neuron {layer}.{number}: name neurons of layers below the last.")
    if not np.isfinite(magnitude[layer, number]):
        raise BadInput(f"Neuron {layer}.{number} does not write straight to the stream: name others.")


def held_strengths(
    model: Model, problems: Problems, chosen: Chosen
) -> Iterator[tuple[Block, Float[Tensor, "prompt path neuron"]]]:
    """Yield the strengths of chosen neurons on all prompts, block by block, in as few passes as memory lets.

    A block's fixed vectors have at most eight million numbers, and blocks of one pass hold half a gigabyte
    together in single precision.
    """
    n_paths = {int(layer): len(paths(model, int(layer))) for layer in np.unique(chosen.layer)}
    most = {
        layer: max(1, min(_AT_ONCE // (count * model.width), _AT_ONCE // (count * max(1, len(problems)))))
        for layer, count in n_paths.items()
    }
    group: list[Block] = []
    size = 0
    for block in chosen.blocks(most):
        added = len(block.items) * n_paths[block.layer] * len(problems)
        if group and size + added > _HELD:
            yield from _one_pass(model, problems, group)
            group, size = [], 0
        group.append(block)
        size += added
    yield from _one_pass(model, problems, group)


def _one_pass(
    model: Model, problems: Problems, group: list[Block]
) -> Iterator[tuple[Block, Float[Tensor, "prompt path neuron"]]]:
    layers = sorted({block.layer for block in group})
    held: list[list[Tensor]] = [[] for _ in group]
    for _, seen in held_passes(model, problems, layers=layers):
        whole = {layer: strengths(seen, layer) for layer in layers}
        for rows, block in zip(held, group, strict=True):
            rows.append(whole[block.layer][..., block.numbers])
    for place, block in enumerate(group):
        yield block, torch.cat(held[place])
        held[place] = []
