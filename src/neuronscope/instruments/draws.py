"""How is chance drawn, so that a seed gives the same numbers in any batch?"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def drawn_row(seed: int, row: int, n_rows: int) -> int:
    """Return which of so many reference rows this row draws."""
    return _number(f"{seed} {row}") % n_rows


def drawn_noise(
    current: Tensor, axis: int | None, seed: int, rows: Sequence[int], positions: Sequence[int]
) -> Tensor:
    """Return standard Gaussian noise of the shape of a tensor, batch first.

    Each row and position of ``axis`` has numbers of its own; without an axis the tensor is one position.
    """
    shape = current.shape if axis is None else current.movedim(axis, 1).shape
    rest = shape[1:] if axis is None else shape[2:]
    drawn = torch.stack(
        [torch.stack([_normal(f"{seed} {row} {position}", rest) for position in positions]) for row in rows]
    )
    drawn = drawn[:, 0] if axis is None else drawn.movedim(1, axis)
    return drawn.to(device=current.device, dtype=current.dtype)


def _normal(said: str, shape: Sequence[int]) -> Tensor:
    generator = torch.Generator().manual_seed(_number(said))
    return torch.randn(tuple(shape), generator=generator)


def _number(said: str) -> int:
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7])
