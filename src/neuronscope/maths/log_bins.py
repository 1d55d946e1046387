"""How are numbers counted in ranges that are the same for every corpus, so that counts add up exactly?

The bins are fixed in advance: for either sign eight for each doubling from 2**-14 to 2**10, one for all that
is nearer to zero, and one at each end for what is farther out. A quantile read from them is right to an
eighth of its own size at worst.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

PER_OCTAVE = 8
_LEAST, _MOST = -14, 10
_SIDE = (_MOST - _LEAST) * PER_OCTAVE + 1
N_BINS = 2 * _SIDE + 1
_FIRST = (127 + _LEAST) * PER_OCTAVE - 1  # of a float32 without sign, its exponent and three bits more


def bins_of(values: Tensor) -> Tensor:
    """Return the bin of each number as int32, from its float32 bits.

    >>> bins_of(torch.tensor([0.0, 1.0, -1.0])).tolist()
    [193, 306, 80]
    """
    bits = values.float().contiguous().view(torch.int32)
    sign = bits >> 31
    size = ((bits & 0x7FFFFFFF) >> 20).sub_(_FIRST).clamp_(0, _SIDE)
    return size.bitwise_xor_(sign).sub_(sign).add_(_SIDE)


def edges() -> np.ndarray:
    """Return the ends of the bins from the lowest, one more than there are bins, the outermost infinite."""
    octaves = 2.0 ** np.arange(_LEAST, _MOST)
    positive = (octaves[:, None] * (1 + np.arange(PER_OCTAVE) / PER_OCTAVE)).ravel()
    positive = np.concatenate([positive, [2.0**_MOST, np.inf]])
    return np.concatenate([-positive[::-1], positive])


def counts_of(rows: Tensor) -> Tensor:
    """Return how many numbers of each row fall into each bin, int64 [row bin].

    >>> counts_of(torch.tensor([[0.0, 1.0, 1.01]]))[0, [193, 306]].tolist()
    [1, 2]
    """
    shift = torch.arange(len(rows), dtype=torch.int32, device=rows.device)[:, None] * N_BINS
    return torch.bincount((bins_of(rows) + shift).flatten(), minlength=len(rows) * N_BINS).view(-1, N_BINS)


def quantiles(counts: Any, shares: Any, low: Any, high: Any) -> np.ndarray:
    """Return the values below which a share of the numbers lies, [... share], from counts [... bin].

    Within a bin the numbers are taken to be evenly spread between its ends, cut to the least and the greatest
    number, ``low`` and ``high``, which the shares 0 and 1 give exactly.
    """
    table = np.asarray(counts)
    flat = table.reshape(-1, N_BINS)
    least, most = (np.broadcast_to(end, table.shape[:-1]).reshape(-1, 1) for end in (low, high))
    ends = np.clip(edges(), least, most)
    upto = np.concatenate([np.zeros((len(flat), 1)), flat.cumsum(-1)], axis=-1)
    found, lines = np.empty((len(flat), len(shares))), np.arange(len(flat))
    first = (upto[:, 1:] == 0).sum(-1)
    for place, share in enumerate(shares):
        wanted = share * upto[:, -1]
        at = np.maximum((upto[:, 1:] < wanted[:, None]).sum(-1), first).clip(max=N_BINS - 1)
        inside = (wanted - upto[lines, at]) / np.maximum(flat[lines, at], 1)
        found[:, place] = ends[lines, at] + inside * (ends[lines, at + 1] - ends[lines, at])
    return np.clip(found, least, most).reshape(*table.shape[:-1], len(shares))


def share_beyond(counts: Any, value: Any, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which share of the numbers lies below a value and which above it, from counts [... bin].

    Inside its own bin the numbers are taken to be evenly spread, as by `quantiles`.
    """
    table = np.asarray(counts, dtype=float)
    ends = np.clip(edges(), np.asarray(low)[..., None], np.asarray(high)[..., None])
    width = np.diff(ends)
    into = (np.asarray(value)[..., None] - ends[..., :-1]) / np.where(width > 0, width, 1)
    below = (table * np.where(width > 0, np.clip(into, 0, 1), into > 0)).sum(-1)
    above = (table * np.where(width > 0, np.clip(1 - into, 0, 1), into < 0)).sum(-1)
    total = np.maximum(table.sum(-1), 1)
    return below / total, above / total
