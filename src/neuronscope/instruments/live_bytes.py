"""How many bytes of tensors does a computation hold, now and at its peak? Counted, not sampled."""

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Count the storage of every tensor made while this is open, until the moment when it is freed.

    ``now`` is what lives, ``peak`` the most that lived after any one operation, both in bytes. What was there
    before, such as weights, does not count, nor does a view, which owns nothing. Scratch space inside one
    kernel is not seen. Works alike on real tensors and on the meta device, where nothing is computed.

    >>> with LiveBytes() as live:
    ...     kept = torch.zeros(10, dtype=torch.float64)
    ...     _ = kept[:5] + torch.ones(5, dtype=torch.float64)
    >>> live.now, live.peak
    (120, 160)
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        given = {_storage(leaf)._cdata for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        for leaf in tree_leaves(output):
            if isinstance(leaf, Tensor):
                self._count(_storage(leaf), given)
        self.peak = max(self.peak, self.now)
        return output

    def _count(self, storage: torch.UntypedStorage, given: set[int]) -> None:
        key = storage._cdata
        if key in self._sizes or key in given:
            return
        self._sizes[key] = storage.nbytes()
        self.now += storage.nbytes()
        weakref.finalize(storage, self._freed, key).atexit = False

    def _freed(self, key: int) -> None:
        self.now -= self._sizes.pop(key)


def held_bytes(*tensors: Tensor) -> int:
    """Return the bytes of memory that these tensors keep from being freed, shared memory counted once."""
    return sum({_storage(tensor)._cdata: _storage(tensor).nbytes() for tensor in tensors}.values())


def _storage(tensor: Tensor) -> torch.UntypedStorage:
    return tensor.untyped_storage()
