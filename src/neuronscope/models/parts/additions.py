"""How is a term seen just as a block adds it to its stream, multipliers and norms included?

The additions of a block are counted as it runs. A tap on one of them shows an operand or the outcome, and the
block goes on with what the visit gives back, so that a write reaches all that reads the stream.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from neuronscope.models.attention import ACTIVE, Place, Taps

_NAMES = ("add", "__add__", "__radd__", "add_", "__iadd__")
RESULT = 2
_REPLACED: "WeakKeyDictionary[nn.Module, list[Callable[..., Any] | None]]" = WeakKeyDictionary()


def adds_streams(func: Any, args: Sequence[Any], size: int) -> bool:
    """Return whether a call adds two tensors of the size and shape of the stream."""
    if getattr(func, "__name__", "") not in _NAMES or len(args) != 2:
        return False
    left, right = args
    return (
        isinstance(left, Tensor)
        and isinstance(right, Tensor)
        and left.numel() == size
        and left.shape == right.shape
        and left.is_floating_point()
    )


class AdditionTap(TorchFunctionMode):
    """Count a block's additions of streams and show those that are asked for."""

    def __init__(self, taps: Taps, points: Mapping[int, Mapping[int, Place]], stream: Tensor) -> None:
        super().__init__()
        self.taps, self.points, self.count = taps, points, 0
        self.shape, self.size = stream.shape, stream.numel()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not adds_streams(func, args, self.size):
            return func(*args, **(kwargs or {}))
        wanted = self.points.get(self.count, {})
        self.count += 1
        if not wanted:
            return func(*args, **(kwargs or {}))
        in_place = func.__name__ in ("add_", "__iadd__")
        with torch._C.DisableTorchFunction():
            given = [
                self._seen(wanted[operand], tensor) if operand in wanted else tensor
                for operand, tensor in enumerate(args)
            ]
            if in_place and 0 in wanted:
                given[0] = given[0].clone()
            outcome = func(*given, **(kwargs or {}))
            return self._seen(wanted[RESULT], outcome) if RESULT in wanted else outcome

    def _seen(self, place: Place, tensor: Tensor) -> Tensor:
        if tensor.shape == self.shape:
            return self.taps.visit(place, tensor)
        return self.taps.visit(place, tensor.reshape(self.shape)).reshape(tensor.shape)


def watched(
    own: Callable[..., Any], taps: Taps, points: Mapping[int, Mapping[int, Place]], calls: int
) -> Callable[..., Any]:
    """Return a block's forward that shows the asked additions while these taps are active.

    The function raises `RuntimeError` when the block adds otherwise than when it was probed.
    """

    def forward(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        with AdditionTap(taps, points, entering(args, kwargs)) as tap:
            output = own(*args, **kwargs)
        if tap.count != calls:
            raise RuntimeError(f"A block made {tap.count} additions where the probe had seen {calls}.")
        return output

    return forward


def entering(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
    """Return the stream among the arguments of a block."""
    named = [kwargs["hidden_states"]] if "hidden_states" in kwargs else list(kwargs.values())
    return next(value for value in (*args, *named) if isinstance(value, Tensor))


@contextmanager
def replaced(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a module run another forward, and give it back its own afterwards, in whatever order they end."""
    held = _REPLACED.setdefault(module, [module.__dict__.get("forward")])
    held.append(forward)
    module.__dict__["forward"] = forward
    try:
        yield
    finally:
        held.remove(forward)
        if held[-1] is None:
            module.__dict__.pop("forward", None)
        else:
            module.__dict__["forward"] = held[-1]
        if len(held) == 1:
            del _REPLACED[module]
