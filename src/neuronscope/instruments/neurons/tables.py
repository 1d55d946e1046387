"""What is the mean activation of every neuron at every token, and at frequent tokens in a row?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from neuronscope.instruments.neurons.block import Block, Plan
from neuronscope.instruments.neurons.ngrams import NgramIndex
from neuronscope.maths.streaming_moments import unit_error

CELL_BYTES = 16
_HELD = 2**22  # numbers of one part that are worked on at once


@dataclass(frozen=True)
class _Occurrences:
    """Where the n-grams of a pass end: means within a stretch, then sums over stretches, as sparse matrices.

    ``line`` says of which of the n-grams each n-gram in a stretch is; ``before`` and ``new`` are the sums
    of squared numbers of occurrences in a stretch, before the pass and in it.
    """

    within: csr_array  # (n-gram in a stretch, flat position)
    across: csr_array  # (n-gram, n-gram in a stretch), times how often it stands there
    squared: csr_array  # the same, times the square of that
    line: np.ndarray
    rows: np.ndarray
    before: np.ndarray
    new: np.ndarray


class NgramTable:
    """Sums of the activations at the last token of each indexed n-gram, and what their errors need."""

    def __init__(self, index: NgramIndex, n_layers: int, n_neurons: int) -> None:
        shape = (n_layers, len(index), n_neurons)
        self.index = index
        self.counts = torch.zeros(len(index), dtype=torch.int64)
        self.stretches = torch.zeros(len(index), dtype=torch.int64)
        self.size_squares = torch.zeros(len(index), dtype=torch.int64)
        self.totals = torch.zeros(shape, dtype=torch.float64)
        self.centres = torch.zeros(shape)  # mean over stretches, by squared number of occurrences
        self.spreads = torch.zeros(shape)  # squared distances from it, by the same weights
        self._pass: _Occurrences | None = None

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is held, for keeping."""
        names = ("counts", "stretches", "size_squares", "totals", "centres", "spreads")
        return {name: getattr(self, name) for name in names}

    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Go on from what was kept."""
        for name, tensor in self.tensors().items():
            tensor.copy_(kept[name])

    def begin(self, plan: Plan) -> None:
        """Find the n-grams of a pass and count them."""
        rows, stretches, places = self._found(plan)
        self._pass = None
        if not len(rows):
            return
        order = np.lexsort((places, stretches, rows))
        rows, stretches, places = rows[order], stretches[order], places[order]
        new = np.r_[True, (np.diff(rows) != 0) | (np.diff(stretches) != 0)]
        pair_rows, begins = rows[new], np.flatnonzero(new)
        sizes = np.diff(np.r_[begins, len(rows)])
        unique, first, line = np.unique(pair_rows, return_index=True, return_inverse=True)
        ends, pairs = np.r_[first, len(pair_rows)], np.arange(len(pair_rows))
        wide, weight = len(plan.stretches) * plan.width, sizes.astype(np.float32)
        before = self.size_squares.numpy()[unique].astype(np.float32)
        self._count(rows, pair_rows, sizes)
        after = self.size_squares.numpy()[unique].astype(np.float32)
        self._pass = _Occurrences(
            csr_array(
                (1 / np.repeat(weight, sizes), places, np.r_[begins, len(rows)]), shape=(len(pairs), wide)
            ),
            csr_array((weight, pairs, ends), shape=(len(unique), len(pairs))),
            csr_array((weight**2, pairs, ends), shape=(len(unique), len(pairs))),
            line,
            unique,
            before[:, None],
            (after - before)[:, None],
        )

    def _count(self, rows: np.ndarray, pair_rows: np.ndarray, sizes: np.ndarray) -> None:
        n = len(self.index)
        self.counts += torch.from_numpy(np.bincount(rows, minlength=n))
        self.stretches += torch.from_numpy(np.bincount(pair_rows, minlength=n))
        squares = np.bincount(pair_rows, weights=sizes**2, minlength=n)
        self.size_squares += torch.from_numpy(squares.astype(np.int64))

    def _found(self, plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row, stretch and flat place of each occurrence whose last token counts."""
        found: list[np.ndarray] = []
        for number, one in enumerate(plan.stretches):
            begin, end = one.words
            rows = self.index.rows_at(np.asarray(one.tokens[begin:end]))
            length, at = np.nonzero(rows >= 0)
            inside = at + begin >= one.first
            length, at = length[inside], at[inside]
            places = number * plan.width + plan.starts[number] + begin + at
            found.append(np.stack([rows[length, at], np.full(len(at), number), places]))
        return tuple(np.concatenate(found, axis=1))  # pyright: ignore[reportReturnType]

    def add(self, block: Block) -> None:
        """Add up one layer of a pass."""
        at = self._pass
        if at is None:
            return
        flat = block.values.reshape(-1, block.values.shape[-1]).numpy()
        step = max(_HELD // len(at.line), 64)
        totals, centres, spreads = (
            part[block.layer].numpy() for part in (self.totals, self.centres, self.spreads)
        )
        share = at.new / (at.before + at.new)
        for begin in range(0, flat.shape[1], step):
            part = slice(begin, begin + step)
            means = at.within @ np.ascontiguousarray(flat[:, part])
            totals[at.rows, part] += at.across @ means
            centre = (at.squared @ means) / at.new
            means -= centre[at.line]
            gap = centre - centres[at.rows, part]
            spreads[at.rows, part] += at.squared @ (means * means) + gap * gap * at.before * share
            centres[at.rows, part] += gap * share

    def line(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean activations of one n-gram [layer neuron] and their standard errors."""
        count, squares = max(int(self.counts[row]), 1), int(self.size_squares[row])
        mean = self.totals[:, row].numpy() / count
        left = self.spreads[:, row].numpy() + squares * (self.centres[:, row].numpy() - mean) ** 2
        return mean, unit_error(int(self.stretches[row]), count, left)
