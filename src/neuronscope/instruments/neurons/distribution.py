"""How are the activations of every neuron distributed? Sums that grow no larger with the corpus."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from neuronscope.instruments.neurons.block import Block, Plan
from neuronscope.maths.log_bins import N_BINS, counts_of
from neuronscope.maths.streaming_moments import central_sums, merged_sums

_TOGETHER = 64  # neurons whose numbers fit the processor's own memory at once


class Distribution:
    """Counts, moments, extremes and histograms of all neurons, and what their errors need, in float64."""

    def __init__(self, n_layers: int, n_neurons: int, threshold: float) -> None:
        shape, wide = (n_layers, n_neurons), torch.float64
        self.threshold = threshold
        self.n_tokens, self.n_stretches, self.size_squares = 0, 0, 0.0
        self.sums = torch.zeros(n_layers, 4, n_neurons, dtype=wide)
        self.least = torch.full(shape, torch.inf, dtype=wide)
        self.most = torch.full(shape, -torch.inf, dtype=wide)
        self.active = torch.zeros(shape, dtype=torch.int64)
        self.histogram = torch.zeros(*shape, N_BINS, dtype=torch.int64)
        self.squares = torch.zeros(2, *shape, dtype=wide)  # of each stretch: its sum, its number of active
        self.products = torch.zeros(2, *shape, dtype=wide)

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is held, for keeping."""
        counts = torch.tensor([self.n_tokens, self.n_stretches, self.size_squares], dtype=torch.float64)
        names = ("sums", "least", "most", "active", "histogram", "squares", "products")
        return {"counts": counts, **{name: getattr(self, name) for name in names}}

    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Go on from what was kept."""
        for name, tensor in self.tensors().items():
            tensor.copy_(kept[name])
        n_tokens, n_stretches, self.size_squares = kept["counts"].tolist()
        self.n_tokens, self.n_stretches = int(n_tokens), int(n_stretches)

    def add(self, block: Block) -> None:
        """Count one layer of a pass."""
        layer, n_new = block.layer, len(block.plan.flat)
        for begin in range(0, self.least.shape[1], _TOGETHER):
            part = slice(begin, begin + _TOGETHER)
            values = block.columns(begin, begin + _TOGETHER)
            self.histogram[layer, part] += counts_of(values)
            low, high = values.amin(1), values.amax(1)  # many times faster than both at once
            self.least[layer, part] = torch.minimum(self.least[layer, part], low.double())
            self.most[layer, part] = torch.maximum(self.most[layer, part], high.double())
            sums = _central(values)
            before = self.sums[layer, :, part].numpy()
            self.sums[layer, :, part] = torch.from_numpy(
                merged_sums(self.n_tokens, before, n_new, sums.numpy())
            )
        self._stretches(block)

    def _stretches(self, block: Block) -> None:
        for row, size in enumerate(block.plan.sizes.tolist()):
            values = block.of(row)
            active = (values > self.threshold).sum(0)
            self.active[block.layer] += active
            for place, total in enumerate((values.sum(0, dtype=torch.float64), active.double())):
                self.squares[place, block.layer].addcmul_(total, total)
                self.products[place, block.layer].add_(total, alpha=size)

    def end(self, plan: Plan) -> None:
        """Count the tokens of a pass whose layers were all added."""
        self.n_tokens += len(plan.flat)
        self.n_stretches += len(plan.stretches)
        self.size_squares += float((plan.sizes.astype(np.float64) ** 2).sum())


def _central(values: Tensor) -> Tensor:
    """Return the central sums of each row, as `central_sums`."""
    shift = values[:, :256].mean(1, dtype=torch.float64)
    gap = values.double().sub_(shift[:, None])
    square = gap * gap
    raw = [gap.sum(1), square.sum(1), gap.mul_(square).sum(1), square.mul_(square).sum(1)]
    return torch.from_numpy(central_sums(values.shape[1], torch.stack(raw).numpy(), shift.numpy()))
