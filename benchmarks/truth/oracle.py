"""What do the streams, heads and MLPs of a network hold, read off its own operations?

No name of a module is trusted. Blocks are what is called in turn with a stream and returns one. Within a
block the stream that leaves is taken apart into the sum it is, back to the stream that entered; a term that
a softmax over the sequence took part in is attention's, every other one the MLP's.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.truth.graph import PRODUCTS, Edit, Graph, Node, Recorder


@dataclass
class Heads:
    """The attention of one block: nodes of scores, pattern, values and what the pattern makes of them."""

    softmax: Node
    keys: int
    product: Node | None = None
    z: Node | None = None
    v: Node | None = None
    straight: bool = True

    def square(self, tensor: Tensor, rows: int) -> Tensor:
        """Return scores or a pattern as [batch head query key]."""
        return tensor[..., : self.keys].reshape(rows, -1, tensor.shape[-2], self.keys)


@dataclass
class Block:
    """One block of a pass: where its stream enters and leaves, and the terms it adds on the way."""

    enters: int
    leaves: int
    attention: list[Node] = field(default_factory=list)
    mixer: list[Node] = field(default_factory=list)
    mlp: list[Node] = field(default_factory=list)
    across: list[Node] = field(default_factory=list)
    middles: list[Node] = field(default_factory=list)
    parallel: bool = False
    flags: set[str] = field(default_factory=set)
    heads: Heads | None = None
    n_softmax: int = 0

    @property
    def additive(self) -> bool:
        """Return whether the block adds attention and MLP to the stream and does nothing else to it."""
        return not self.flags and bool(self.attention) and bool(self.mlp)


@dataclass
class Oracle:
    """One recorded pass of a network: its graph, its blocks and its logits."""

    graph: Graph
    blocks: list[Block]
    output: Any
    rows: int

    def value(self, index: int) -> Tensor:
        """Return the value of a node."""
        return self.graph.nodes[index].value


Call = Callable[[nn.Module], Any]


def record(
    network: nn.Module, call: Call, blocks: Iterable[nn.Module], edits: Mapping[int, Edit] | None = None
) -> tuple[Recorder, list[tuple[int, int]], Any]:
    """Run a network once and return its recording and where the streams of its blocks entered and left."""
    recorder = Recorder(edits)
    seen: list[tuple[int, int]] = []
    entered: dict[nn.Module, int] = {}

    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        entered[module] = recorder.index_of(stream_of((*args, *_first(kwargs))))

    def after(module: nn.Module, args: Any, output: Any) -> None:
        seen.append((entered[module], recorder.index_of(stream_of(output))))

    with ExitStack() as stack, torch.no_grad():
        for block in blocks:
            stack.callback(block.register_forward_pre_hook(before, with_kwargs=True).remove)
            stack.callback(block.register_forward_hook(after).remove)
        stack.enter_context(recorder)
        output = call(network)
    return recorder, seen, output


def stream_of(values: Any) -> Tensor:
    """Return the tensor that carries the stream in or out of a block."""
    if isinstance(values, Tensor):
        return values
    return next(value for value in _flat(values) if value.dim() >= 2 and value.is_floating_point())


def blocks_of(network: nn.Module, call: Call) -> list[list[nn.Module]]:
    """Return the stacks of blocks that a pass runs through, the one with the most weights first.

    A stack is a list of modules, each called once in order with a stream that it returns in the same shape.
    """
    calls: dict[nn.Module, list[tuple[Any, Any]]] = {}
    lists = [
        list(module)
        for module in network.modules()
        if isinstance(module, nn.ModuleList | nn.Sequential) and len(module) > 1
    ]

    def after(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        incoming = [value.shape for value in _flat((*args, *_first(kwargs)))]
        outgoing = [value.shape for value in _flat(output)]
        calls.setdefault(module, []).append((incoming[:1], outgoing[:1]))

    with ExitStack() as stack, torch.no_grad():
        for module in {item for items in lists for item in items}:
            stack.callback(module.register_forward_hook(after, with_kwargs=True).remove)
        call(network)
    order = {module: at for at, module in enumerate(calls)}
    good = [
        items
        for items in lists
        if all(len(calls.get(item, ())) == 1 and _keeps_shape(*calls[item][0]) for item in items)
        and [order[item] for item in items] == sorted(order[item] for item in items)
    ]
    inside = {part for items in good for item in items for part in item.modules() if part is not item}
    outer = [items for items in good if items[0] not in inside]
    return sorted(outer, key=lambda items: -sum(p.numel() for item in items for p in item.parameters()))


def observe(network: nn.Module, call: Call, blocks: list[nn.Module], rows: int) -> Oracle:
    """Return what a plain pass of the network computed, block by block."""
    recorder, seen, output = record(network, call, blocks)
    graph = recorder.graph
    return Oracle(graph, [_block(graph, *ends) for ends in seen], output, rows)


def _keeps_shape(incoming: list[Any], outgoing: list[Any]) -> bool:
    return bool(incoming) and incoming == outgoing and len(incoming[0]) >= 3


def _first(kwargs: Mapping[str, Any]) -> list[Any]:
    if "hidden_states" in kwargs:
        return [kwargs["hidden_states"]]
    return [value for value in kwargs.values() if isinstance(value, Tensor)][:1]


def _flat(values: Any) -> list[Tensor]:
    if isinstance(values, Tensor):
        return [values]
    found: list[Tensor] = []
    for value in values if isinstance(values, list | tuple) else getattr(values, "values", tuple)():
        found += _flat(value) if value is not None and not isinstance(value, str | int | float) else []
    return found


class _Sum:
    """Take the stream that leaves a block apart into the terms that were added to the one that entered."""

    def __init__(self, graph: Graph, start: int) -> None:
        self.graph, self.start = graph, graph.bare(start)
        self.size = graph.nodes[start].value.numel()
        self.flags: set[str] = set()
        self.carriers: list[tuple[int, list[int]]] = []
        self._memo: dict[int, list[int] | None] = {}

    def terms(self, index: int) -> list[int] | None:
        """Return the terms beside the stream in a node that carries it, or None where it carries none."""
        index = self.graph.bare(index)
        if index == self.start:
            return []
        if index < self.start or self.graph.nodes[index].value.numel() != self.size:
            return None
        if index not in self._memo:
            self._memo[index] = None
            self._memo[index] = self._apart(self.graph.nodes[index])
        return self._memo[index]

    def _apart(self, node: Node) -> list[int] | None:
        found: list[int] | None = None
        if node.op in ("add", "sub") and len(node.parents) == 2:
            left, right = (self.terms(parent) for parent in node.parents)
            if left is not None and right is not None:
                self.flags.add("stream added twice")
                found = left + right
            elif left is not None or right is not None:
                other = node.parents[1] if left is not None else node.parents[0]
                carried = left if left is not None else right
                found = [*(carried or []), self.graph.bare(other)]
                if node.op == "sub":
                    self.flags.add("subtracted")
        elif node.op in ("mul", "div", "native_layer_norm"):
            found = self.terms(node.parents[0])
            if found is None and node.op == "mul" and len(node.parents) == 2:
                found = self.terms(node.parents[1])
            if found is not None:
                self.flags.add("normalised" if node.op == "native_layer_norm" else "scaled")
        if found is not None:
            self.carriers.append((node.index, found))
        return found

    def addends(self, index: int) -> list[int]:
        """Return the terms that a term is itself the sum of, or the term alone."""
        index = self.graph.bare(index)
        node = self.graph.nodes[index]
        whole = [p for p in node.parents if self.graph.nodes[p].value.numel() == self.size]
        if node.op == "add" and len(node.parents) == 2 and len(whole) == 2:
            return [addend for parent in whole for addend in self.addends(parent)]
        return [index]


def _block(graph: Graph, enters: int, leaves: int) -> Block:
    block = Block(enters, leaves)
    apart = _Sum(graph, enters)
    terms = apart.terms(leaves)
    length = graph.nodes[enters].value.shape[1]
    softmaxes = [
        node for node in graph.nodes[enters + 1 : leaves] if node.op == "_softmax" and _square(node, length)
    ]
    block.n_softmax = len(softmaxes)
    if len(softmaxes) == 1:
        block.heads = _heads(graph, softmaxes[0], leaves, length)
    if terms is None:
        block.flags.add("not a sum")
        return block
    block.flags |= apart.flags
    _sort(graph, block, apart, terms, {node.index for node in softmaxes}, length)
    return block


_MIXING = ("convolution", "cumsum", "constant_pad_nd", "flip", "roll")


def _sort(
    graph: Graph, block: Block, apart: _Sum, terms: list[int], attending: set[int], length: int
) -> None:
    """Sort the terms of a block into attention, other mixers, and MLP; find the stream between."""
    streams = {graph.bare(block.enters), block.enters, *(at for at, _ in apart.carriers)}
    pieces: dict[int, list[int]] = {}
    lists = {"attention": block.attention, "across": block.across, "mixer": block.mixer, "mlp": block.mlp}

    def kind(term: int) -> str:
        behind = graph.ancestors(term, streams, block.enters + 1)
        if behind & attending:
            return "attention"
        nodes = [graph.nodes[at] for at in behind]
        if any(_crosses(node, length) for node in nodes):
            return "across"
        mixing = any(node.op in _MIXING and node.value.is_floating_point() for node in nodes)
        return "mixer" if mixing else "mlp"

    for term in terms:
        parts = apart.addends(term)
        kinds = [kind(part) for part in parts]
        pieces[term] = parts if len(set(kinds)) > 1 else [term]
        for part, its_kind in zip(pieces[term], kinds, strict=False):
            lists[its_kind].append(graph.nodes[part])
    _settle_mixers(graph, block)
    if block.across:
        block.flags.add("attends to another stack")
    if block.mixer and block.attention:
        block.flags.add("mixes beside attention")
    first = {node.index for node in block.attention or block.mixer}
    if not first or not block.mlp:
        return
    reads = {at for node in block.mlp for at in graph.ancestors(node.index, set(), block.enters + 1)}
    block.parallel = not (first & reads)
    if not block.parallel:
        held = [(at, {piece for term in terms for piece in pieces[term]}) for at, terms in apart.carriers]
        across = {node.index for node in block.across}
        block.middles = [graph.nodes[at] for at, found in held if found in (first, first | across)]


def _settle_mixers(graph: Graph, block: Block) -> None:
    """Settle what mixes positions without a softmax: the first such term, unless it reads attention's."""
    if block.attention:
        before = {node.index for node in block.attention}
        late = [n for n in block.mixer if before & graph.ancestors(n.index, set(), block.enters + 1)]
        block.mixer = [node for node in block.mixer if node not in late]
        block.mlp = sorted(block.mlp + late, key=lambda node: node.index)
    elif not block.across and len(block.mixer + block.mlp) > 1 and not (block.mixer and block.mlp):
        first, *rest = block.mixer + block.mlp
        block.mixer, block.mlp = [first], rest


def _crosses(node: Node, length: int) -> bool:
    return node.op == "_softmax" and node.value.dim() == 4 and node.value.shape[-2] == length


def _square(node: Node, length: int) -> bool:
    shape = node.value.shape
    return len(shape) >= 3 and shape[-2] == length and shape[-1] in (length, length + 1)


def _heads(graph: Graph, softmax: Node, until: int, length: int) -> Heads:
    heads = Heads(softmax, length, _product(graph, softmax, length))
    at = softmax.index
    while True:
        ahead = [node for node in graph.children(at, until) if node.op != "source"]
        product = next((n for n in ahead if n.op in PRODUCTS), None)
        if product is not None:
            heads.z = product
            heads.v = graph.nodes[product.parents[-1]]
            return heads
        onward = next((node for node in ahead if _same_weights(node, length)), None)
        if onward is None:
            return heads
        heads.straight &= onward.passes or onward.op in ("slice", "expand")
        at = onward.index


def _same_weights(node: Node, length: int) -> bool:
    kept = ("slice", "expand", "mul", "div", "sub", "add", "masked_fill", "where")
    return (node.passes or node.op in kept) and node.value.shape[-1] == length


def _product(graph: Graph, softmax: Node, length: int) -> Node | None:
    """Return the product of queries and keys that the softmax reads, through scaling, masking and capping."""
    node = graph.nodes[softmax.parents[0]]
    while node.op not in ("bmm", "matmul", "baddbmm"):
        square = [graph.nodes[p] for p in node.parents if _square(graph.nodes[p], length)]
        largest = max(square, key=lambda each: each.value.numel(), default=None)
        if largest is None or node.op == "_softmax":
            return None
        node = largest
    return node
