"""What did a network compute, operation by operation? A recording that knows nothing of NeuronScope.

Every tensor operation of a plain forward pass is caught below the modules, where PyTorch dispatches to its
kernels, and kept with its inputs and a copy of its value. The same pass can be replayed with the outcome of
one operation changed, which is what an edit at a site must do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Edit = Callable[[Tensor], Tensor]
_VIEWS = {
    *("view", "_unsafe_view", "reshape", "_reshape_alias", "unsqueeze", "squeeze", "clone", "_to_copy"),
    *("alias", "detach", "contiguous", "lift_fresh", "native_dropout"),
}


PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "matmul", "_grouped_mm")


@dataclass
class Node:
    """One tensor that came to be: by which operation, from which others, and with what value."""

    index: int
    step: int
    op: str
    parents: tuple[int, ...]
    value: Tensor
    arguments: tuple[Any, ...] = ()

    @property
    def passes(self) -> bool:
        """Return whether the value is that of its first parent, in another shape or number format."""
        return self.op in _VIEWS and bool(self.parents)


@dataclass
class Graph:
    """All nodes of one pass in their order."""

    nodes: list[Node] = field(default_factory=list)

    def node(self, index: int) -> Node:
        """Return one node."""
        return self.nodes[index]

    def bare(self, index: int) -> int:
        """Return the node behind any change of shape or number format."""
        while self.nodes[index].passes:
            index = self.nodes[index].parents[0]
        return index

    def ancestors(self, index: int, stops: set[int], earliest: int) -> set[int]:
        """Return a node and all it was worked out from, no further than the stops and not before a node."""
        found: set[int] = set()
        open_ends = [index]
        while open_ends:
            at = open_ends.pop()
            if at in found or at in stops or at < earliest:
                continue
            found.add(at)
            open_ends.extend(self.nodes[at].parents)
        return found

    def children(self, index: int, until: int) -> list[Node]:
        """Return the nodes that were worked out from this one, before another."""
        return [node for node in self.nodes[index + 1 : until] if index in node.parents]


class Recorder(TorchDispatchMode):
    """Record a pass into a graph; ``edits`` change the outcome of a step, by its number."""

    def __init__(self, edits: Mapping[int, Edit] | None = None) -> None:
        super().__init__()
        self.graph = Graph()
        self._edits = dict(edits or {})
        self._steps = 0
        self._of: dict[int, int] = {}
        self._kept: list[Tensor] = []
        self._written: dict[int, list[int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        step, self._steps = self._steps, self._steps + 1
        name = func._schema.name.partition("::")[2]
        writes = name.endswith("_") and not name.endswith("__")
        parents = tuple(self.index_of(tensor) for tensor in _tensors((args, tuple(kwargs.values()))))
        outcome = func(*args, **kwargs)
        if step in self._edits:
            outcome = _edited(outcome, self._edits[step], writes)
        for tensor in _tensors((outcome,)):
            node = self._add(tensor, name.rstrip("_") if writes else name, parents, step, args)
            if writes or "out" in kwargs:
                self._written.setdefault(_storage(tensor), []).append(node)
        return outcome

    def index_of(self, tensor: Tensor) -> int:
        """Return the node that a tensor is now; one from outside the pass becomes a source."""
        at = self._of.get(id(tensor))
        if at is None:
            return self._add(tensor, "source", (), -1, ())
        later = [node for node in self._written.get(_storage(tensor), ()) if node > at]
        return self._add(tensor, "written", (at, *later), -1, ()) if later else at

    def _add(self, tensor: Tensor, op: str, parents: tuple[int, ...], step: int, args: Any) -> int:
        node = Node(len(self.graph.nodes), step, op, parents, tensor.detach().clone(), tuple(args))
        self.graph.nodes.append(node)
        self._of[id(tensor)] = node.index
        self._kept.append(tensor)
        return node.index


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _edited(outcome: Any, edit: Edit, writes: bool) -> Any:
    first = outcome if isinstance(outcome, Tensor) else outcome[0]
    changed = edit(first.clone()).reshape(first.shape)
    if writes:
        first.copy_(changed)
        return outcome
    return changed if isinstance(outcome, Tensor) else (changed, *outcome[1:])


def _tensors(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found
