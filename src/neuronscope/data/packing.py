"""How do documents of any length become rows of one length, the same ones every time?

Everything here is pure: what stands in a row depends on the arguments alone, so that a killed training run
resumes with the batches it would have had.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from random import Random

import numpy as np

from neuronscope.words import BadInput


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


def joined(documents: Iterable[Sequence[int]], *, boundary: int) -> np.ndarray:
    """Return all documents one after the other as token ids (position), `boundary` before each.

    >>> joined([[5, 6], [7]], boundary=0).tolist()
    [0, 5, 6, 0, 7]
    """
    pieces = [piece for tokens in documents for piece in ([boundary], tokens)]
    return np.concatenate([np.asarray(piece, dtype=np.int64) for piece in pieces] or [np.empty(0, np.int64)])


def document_of(stream: np.ndarray, *, boundary: int) -> np.ndarray:
    """Return for each token of a stream, or of rows cut out of it, in which of its documents it is, from 0.

    A boundary belongs to the document that it opens. Rows begin with document 0, whether with its boundary
    or in its midst.

    >>> document_of(np.array([[0, 5, 6, 0, 7], [6, 0, 7, 0, 8]]), boundary=0).tolist()
    [[0, 0, 0, 1, 1], [0, 1, 1, 2, 2]]
    """
    opened = (stream == boundary).cumsum(-1)
    return opened - (stream[..., :1] == boundary)


def window(stream: np.ndarray, index: int, length: int, *, seed: int) -> np.ndarray:
    """Return window `index` of an endless reading of the stream, as token ids (position).

    Each epoch cuts the stream at another offset and deals the windows in another order.
    """
    per_epoch = (len(stream) - length) // length
    if per_epoch < 1:
        raise BadInput(
            f"A stream of {len(stream)} tokens has no windows of {length}: give at least {2 * length} tokens."
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
