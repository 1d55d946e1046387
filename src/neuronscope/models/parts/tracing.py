"""What does each block do to the stream? One pass over a few tokens is recorded, function by function."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from neuronscope.models.attention import ACTIVE, Place, Taps
from neuronscope.models.parts.additions import RESULT, adds_streams, entering, replaced
from neuronscope.models.parts.taps import Addition

_SAME = (
    *(
        "view",
        "reshape",
        "unsqueeze",
        "squeeze",
        "clone",
        "to",
        "float",
        "half",
        "bfloat16",
        "type",
        "double",
    ),
    *("type_as", "contiguous", "dropout", "detach", "flatten", "unflatten", "view_as", "reshape_as"),
)
_WRITES = ("__setitem__", "__iadd__", "__imul__", "__isub__", "__itruediv__")


@dataclass
class Node:
    """A tensor that came to be in a block: by which function, from which others."""

    name: str
    parents: tuple[int, ...]
    shape: torch.Size
    floating: bool
    addition: int | None = None

    @property
    def passes(self) -> bool:
        """Return whether it holds the value of its first parent in another shape or number format."""
        return self.name in _SAME and bool(self.parents)


@dataclass
class Softmax:
    """A softmax over the sequence: its node, the module that takes it and the shape of its outcome."""

    node: int
    owner: nn.Module
    shape: tuple[int, ...]


@dataclass
class Trace:
    """One call of one block: its nodes, where its stream enters and leaves, what its modules gave."""

    block: nn.Module
    nodes: list[Node] = field(default_factory=list)
    enters: int = 0
    leaves: int = 0
    additions: int = 0
    n_calls: int = 0
    returns: int | None = None
    rows: int = 0
    length: int = 0
    softmaxes: list[Softmax] = field(default_factory=list)
    inputs: dict[nn.Module, int] = field(default_factory=dict)
    again: set[nn.Module] = field(default_factory=set)
    outputs: dict[nn.Module, list[int | None]] = field(default_factory=dict)
    written: set[nn.Module] = field(default_factory=set)

    def bare(self, index: int) -> int:
        """Return the node behind any change of shape or number format."""
        while self.nodes[index].passes:
            index = self.nodes[index].parents[0]
        return index

    def ancestors(self, index: int, stops: Iterable[int]) -> set[int]:
        """Return a node and all that it was worked out from, no further than the stops."""
        stops, found, ends = set(stops), set(), [index]
        while ends:
            at = ends.pop()
            if at not in found and at not in stops:
                found.add(at)
                ends.extend(self.nodes[at].parents)
        return found


_READERS: "WeakKeyDictionary[nn.Module, dict[int, nn.Module]]" = WeakKeyDictionary()


def reads_outcome(addition: Addition) -> nn.Module | None:
    """Return a module, called once, whose input is the very outcome of an addition; None where there is none.

    A hook there sees it for less than a tap on the addition, which watches every operation of the block.
    """
    if addition.operand != RESULT:
        return None
    return _READERS.get(addition.block, {}).get(addition.call)


def _readers(trace: Trace) -> dict[int, nn.Module]:
    found: dict[int, nn.Module] = {}
    for module, index in trace.inputs.items():
        node, stream = trace.nodes[index], trace.nodes[trace.enters]
        plain = module not in trace.again and not list(module.children()) and node.shape == stream.shape
        if plain and node.addition is not None:
            found.setdefault(node.addition, module)
    return found


class _Recorder(TorchFunctionMode):
    def __init__(self, trace: Trace, witness: "Witness", size: int) -> None:
        super().__init__()
        self.trace, self.witness, self.size = trace, witness, size
        self.of: dict[int, int] = {}
        self.kept: list[Tensor] = []
        self.running: list[nn.Module] = []
        self.versions: list[tuple[nn.Module, Tensor, int]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "__get__":
            return func(*args, **kwargs)
        parents = tuple(self.index(tensor) for tensor in tensors((args, tuple(kwargs.values()))))
        addition = None
        if adds_streams(func, args, self.size):
            addition, self.trace.additions = self.trace.additions, self.trace.additions + 1
        outcome = func(*args, **kwargs)
        named = "rescaled add" if addition is not None and kwargs else name.strip("_")
        writes = name in _WRITES or (name.endswith("_") and not name.endswith("__"))
        for tensor in tensors((args[0],) if name == "__setitem__" else (outcome,)):
            if not writes and id(tensor) in self.of:
                continue
            node = self._add(named, parents, tensor, addition)
            if "softmax" in name and self._over_sequence(tensor) and self.running:
                owner = self.running[-1]
                self.trace.softmaxes.append(Softmax(node, owner, tuple(tensor.shape)))
        return outcome

    def _over_sequence(self, tensor: Tensor) -> bool:
        length = self.trace.length
        return tensor.dim() >= 3 and tensor.shape[-2] == length and tensor.shape[-1] in (length, length + 1)

    def index(self, tensor: Tensor) -> int:
        if id(tensor) not in self.of:
            self._add("source", (), tensor)
        return self.of[id(tensor)]

    def _add(self, name: str, parents: tuple[int, ...], tensor: Tensor, addition: int | None = None) -> int:
        node = Node(name, parents, tensor.shape, tensor.is_floating_point(), addition)
        self.trace.nodes.append(node)
        self.of[id(tensor)] = len(self.trace.nodes) - 1
        self.kept.append(tensor)  # so that no later tensor gets its id
        return len(self.trace.nodes) - 1

    def before(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if ACTIVE.get() is not self.witness:
            return
        self.running.append(module)
        given = tensors((args, tuple(kwargs.values())))
        if module in self.trace.inputs:
            self.trace.again.add(module)
        if given:
            self.trace.inputs[module] = self.index(given[0])

    def after(self, module: nn.Module, args: Any, output: Any) -> None:
        if ACTIVE.get() is not self.witness:
            return
        self.running.pop()
        items = output if isinstance(output, list | tuple) else (output,)
        self.trace.outputs[module] = [
            self.index(item) if isinstance(item, Tensor) else None for item in items
        ]
        self.versions += [(module, item, item._version) for item in items if isinstance(item, Tensor)]


class _Noted(dict[nn.Module, Any]):
    """A table that finds every module, and tells of each that is looked up."""

    def __init__(self, note: Callable[[nn.Module], int]) -> None:
        super().__init__()
        self._note = note

    def get(self, key: nn.Module, default: Any = None) -> Any:
        """Return the place that the module is noted at, in no stack."""
        return self._note(key), None


class Witness(Taps):
    """Taps that change nothing: they note which modules call the registry, and the shapes that pass."""

    def __init__(self) -> None:
        super().__init__({}, {})
        self.shapes: dict[nn.Module, dict[str, tuple[int, ...]]] = {}
        self._modules: list[nn.Module] = []
        self.layer_of = _Noted(self._note)

    def _note(self, module: nn.Module) -> int:
        self._modules.append(module)
        self.shapes[module] = {}
        return len(self._modules) - 1

    def visit(self, place: Place, tensor: Tensor) -> Tensor:
        """Note the shape of what passes."""
        if place.layer is not None:
            self.shapes[self._modules[place.layer]][place.name] = tuple(tensor.shape)
        return tensor


def record(
    network: nn.Module, blocks: Sequence[nn.Module], inputs: Mapping[str, Any]
) -> tuple[list[Trace], Witness]:
    """Return a trace of every block and which modules call the registry, from one pass of the network."""
    traces = [Trace(block) for block in blocks]
    witness = Witness()
    token = ACTIVE.set(witness)
    try:
        with ExitStack() as stack, torch.no_grad():
            for trace in traces:
                stack.enter_context(replaced(trace.block, _recorded(trace, witness)))
            network(**{"use_cache": False, **inputs})
    finally:
        ACTIVE.reset(token)
    _READERS.update({trace.block: _readers(trace) for trace in traces if trace.n_calls == 1})
    return traces, witness


def _recorded(trace: Trace, witness: Witness) -> Any:
    own = trace.block.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not witness:
            return own(*args, **kwargs)
        trace.n_calls += 1
        if trace.n_calls > 1:
            return own(*args, **kwargs)
        stream = entering(args, kwargs)
        trace.rows, trace.length = stream.shape[0], stream.shape[-2]
        recorder = _Recorder(trace, witness, stream.numel())
        with ExitStack() as stack:
            for module in trace.block.modules():
                if module is not trace.block:
                    stack.callback(module.register_forward_pre_hook(recorder.before, with_kwargs=True).remove)
                    stack.callback(module.register_forward_hook(recorder.after).remove)
            recorder.running.append(trace.block)
            trace.enters = recorder.index(stream)
            with recorder:
                output = own(*args, **kwargs)
        trace.returns = len(output) if isinstance(output, tuple) else None
        trace.leaves = recorder.index(output if isinstance(output, Tensor) else tensors(output)[0])
        trace.written = {module for module, item, version in recorder.versions if item._version != version}
        return output

    return forward


def tensors(values: Any) -> list[Tensor]:
    """Return the tensors in arguments or outputs, in order, also those inside tuples and lists."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, list | tuple):
        return [tensor for value in values for tensor in tensors(value)]
    return []
