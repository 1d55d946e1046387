"""Which additions of a block carry attention to the stream, and which the MLP? Read off a trace of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from neuronscope.models.attention import PRODUCTS, Products, batched
from neuronscope.models.parts.additions import RESULT
from neuronscope.models.parts.taps import Absence, Addition, Tap
from neuronscope.models.parts.tracing import Softmax, Trace, Witness
from neuronscope.models.parts.vocabulary import ATTENTION, CROSS, part

_FORWARD = re.compile("MLP|Mlp|MoE|Moe|FeedForward|FFN")
TERM = "term"
_SCALED = ("mul", "div", "truediv", "layer_norm", "rms_norm", "native_layer_norm")


@dataclass
class Term:
    """One addend of the stream: its node, the addition that takes it in, and as which operand."""

    node: int
    addition: int
    operand: int


@dataclass
class Wiring:
    """What one block does: where it adds, what normalises its stream, where it attends."""

    attn_add: Addition | Absence
    mlp_add: Addition | Absence
    resid_mid: Addition | Tap | Absence
    norms: tuple[nn.Module | None, nn.Module | None] = (None, None)
    post_norm: bool = False
    parallel: bool = False
    attends: Softmax | Absence = field(
        default_factory=lambda: Absence("this block attends nowhere", "resid_post")
    )
    routed: bool = False
    products: Products = None
    heads: int | None = None
    key_heads: int | None = None
    head_width: int | None = None
    extras: list[Addition] = field(default_factory=list)
    before_middle: int = 0
    reason: str = ""
    enters: int | None = None
    middle: int | None = None


class _Sum:
    """Take the stream that leaves a block apart into the one that entered and what was added to it."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.start = trace, trace.bare(trace.enters)
        self.size = trace.nodes[self.start].shape.numel()
        self.scaled: list[int] = []
        self.carriers: dict[int, list[Term]] = {}
        self.trouble = ""
        self._open: set[int] = set()

    def terms(self, index: int) -> list[Term] | None:
        index = self.trace.bare(index)
        node = self.trace.nodes[index]
        if index == self.start:
            return []
        if index in self.carriers:
            return self.carriers[index]
        if node.shape.numel() != self.size or index in self._open:
            return None
        self._open.add(index)
        found = self._apart(index)
        self._open.discard(index)
        if found is not None:
            self.carriers[index] = found
        return found

    def _apart(self, index: int) -> list[Term] | None:
        node = self.trace.nodes[index]
        if node.addition is not None and len(node.parents) == 2:
            left, right = (self.terms(parent) for parent in node.parents)
            if left is not None and right is not None:
                self.trouble = "adds its stream to itself"
                return left + right
            if left is None and right is None:
                return None
            if node.name == "rescaled add":
                self.trouble = "adds with a factor"
            operand = 1 if left is not None else 0
            carried = left if left is not None else right
            return (carried or []) + [Term(self.trace.bare(node.parents[operand]), node.addition, operand)]
        if node.name in _SCALED and node.parents:
            sides = node.parents[:1] if "norm" in node.name else node.parents[:2]
            for side in sides:
                found = self.terms(side)
                if found is not None:
                    self.scaled.append(index)
                    return found
        return None


def wire(trace: Trace, witness: Witness) -> Wiring:
    """Return the wiring of the block that a trace shows."""
    if trace.n_calls != 1:
        reason = "its block is called several times in a pass" if trace.n_calls else "its block never runs"
        return unwired(reason)
    total = _Sum(trace)
    terms = total.terms(trace.leaves)
    if terms is None or total.trouble:
        wiring = unwired(f"its block {total.trouble or 'does not add to its stream'}")
    else:
        wiring = _sorted(trace, total, terms)
    _attend(trace, witness, wiring)
    return wiring


def unwired(reason: str) -> Wiring:
    """Return the wiring of a block of which nothing can be said but why."""
    gone = Absence(reason, "resid_post")
    return Wiring(gone, gone, gone, reason=reason, attends=gone)


def _sorted(trace: Trace, total: _Sum, terms: list[Term]) -> Wiring:
    streams = {trace.bare(trace.enters), trace.enters, *total.carriers}
    attending = {softmax.node for softmax in trace.softmaxes}
    mixer = part(trace.block, ATTENTION)
    if not attending and mixer is not None and not _FORWARD.search(type(mixer).__name__):
        attending = {node for node in trace.outputs.get(mixer, [])[:1] if node is not None}
    apart = [piece for term in terms for piece in _pieces(trace, term, streams, attending)]
    attention = [term for term, mixes in apart if mixes]
    rest = [term for term, mixes in apart if not mixes]
    if not attention and len(rest) > 1:
        attention, rest = rest[:1], rest[1:]
    wiring = Wiring(
        _only(trace, attention, "attention"), _only(trace, rest, "MLP"), Absence("", "resid_post")
    )
    wiring.enters = trace.bare(trace.enters)
    more = attention[1:] + (rest if len(rest) > 1 else [])
    wiring.extras = [Addition(trace.block, term.addition, term.operand, trace.additions) for term in more]
    wiring.before_middle = len(attention[1:])
    _place_middle(trace, total, wiring, attention, rest)
    norms = [norm for norm in (_owner(trace, index) for index in total.scaled) if norm is not None]
    wiring.post_norm = bool(total.scaled)
    if len(norms) == 2 and len(attention) == len(rest) == 1:
        wiring.norms = (norms[0], norms[1])
        wiring.resid_mid = Tap(norms[0], "out")
    elif wiring.post_norm and isinstance(wiring.resid_mid, Addition):
        wiring.resid_mid = Absence("its stream is scaled in a way that is not known here", "resid_post")
    return wiring


def _pieces(trace: Trace, term: Term, streams: set[int], attending: set[int]) -> list[tuple[Term, bool]]:
    """Split an addend that is itself a sum of attention and MLP."""
    behind = trace.ancestors(term.node, streams)
    mixes = bool(behind & attending)
    node = trace.nodes[term.node]
    if mixes and node.addition is not None and node.name != "rescaled add" and len(node.parents) == 2:
        halves = [Term(trace.bare(p), node.addition, at) for at, p in enumerate(node.parents)]
        kinds = {bool(trace.ancestors(half.node, streams) & attending) for half in halves}
        if len(kinds) == 2:
            return [piece for half in halves for piece in _pieces(trace, half, streams, attending)]
    return [(term, mixes)]


def _only(trace: Trace, terms: list[Term], kind: str) -> Addition | Absence:
    if not terms:
        return Absence(f"this block adds no {kind} to its stream", "resid_post")
    if len(terms) > 1 and kind == "MLP":
        return Absence(f"this block adds {len(terms)} terms beside attention, no single one", "mlp_out")
    return Addition(trace.block, terms[0].addition, terms[0].operand, trace.additions)


def _place_middle(trace: Trace, total: _Sum, wiring: Wiring, attention: list[Term], rest: list[Term]) -> None:
    if not attention or not rest:
        wiring.resid_mid = Absence("this block adds a single thing to its stream", "resid_post")
        return
    read = set().union(*(trace.ancestors(term.node, ()) for term in rest))
    if not {term.node for term in attention} & read:
        wiring.parallel = True
        wiring.resid_mid = Absence(
            "attention and MLP read the same stream side by side, so none lies between them", "resid_pre"
        )
        return
    wanted = [(term.addition, term.operand) for term in attention]
    for index, terms in total.carriers.items():
        if [(term.addition, term.operand) for term in terms] == wanted:
            last, wiring.middle = terms[-1].addition, index
            wiring.resid_mid = Addition(trace.block, last, RESULT, trace.additions)
            return
    wiring.resid_mid = Absence("no stream of its own lies between attention and MLP", "resid_pre")


def _owner(trace: Trace, index: int) -> nn.Module | None:
    same = [module for module, nodes in trace.outputs.items() if nodes and nodes[0] is not None]
    return next((m for m in same if trace.bare(trace.outputs[m][0] or 0) == index), None)


def _attend(trace: Trace, witness: Witness, wiring: Wiring) -> None:
    names = {module: name for name, module in trace.block.named_modules()}
    own = [s for s in trace.softmaxes if not any(word in names[s.owner] for word in CROSS)]
    if len(own) > 1:
        wiring.attends = Absence(f"this block takes {len(own)} softmaxes over the sequence", "attn_out")
    if len(own) != 1:
        return
    wiring.attends = softmax = _owned(trace, own[0], names)
    wiring.routed = softmax.owner in witness.shapes
    shapes = witness.shapes.get(softmax.owner, {})
    wiring.heads = softmax.shape[1] if len(softmax.shape) == 4 else softmax.shape[0] // trace.rows
    if shapes:
        wiring.key_heads = shapes["k"][1]
        wiring.head_width = shapes["z"][-1] if "z" in shapes else None
    elif (products := _products(trace, softmax)) is not None:
        keys, values, wiring.products = products
        wiring.key_heads = keys[1] if len(keys) == 4 else keys[0] // trace.rows
        wiring.head_width = values[-1]


def _owned(trace: Trace, softmax: Softmax, names: Mapping[nn.Module, str]) -> Softmax:
    """Return a softmax as that of the module around it, where a module takes it that does nothing else."""
    if not isinstance(softmax.owner, nn.Softmax):
        return softmax
    around = trace.block.get_submodule(names[softmax.owner].rpartition(".")[0])
    return Softmax(softmax.node, around, softmax.shape)


def _products(trace: Trace, softmax: Softmax) -> tuple[torch.Size, torch.Size, Products] | None:
    """Return the shapes of keys and values, and which products of the softmax's module take them in."""
    nodes = trace.nodes
    first = trace.inputs.get(softmax.owner, 0)
    last = max((node for node in trace.outputs.get(softmax.owner, ()) if node is not None), default=0)
    found = [
        index
        for index in range(first + 1, last + 1)
        if nodes[index].name in PRODUCTS
        and batched(*(nodes[parent].shape for parent in nodes[index].parents[-2:]))
    ]
    size = trace.nodes[softmax.node].shape.numel()
    scored = trace.ancestors(softmax.node, found) | {
        parent for node in trace.ancestors(softmax.node, found) for parent in nodes[node].parents
    }
    before = [index for index in found if index in scored and nodes[index].shape.numel() == size]
    after = [
        index
        for index in found
        if softmax.node in trace.ancestors(nodes[index].parents[-2], found)
        and softmax.node not in trace.ancestors(nodes[index].parents[-1], ())
    ]
    if len(before) != 1 or len(after) != 1:
        return None
    keys, values = (nodes[nodes[at[0]].parents[-1]].shape for at in (before, after))
    return keys, values, (found.index(before[0]), found.index(after[0]))
