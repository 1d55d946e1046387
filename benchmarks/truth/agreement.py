"""Does each site hold what the network computed there, and does a write do what it says? Ask the oracle."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.truth.claims import Claims
from benchmarks.truth.experts import rows_came_by
from benchmarks.truth.findings import ATTENTION, RESIDUAL, TOLERANCE, close, first_line, gap
from benchmarks.truth.graph import PRODUCTS, Edit, Node
from benchmarks.truth.oracle import Block, Oracle
from neuronscope.instruments import Op, add, scale, zero

PASSING = ("attn_in", "attn_out", "mlp_in", "mlp_pre", "mlp_up", "mlp_act", "mlp_out")
"""Sites whose value must have come by in the operations behind the block's attention or MLP."""
Replay = Callable[[dict[int, Edit]], Tensor]


def expected(oracle: Oracle, block: Block) -> dict[str, list[Tensor]]:
    """Return by site name what a block's sites must hold; several where either is rightly called so."""
    terms = {"attn_add": block.attention or block.mixer, "mlp_add": block.mlp}
    stream = oracle.value(block.enters)
    truth = {name: [_total(nodes, stream)] for name, nodes in terms.items() if nodes}
    truth |= {"resid_pre": [stream], "resid_post": [oracle.value(block.leaves)]}
    if block.middles:
        truth["resid_mid"] = [node.value.reshape(stream.shape) for node in block.middles]
    heads, rows = block.heads, oracle.rows
    if heads is None:
        return truth
    truth["scores"] = [heads.square(oracle.value(heads.softmax.parents[0]), rows)]
    truth["pattern"] = [heads.square(heads.softmax.value, rows)]
    if heads.z is not None and heads.v is not None:
        for name, node in (("z", heads.z), ("v", heads.v)):
            truth[name] = [by_head(node, rows).transpose(1, 2)]
    return truth


def by_head(node: Node, rows: int) -> Tensor:
    """Return a tensor of a product over heads as [batch head ...]."""
    return node.value.reshape(rows, -1, *node.value.shape[-2:])


def operands(oracle: Oracle, product: Node) -> list[Node]:
    """Return the two tensors that a product multiplies, whatever it adds besides."""
    return [oracle.graph.nodes[parent] for parent in product.parents[-2:]]


def _total(nodes: list[Node], stream: Tensor) -> Tensor:
    total = torch.zeros_like(stream)
    for node in nodes:
        whole = node.value.numel() == stream.numel()
        total = total + (node.value.reshape(stream.shape) if whole else node.value)
    return total


def judge_values(claims: Claims, oracle: Oracle) -> None:
    """Compare what the engine shows with what was recorded, layer by layer."""
    for layer, block in enumerate(oracle.blocks):
        truth = expected(oracle, block)
        for name in (*RESIDUAL, *ATTENTION, "v"):
            value, address = claims(name, layer), claims.address(name, layer)
            if value is None:
                continue
            if name not in truth:
                if name == "resid_mid" and block.parallel:
                    claims.verdict.blame(address, "is shown where attention and MLP work side by side")
                elif name == "attn_add" and block.mlp:
                    claims.verdict.blame(address, "is shown where the block adds an MLP only")
                elif name == "mlp_add" and (block.attention or block.mixer):
                    claims.verdict.blame(address, "is shown where the block adds no MLP")
                else:
                    claims.verdict.unverified.append(address)
                continue
            shown = _shared(value, truth[name][0]) if name == "v" else value
            found = min((gap(shown, each) for each in truth[name]), key=lambda pair: pair[0])
            claims.verdict.compare(address, *found, "as read")
        _judge_products(claims, oracle, block, layer)
        _judge_passing(claims, oracle, block, layer)


def _shared(value: Tensor, truth: Tensor) -> Tensor:
    if value.dim() != 4 or truth.shape[2] % value.shape[2]:
        return value
    return value.repeat_interleave(truth.shape[2] // value.shape[2], dim=2)


def _judge_products(claims: Claims, oracle: Oracle, block: Block, layer: int) -> None:
    """Compare queries times keys with the recorded product, up to the one factor that scales it."""
    q, k = claims("q", layer), claims("k", layer)
    if q is None or k is None:
        return
    addresses = [claims.address(name, layer) for name in ("q", "k")]
    product = None if block.heads is None else block.heads.product
    if product is None or q.shape[2] % k.shape[2]:
        claims.verdict.unverified += addresses
        return
    ours = torch.einsum("bqhd,bkhd->bhqk", q, k.repeat_interleave(q.shape[2] // k.shape[2], dim=2))
    left, right = (by_head(node, oracle.rows) for node in operands(oracle, product))
    truth = left @ right
    if ours.shape == truth.shape:
        truth = truth * ((ours * truth).sum() / (truth * truth).sum()).to(truth.dtype)
    for address in addresses:
        claims.verdict.compare(address, *gap(ours, truth), "in their product")


def _judge_passing(claims: Claims, oracle: Oracle, block: Block, layer: int) -> None:
    """Look for what the engine shows inside attention or MLP among the operations behind its term."""
    for name in PASSING:
        value, address = claims(name, layer), claims.address(name, layer)
        if value is None:
            continue
        nodes, weight = _behind(oracle, block, name), claims("expert_weight", layer)
        if not nodes:
            claims.verdict.unverified.append(address)
        elif not any(came_by(value, node) or rows_came_by(value, weight, node) for node in nodes):
            if any(node.op == "written" or "index" in node.op or "grouped" in node.op for node in nodes):
                claims.verdict.unverified.append(address)  # experts see tokens in an order of their own
            else:
                claims.verdict.blame(address, "came by nowhere among the operations behind it")
        else:
            claims.verdict.worst.setdefault(name, 0.0)


def _behind(oracle: Oracle, block: Block, name: str) -> list[Node]:
    """Return what a site may show: operations behind its term, or any of the block for a raw output."""
    graph = oracle.graph
    if name.endswith("_out"):  # some families add the stream inside the module
        return graph.nodes[block.enters + 1 : block.leaves + 1]
    streams = {block.enters, graph.bare(block.enters)}
    if not block.parallel:
        streams |= {graph.bare(node.index) for node in block.middles}
    terms = (block.attention or block.mixer) if name.startswith("attn") else block.mlp
    behind = [graph.ancestors(node.index, streams, block.enters + 1) for node in terms]
    nodes = [graph.nodes[at] for at in sorted(set().union(*behind))]
    if name == "mlp_act":  # what a matrix reads, not merely what came by
        read = {graph.bare(parent) for node in nodes if node.op in PRODUCTS for parent in node.parents}
        return [node for node in nodes if node.index in read]
    return nodes


def came_by(value: Tensor, node: Node) -> bool:
    """Return whether a node has this value, in any shape."""
    there = node.value
    return there.numel() == value.numel() and close(value.flatten(), there.flatten().to(value.dtype))


def judge_effects(claims: Claims, oracle: Oracle, replay: Replay) -> None:
    """Write through the engine and, apart from it, into the recorded operation; the logits must agree."""
    layers = [layer for layer, block in enumerate(oracle.blocks) if block.heads is not None]
    layer = layers[len(layers) // 2] if layers else len(oracle.blocks) // 2
    coarse = any(node.value.dtype == torch.float32 for node in oracle.graph.nodes)
    tolerance = TOLERANCE[torch.float32 if coarse else torch.float64]
    for name, (node, edit, op) in _edits(claims, oracle, layer).items():
        address = claims.address(name, layer)
        if node.step < 0 or claims(name, layer) is None:
            continue
        truth = replay({node.step: edit})
        try:
            ours = claims.changed(op)
        except Exception as error:  # an op that crashes has no effect to compare
            claims.verdict.blame(address, f"cannot be written ({first_line(error)})")
            continue
        found = (ours - truth).abs().max().item()
        claims.verdict.compare(address, found, tolerance * max(1.0, truth.abs().max().item()), "as written")


def _edits(claims: Claims, oracle: Oracle, layer: int) -> dict[str, tuple[Node, Edit, Op]]:
    """Return by site name the recorded operation that makes it, how it is edited there, and the same op."""
    block = oracle.blocks[layer]
    stream = oracle.value(block.enters)
    delta = torch.randn(stream.shape, generator=torch.Generator().manual_seed(5)).to(stream.dtype)

    def added(tensor: Tensor) -> Tensor:
        return tensor + delta.reshape(tensor.shape).to(tensor.dtype)

    def at(name: str) -> str:
        return claims.address(name, layer)

    edits: dict[str, tuple[Node, Edit, Op]] = {
        "resid_post": (oracle.graph.nodes[block.leaves], added, add(at("resid_post"), delta))
    }
    for name, nodes in (("attn_add", block.attention or block.mixer), ("mlp_add", block.mlp)):
        whole = [node for node in nodes if node.value.numel() == delta.numel()]
        if whole:
            edits[name] = (whole[-1], added, add(at(name), delta))
    shown = claims("resid_mid", layer)
    for node in block.middles:
        if shown is not None and close(shown, node.value.reshape(shown.shape)):
            edits["resid_mid"] = (node, added, add(at("resid_mid"), delta))
    return edits | _head_edits(claims, oracle, layer)


def _head_edits(claims: Claims, oracle: Oracle, layer: int) -> dict[str, tuple[Node, Edit, Op]]:
    heads, rows = oracle.blocks[layer].heads, oracle.rows
    if heads is None:
        return {}

    def scaled(factor: float, first: int = 1, until: int = 2, keys: int | None = None) -> Edit:
        def edit(tensor: Tensor) -> Tensor:
            split = tensor.reshape(rows, -1, *tensor.shape[-2:]).clone()
            split[:, first:until, :, :keys] *= factor
            return split

        return edit

    def head(name: str, unit: int = 1) -> str:
        return f"{claims.address(name, layer)}.{unit}"

    before = oracle.graph.nodes[heads.softmax.parents[0]]
    edits: dict[str, tuple[Node, Edit, Any]] = {
        "scores": (before, scaled(0.5, keys=heads.keys), scale(head("scores"), 0.5)),
        "pattern": (heads.softmax, scaled(0.0, keys=heads.keys), zero(head("pattern"))),
    }
    if heads.product is not None:
        adds = heads.product.op == "baddbmm"
        of_q, of_k = operands(oracle, heads.product) if adds else (heads.product, heads.product)
        edits["q"] = (of_q, scaled(0.0), zero(head("q")))
        k = claims("k", layer)
        n_heads = by_head(heads.product, rows).shape[1]
        if k is not None and n_heads % k.shape[2] == 0:
            edits["k"] = (of_k, scaled(0.0, 0, n_heads // k.shape[2]), zero(head("k", 0)))
    if heads.z is not None:
        edits["z"] = (heads.z, scaled(0.0), zero(head("z")))
        v = claims("v", layer)
        n_heads = by_head(heads.z, rows).shape[1]
        if v is not None and n_heads % v.shape[2] == 0:
            edits["v"] = (heads.z, scaled(0.0, 0, n_heads // v.shape[2]), zero(head("v", 0)))
    return edits
