"""How does a pass do less than the whole network? It skips blocks, takes rows in late, drops the unread."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from neuronscope.models.attention import ACTIVE, Taps
from neuronscope.models.parts.additions import replaced
from neuronscope.models.parts.anatomy import Anatomy
from neuronscope.words import BadInput


@dataclass(frozen=True)
class Resume:
    """A residual stream [batch position width] that enters a block, from 1; earlier blocks are skipped."""

    layer: int
    stream: Tensor


@dataclass(frozen=True)
class Joins:
    """Rows that enter late: at the entry of each block, the numbers of the first rows whose stream is copied.

    ``n_rows`` is the batch that the pass starts with. New rows follow those already there, in the order of
    the blocks.
    """

    n_rows: int
    at: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def lineage(self, layer: int) -> list[int]:
        """Return for every row of a block which of the first rows it descends from."""
        joined = [row for block in sorted(self.at) if block <= layer for row in self.at[block]]
        return [*range(self.n_rows), *joined]


_RETURNS: "WeakKeyDictionary[nn.Module, int | None]" = WeakKeyDictionary()


def skip_to(anatomy: Anatomy, taps: Taps, resume: Resume, stack: ExitStack) -> None:
    """Let the blocks before a layer pass on what they are given, the last of them the stream.

    Raises `BadInput` where no such block is.
    """
    if not 0 < resume.layer < len(anatomy.blocks):
        raise BadInput(
            f"A pass resumes at a block from 1 to {len(anatomy.blocks) - 1}, not at {resume.layer}."
        )
    for layer in range(resume.layer):
        block = anatomy.blocks[layer]
        stream = resume.stream if layer == resume.layer - 1 else None
        stack.enter_context(replaced(block, _passing(block.forward, block, taps, stream)))


def learn_returns(anatomy: Anatomy, outputs: Mapping[int, Any]) -> None:
    """Remember of blocks that return a tuple how long it is, so that a skipped block returns one too."""
    for layer, output in outputs.items():
        _RETURNS[anatomy.blocks[layer]] = len(output) if isinstance(output, tuple) else None


def _passing(
    own: Callable[..., Any], block: nn.Module, taps: Taps, stream: Tensor | None
) -> Callable[..., Any]:
    length = _RETURNS.get(block)

    def passing(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        passed = _stream(args, kwargs) if stream is None else stream
        return passed if length is None else (passed, *[None] * (length - 1))

    return passing


def join_rows(anatomy: Anatomy, taps: Taps, joins: Joins, stack: ExitStack) -> None:
    """Let rows into the batch at the entry of blocks, with the masks and tables that their rows need."""
    if not joins.at:
        return
    for layer in range(min(joins.at), len(anatomy.blocks)):
        hook = _joining(taps, joins, layer)
        stack.callback(
            anatomy.blocks[layer].register_forward_pre_hook(hook, with_kwargs=True, prepend=True).remove
        )


def _joining(taps: Taps, joins: Joins, layer: int) -> Callable[..., Any]:
    new, lineage = list(joins.at.get(layer, ())), joins.lineage(layer)

    def spread(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(spread(part) for part in value)
        batched = isinstance(value, Tensor) and value.dim() > 1 and value.shape[0] == joins.n_rows
        return value[lineage] if batched and joins.n_rows > 1 else value

    def grown(stream: Tensor) -> Tensor:
        return torch.cat([stream, stream[new]]) if new else stream

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if ACTIVE.get() is not taps:
            return None
        taps.rows = len(lineage)
        if args:
            rest = tuple(spread(value) for value in args[1:])
            return (grown(args[0]), *rest), {name: spread(value) for name, value in kwargs.items()}
        name = _stream_name(kwargs)
        spreaded = {other: spread(value) for other, value in kwargs.items() if other != name}
        return args, {name: grown(kwargs[name]), **spreaded}

    return before


def keep_last(anatomy: Anatomy, taps: Taps, keep: int, *, trim: bool, stack: ExitStack) -> None:
    """Cut what enters the output head to its last positions.

    ``trim`` cuts what enters the output matrix of attention and the MLP of the last block to the last
    position too: the stream of other positions is then no longer that of the model, and nobody reads it.
    """
    last = len(anatomy.blocks) - 1
    cuts = [(anatomy.head, keep)]
    if trim and keep == 1:
        cuts += [(anatomy.output(last), 1), (anatomy.mlp[last], 1)]
    for module, kept in cuts:
        if module is not None:
            stack.callback(module.register_forward_pre_hook(_cutting(taps, kept), with_kwargs=True).remove)


def _cutting(taps: Taps, keep: int) -> Callable[..., Any]:
    def end(stream: Tensor) -> Tensor:
        # Rows that do not lie together are multiplied one by one, and each reads every weight again.
        return stream[:, -keep:].contiguous()

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if ACTIVE.get() is not taps:
            return None
        if args:
            return (end(args[0]), *args[1:]), kwargs
        name = _stream_name(kwargs)
        return args, {**kwargs, name: end(kwargs[name])}

    return before


def _stream(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    return args[0] if args else kwargs[_stream_name(kwargs)]


def _stream_name(kwargs: Mapping[str, Any]) -> str:
    if "hidden_states" in kwargs:
        return "hidden_states"
    return next(name for name, value in kwargs.items() if isinstance(value, Tensor))
