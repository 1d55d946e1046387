"""How do documents of any length become rows of one length, the same ones every time?

Both functions are pure: what stands in a row depends on the arguments alone, so that a killed training run
resumes with the batches it would have had.
"""

from collections.abc import Iterator
from functools import lru_cache
from random import Random

import numpy as np


def pack(documents: Iterator[list[int]], n_rows: int, length: int, *, boundary: int) -> np.ndarray:
    """Return whole documents side by side, `boundary` between them, as token ids (row, position).

    Every second row opens with the boundary. The document that reaches the end of a row is cut there.
    """
    rows = np.empty((n_rows, length), dtype=np.int64)
    for index in range(n_rows):
        row: list[int] = [boundary] if index % 2 else []
        while len(row) < length:
            row += [*next(documents), boundary]
        rows[index] = row[:length]
    return rows


def window(stream: np.ndarray, index: int, length: int, *, seed: int) -> np.ndarray:
    """Return window `index` of an endless reading of the stream, as token ids (position).

    Each epoch cuts the stream at another offset and deals the windows in another order.
    """
    per_epoch = (len(stream) - length) // length
    if per_epoch < 1:
        raise ValueError(
            f"a stream of {len(stream)} tokens has no windows of {length}; give at least {2 * length} tokens"
        )
    epoch, place = divmod(index, per_epoch)
    offset, order = _epoch(per_epoch, length, f"{seed}/{epoch}")
    start = offset + order[place] * length
    return stream[start : start + length]


@lru_cache(maxsize=8)
def _epoch(per_epoch: int, length: int, name: str) -> tuple[int, list[int]]:
    rng = Random(name)
    offset = rng.randrange(length)
    order = list(range(per_epoch))
    rng.shuffle(order)
    return offset, order
