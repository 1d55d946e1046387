"""Where is every neuron most active, and what is it like at tokens drawn at random?"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from neuronscope.instruments.neurons.block import Block, Plan
from neuronscope.instruments.neurons.stretches import token_keys

NONE = 2**63 - 1


class TopExamples:
    """The strongest activations of every neuron, at most one a stretch, with the tokens around them.

    Equal activations come in the order of their stretches' keys. An activation of exactly 0 is no example.
    """

    def __init__(self, n_layers: int, n_neurons: int, top_k: int, offsets: np.ndarray) -> None:
        shape = (n_layers, n_neurons, top_k)
        self.offsets = offsets
        self.values = torch.full(shape, -torch.inf, dtype=torch.float32)
        self.keys = torch.full(shape, NONE)
        self.documents = torch.full(shape, -1)
        self.places = torch.full(shape, -1, dtype=torch.int32)
        self.tokens = torch.full((*shape, len(offsets)), -1, dtype=torch.int32)
        self.window = torch.full((*shape, len(offsets)), torch.nan, dtype=torch.float32)

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is held, for keeping."""
        names = ("values", "keys", "documents", "places", "tokens", "window")
        return {name: getattr(self, name) for name in names}

    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Go on from what was kept."""
        for name, tensor in self.tensors().items():
            tensor.copy_(kept[name])

    def add(self, block: Block) -> None:
        """Take up what is stronger in one layer of a pass than what is held."""
        layer, rows = block.layer, range(len(block.plan.stretches))
        best = torch.stack([block.of(row).amax(0) for row in rows]).float()
        enough = (best >= self.values[layer, :, -1]) & (best != 0)
        columns = enough.any(0).nonzero()[:, 0]
        if not len(columns):
            return
        n_held = self.values.shape[-1]
        fresh = torch.where(enough, best, -torch.inf)[:, columns].T
        keys = torch.from_numpy(block.plan.stretch_keys).expand(len(columns), -1)
        held = self.keys[layer, columns]
        fresh = fresh.masked_fill(_seen(keys, held), -torch.inf)
        values = torch.cat([self.values[layer, columns], fresh], -1)
        every = torch.cat([held, keys.masked_fill(fresh == -torch.inf, NONE)], -1)
        order = every.argsort(dim=-1, stable=True)
        order = order.gather(-1, values.gather(-1, order).argsort(dim=-1, descending=True, stable=True))
        order = order[:, :n_held]
        self.values[layer, columns] = values.gather(-1, order)
        self.keys[layer, columns] = every.gather(-1, order)
        kept = order.clamp(max=n_held - 1)
        for held_there in (self.documents, self.places, self.tokens, self.window):
            mine = held_there[layer, columns]
            index = kept if mine.dim() == 2 else kept[..., None].expand_as(mine)
            held_there[layer, columns] = mine.gather(1, index)
        for row in rows:
            at, rank = (order == n_held + row).nonzero(as_tuple=True)
            taken = self.values[layer, columns[at], rank] > -torch.inf
            if taken.any():
                self._enter(block, row, columns[at[taken]], rank[taken])

    def _enter(self, block: Block, row: int, neurons: Tensor, ranks: Tensor) -> None:
        layer, plan = block.layer, block.plan
        peak = block.of(row)[:, neurons].argmax(0) + plan.stretches[row].first
        columns, inside = plan.window(row, peak.numpy(), self.offsets)
        around = block.values[row][torch.from_numpy(columns), neurons[:, None]].float()
        around[torch.from_numpy(~inside)] = torch.nan
        self.window[layer, neurons, ranks] = around
        self.tokens[layer, neurons, ranks] = torch.from_numpy(
            plan.texts(row, peak.numpy(), self.offsets)
        ).int()
        self.documents[layer, neurons, ranks] = plan.stretches[row].document
        self.places[layer, neurons, ranks] = plan.documents_of(row, peak).int()


def _seen(keys: Tensor, held: Tensor) -> Tensor:
    """Say which stretches of a pass are held already, or come twice in it: equal texts give one example."""
    own = keys[0]
    twice = torch.tensor([bool((own[:place] == own[place]).any()) for place in range(len(own))])
    if not len(held):
        return keys == held
    known = torch.isin(own, held)
    found = twice.expand(len(held), -1).clone()
    for place in known.nonzero()[:, 0].tolist():
        found[:, place] |= (held == own[place]).any(-1)
    return found


class Sample:
    """Tokens drawn uniformly from a corpus, those with the smallest keys, and every neuron around them."""

    def __init__(self, n_layers: int, n_neurons: int, n_samples: int, offsets: np.ndarray) -> None:
        self.offsets = offsets
        self.keys = torch.full((n_samples,), NONE)
        self.documents = torch.full((n_samples,), -1)
        self.places = torch.full((n_samples,), -1)
        self.tokens = torch.full((n_samples, len(offsets)), -1, dtype=torch.int32)
        self.values = torch.full((n_layers, n_samples, len(offsets), n_neurons), torch.nan)
        self._entering: list[tuple[int, int, int]] = []

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is held, for keeping."""
        return {name: getattr(self, name) for name in ("keys", "documents", "places", "tokens", "values")}

    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Go on from what was kept."""
        for name, tensor in self.tensors().items():
            tensor.copy_(kept[name])

    def begin(self, plan: Plan) -> None:
        """Draw from the tokens of a pass, before any activation is known."""
        if not len(self.keys):
            return
        greatest = int(self.keys.max())
        known = set(self.keys.tolist())
        drawn: dict[int, tuple[int, int]] = {}
        for row, one in enumerate(plan.stretches):
            positions = np.arange(one.first, one.stop)
            keys = token_keys(one.document, plan.documents_of(row, positions), plan.seed)
            for place in np.flatnonzero(keys < greatest).tolist():
                if int(keys[place]) not in known:
                    drawn.setdefault(int(keys[place]), (row, int(positions[place])))
        least = sorted([*self.keys.tolist(), *drawn])[: len(self.keys)]
        stays = {key for key in least if key in known}
        free = [slot for slot, key in enumerate(self.keys.tolist()) if key == NONE or key not in stays]
        self._entering = []
        for slot, key in zip(free, (key for key in least if key in drawn), strict=False):
            row, position = drawn[key]
            self.keys[slot] = key
            self.documents[slot] = plan.stretches[row].document
            self.places[slot] = int(plan.documents_of(row, position))
            self.tokens[slot] = torch.from_numpy(plan.texts(row, np.array([position]), self.offsets)[0])
            self._entering.append((slot, row, position))

    def add(self, block: Block) -> None:
        """Read one layer around the tokens that were drawn."""
        for slot, row, position in self._entering:
            columns, inside = block.plan.window(row, np.array([position]), self.offsets)
            around = block.values[row, torch.from_numpy(columns[0])].float()
            around[torch.from_numpy(~inside[0])] = torch.nan
            self.values[block.layer, slot] = around
