"""How does one forward pass run with some of its tensors seen or replaced, and leave nothing behind?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from neuronscope.models.anatomy import Absence, Anatomy, Tap
from neuronscope.models.attention import ACTIVE, Place, Taps, Visit
from neuronscope.models.sites import Site
from neuronscope.words import BadInput


@dataclass(frozen=True)
class Resume:
    """A residual stream [batch position width] that enters a block, from 1; earlier blocks are skipped."""

    layer: int
    stream: Tensor


@dataclass(frozen=True)
class Pass:
    """What one pass gave: the output of the network, None where a visit ended it, and what fired."""

    output: Any
    fired: set[Place]

    @property
    def logits(self) -> Tensor | None:
        """Return the logits as the network gave them, or None where the pass ended before them."""
        return getattr(self.output, "logits", None)


class Enough(Exception):
    """Raised by a visit to end the pass early."""


def forward(
    anatomy: Anatomy,
    inputs: Tensor | Mapping[str, Any],
    visits: Mapping[Place, Visit],
    *,
    resume: Resume | None = None,
    **options: Any,
) -> Pass:
    """Run the network once with the given visits and return its output and the places that fired.

    ``inputs`` are token ids [batch position], or the network's own arguments by name; ``options`` are
    further arguments of it, such as ``logits_to_keep=1``. Hooks exist only during the pass. A lock lets one
    pass at a time hold hooks on a network; passes of other threads that take no lock see none of them,
    because every hook asks whose taps are active.
    """
    taps = Taps(visits, anatomy.layer_of)
    with anatomy.lock, ExitStack() as stack:
        _hold(anatomy, taps, stack)
        if resume is not None:
            _skip_to(anatomy, taps, resume, stack)
        return _one_pass(anatomy, taps, inputs, options)


@contextmanager
def holding(anatomy: Anatomy, visits: Mapping[Place, Visit]) -> Iterator[Callable[..., Pass]]:
    """Give a function that runs one pass a call, as `forward` does, with the hooks put up once for all calls.

    It takes the inputs and options of `forward`. Between two passes no lock is held and nothing is active, so
    other passes of this network, in this thread or another, see none of these hooks.
    """
    taps = Taps(visits, anatomy.layer_of)

    def one_pass(inputs: Tensor | Mapping[str, Any], **options: Any) -> Pass:
        with anatomy.lock:
            return _one_pass(anatomy, taps, inputs, options)

    stack = ExitStack()
    try:
        with anatomy.lock:
            _hold(anatomy, taps, stack)
        yield one_pass
    finally:
        with anatomy.lock:
            stack.close()


def _hold(anatomy: Anatomy, taps: Taps, stack: ExitStack) -> None:
    for place in taps.visits:
        site = Site(place.name)
        found = anatomy.module_tap(site) if site.module else anatomy.tap(place.name, place.layer)
        if isinstance(found, Tap):
            stack.callback(_hooked(taps, place, found).remove)
        elif isinstance(found, Absence):
            raise BadInput(
                f"There is no {place.name} here: {found.reason}; the nearest site is {found.instead}."
            )


def _one_pass(
    anatomy: Anatomy, taps: Taps, inputs: Tensor | Mapping[str, Any], options: Mapping[str, Any]
) -> Pass:
    taps.fired.clear()
    named = {"input_ids": inputs} if isinstance(inputs, Tensor) else dict(inputs)
    outer = ACTIVE.set(taps)
    try:
        return Pass(anatomy.network(**{"use_cache": False, **named, **options}), set(taps.fired))
    except Enough:
        return Pass(None, set(taps.fired))
    finally:
        ACTIVE.reset(outer)


def fresh(tensor: Tensor) -> Tensor:
    """Return a copy in the very memory layout of the original, so that later kernels round alike."""
    if any(stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)):
        return tensor.contiguous()
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=tensor.device).copy_(
        tensor
    )


def _hooked(taps: Taps, place: Place, tap: Tap) -> Any:
    def seen(tensor: Tensor) -> Tensor:
        if tap.derive is None:
            return taps.visit(place, tensor)
        taps.visit(place, tap.derive(tensor))
        return tensor

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _with_input(args, kwargs, seen, place) if ACTIVE.get() is taps else None

    def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if ACTIVE.get() is not taps:
            return None
        if isinstance(output, tuple):
            return (seen(_tensor(output[0], place)), *output[1:])
        return seen(_tensor(output, place))

    if tap.side == "in":
        return tap.module.register_forward_pre_hook(before, with_kwargs=True)
    return tap.module.register_forward_hook(after)


def _with_input(
    args: tuple[Any, ...], kwargs: dict[str, Any], seen: Visit, place: Place
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if args:
        return (seen(_tensor(args[0], place)), *args[1:]), kwargs
    named = [name for name, value in kwargs.items() if isinstance(value, Tensor)]
    name = "hidden_states" if "hidden_states" in named else next(iter(named), None)
    if name is None:
        raise BadInput(f"{place.name} shows no tensor: the module takes none as its input.")
    return args, {**kwargs, name: seen(kwargs[name])}


def _tensor(value: Any, place: Place) -> Tensor:
    if not isinstance(value, Tensor):
        raise BadInput(f"{place.name} shows a {type(value).__name__}, not a tensor: choose another module.")
    return value


def _skip_to(anatomy: Anatomy, taps: Taps, resume: Resume, stack: ExitStack) -> None:
    for layer in range(resume.layer):
        block = anatomy.blocks[layer]
        stream = resume.stream if layer == resume.layer - 1 else None
        block.__dict__["forward"] = _passing(block.forward, taps, stream)
        stack.callback(block.__dict__.pop, "forward", None)


def _passing(own: Callable[..., Any], taps: Taps, stream: Tensor | None) -> Callable[..., Any]:
    def passing(hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(hidden_states, *args, **kwargs)
        return hidden_states if stream is None else stream

    return passing
