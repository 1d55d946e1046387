"""How are keys and values kept from token to token without copying all of them each time?

The cache of transformers makes a new tensor for every token. Here each layer has room ahead, twice as much
whenever it is full, and hands out the filled part; the numbers are the same.
"""

from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer


def make_room(cache: Any) -> None:
    """Let the layers of a cache that grow by one token at a time grow in place from now on."""
    growing = getattr(cache, "self_attention_cache", cache)
    if isinstance(growing, DynamicCache):
        growing.layers = [
            _Growing(layer) if type(layer) is DynamicLayer and layer.is_initialized else layer
            for layer in growing.layers
        ]


class _Growing(DynamicLayer):
    """A layer of keys and values in a tensor with room for more."""

    def __init__(self, kept: DynamicLayer) -> None:
        super().__init__()
        self.dtype, self.device = kept.dtype, kept.device
        self.keys, self.values, self.is_initialized = kept.keys, kept.values, True
        self._room: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        assert self.keys is not None
        assert self.values is not None
        start, end = self.keys.shape[-2], self.keys.shape[-2] + key_states.shape[-2]
        if self._room is None or self._room[0].shape[-2] < end:
            self._room = _room(self.keys, 2 * end), _room(self.values, 2 * end)
        for room, new in zip(self._room, (key_states, value_states), strict=True):
            room[..., start:end, :] = new
        self.keys, self.values = (room[..., :end, :] for room in self._room)
        return self.keys, self.values


def _room(filled: Tensor, length: int) -> Tensor:
    room = filled.new_empty(*filled.shape[:-2], length, filled.shape[-1])
    room[..., : filled.shape[-2], :] = filled
    return room
