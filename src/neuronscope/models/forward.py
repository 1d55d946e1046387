"""How does one forward pass run with some of its tensors seen or replaced, and leave nothing behind?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neuronscope.models.attention import ACTIVE, Place, Taps, Visit
from neuronscope.models.hooks import hold
from neuronscope.models.parts.anatomy import Anatomy
from neuronscope.models.parts.one_row import share_rows
from neuronscope.models.parts.standing import Passing, stood
from neuronscope.models.parts.taps import Addition
from neuronscope.models.skipping import Joins, Resume, join_rows, keep_last, skip_to


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
    joins: Joins | None = None,
    keep: int | None = None,
    trim: bool = False,
    **options: Any,
) -> Pass:
    """Run the network once with the given visits and return its output and the places that fired.

    ``inputs`` are token ids [batch position], or the network's own arguments by name; ``options`` are
    further arguments of it, such as ``logits_to_keep=1``. ``resume`` skips the first blocks, ``joins`` takes
    rows in late, and ``keep`` gives the logits of so many last positions; with ``trim`` the last block too
    works on the last position alone; `shortcuts` says on which networks these give the same numbers. Hooks
    exist only during the pass. A lock lets one pass at a time hold hooks on a network; passes of other
    threads that take no lock see none of them, because every hook asks whose taps are active. Changes that
    stand on the model come before the visits.
    """
    passing = Passing(None if joins is None else joins.lineage)
    visits = stood(anatomy.standing, visits, passing, 0 if resume is None else resume.layer)
    taps = Taps(visits, anatomy.layer_of)
    with anatomy.lock, ExitStack() as stack:
        if joins is not None:
            join_rows(anatomy, taps, joins, stack)
        hold(anatomy, taps, stack)
        if resume is not None:
            skip_to(anatomy, taps, resume, stack)
        if keep is not None:
            trim = trim and not _adds_in_the_last_block(anatomy, visits)
            keep_last(anatomy, taps, keep, trim=trim, stack=stack)
        return _one_pass(anatomy, taps, inputs, options, passing, whole=resume is None)


def _adds_in_the_last_block(anatomy: Anatomy, visits: Mapping[Place, Visit]) -> bool:
    """Return whether a visit of the last block is found by counting additions, which trimming hides."""
    last = len(anatomy.blocks) - 1
    return any(
        place.layer == last and isinstance(anatomy.tap(place.name, last, place.stack), Addition)
        for place in visits
        if place.stack is None
    )


@contextmanager
def holding(anatomy: Anatomy, visits: Mapping[Place, Visit]) -> Iterator[Callable[..., Pass]]:
    """Give a function that runs one pass a call, as `forward` does, with the hooks put up once for all calls.

    It takes the inputs and options of `forward`. Passes of one row, as a text has that is written token by
    token, share large matrices out among the threads. Between two passes no lock is held and nothing is
    active, so other passes of this network, in this thread or another, see none of these hooks.
    """
    passing = Passing()
    taps = Taps(stood(anatomy.standing, visits, passing), anatomy.layer_of)

    def one_pass(inputs: Tensor | Mapping[str, Any], **options: Any) -> Pass:
        with anatomy.lock:
            return _one_pass(anatomy, taps, inputs, options, passing)

    stack = ExitStack()
    try:
        with anatomy.lock:
            hold(anatomy, taps, stack)
            share_rows(anatomy.network, taps, stack)
        yield one_pass
    finally:
        with anatomy.lock:
            stack.close()


def _one_pass(
    anatomy: Anatomy,
    taps: Taps,
    inputs: Tensor | Mapping[str, Any],
    options: Mapping[str, Any],
    passing: Passing,
    *,
    whole: bool = True,
) -> Pass:
    taps.fired.clear()
    named = {"input_ids": inputs} if isinstance(inputs, Tensor) else dict(inputs)
    taps.rows = next((len(value) for value in named.values() if isinstance(value, Tensor)), 1)
    named = {"use_cache": False, **named, **options}
    if anatomy.standing is not None:
        passing.begin(named)
    outer = ACTIVE.set(taps)
    try:
        done = Pass(anatomy.network(**named), set(taps.fired))
        if anatomy.standing is not None and whole:
            anatomy.standing.check_fired(done.fired, first=not passing.past)
        return done
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
