"""Do the neurons and weights of experts say what the network does? Ask its weights, edited on a copy.

To silence a neuron at its site must be to silence its column of the expert's output matrix, and to halve the
weight of an expert must be to halve that matrix. No order of rows inside the experts' module takes part.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.truth.claims import Claims
from benchmarks.truth.findings import TOLERANCE, close, first_line
from benchmarks.truth.graph import Node
from neuronscope.instruments import Op, scale, zero

_NEURON = 3
Answer = Callable[[], Tensor]


def rows_came_by(value: Tensor, weight: Tensor | None, node: Node) -> bool:
    """Return whether a node holds the neurons of all chosen pairs of token and expert, in any order."""
    if weight is None or value.shape[-1] % weight.shape[-1]:
        return False
    rows = value.unflatten(-1, (weight.shape[-1], -1))[weight != 0]
    there = node.value
    if there.shape != rows.shape:
        return False
    return close(_ordered(rows), _ordered(there).to(rows.dtype))


def _ordered(rows: Tensor) -> Tensor:
    return rows[rows[:, 0].argsort()]


def judge_experts(claims: Claims, blocks: list[nn.Module], answer: Answer) -> None:
    """Write the sites of the last layer of experts, and edit its weights instead; the logits must agree.

    ``answer`` gives the logits of the plain network, to whose modules the blocks belong.
    """
    layers = [(layer, found) for layer, block in enumerate(blocks) if (found := _experts(block)) is not None]
    if not layers or claims("expert_weight", layers[-1][0]) is None:
        return
    layer, experts = layers[-1]
    before = answer()
    for expert in range(len(experts.down_proj)):
        with _scaled(_output(experts, expert), 0.0):
            if torch.equal(answer(), before):
                continue  # no token chooses it
        for op, weights, factor in _edits(claims, experts, layer, expert):
            with _scaled(weights, factor):
                truth = answer()
            _compare(claims, op, truth)
        if claims("mlp_act", layer) is not None:
            _judge_token(claims, experts, layer, expert, answer)
        return


def _edits(claims: Claims, experts: Any, layer: int, expert: int) -> Iterator[tuple[Op, list[Tensor], float]]:
    number = expert * _n_neurons(experts) + _NEURON
    output = _output(experts, expert)
    yield zero(f"{claims.address('expert_weight', layer)}.{expert}"), output, 0.0
    if not experts.has_post_expert_norm:
        yield scale(f"{claims.address('expert_weight', layer)}.{expert}", 0.5), output, 0.5
    if claims("mlp_act", layer) is not None:
        yield zero(f"{claims.address('mlp_act', layer)}.{number}"), [_column(experts, expert)], 0.0
    for name, row in (("mlp_pre", 0), ("mlp_up", 1)):
        if claims(name, layer) is not None:
            site = f"{claims.address(name, layer)}.{number}"
            yield zero(site), _incoming(experts, expert, row), 0.0


def _judge_token(claims: Claims, experts: Any, layer: int, expert: int, answer: Answer) -> None:
    """Silence a neuron at one position; there alone the experts may give what they give without it."""
    length = claims.whole.logits.shape[1]
    with _scaled([_column(experts, expert)], 0.0), _given(experts) as without:
        answer()
    with _given(experts) as given:
        answer()
    positions = [each.reshape(-1, length, each.shape[-1]) for each in (given[0], without[0])]
    position = int((positions[0] - positions[1]).abs().amax((0, 2)).argmax())
    mixed = positions[0].clone()
    mixed[:, position] = positions[1][:, position]
    with _given(experts, mixed.reshape(given[0].shape)):
        truth = answer()
    number = expert * _n_neurons(experts) + _NEURON
    _compare(claims, zero(f"{claims.address('mlp_act', layer)}.{number}@{position}"), truth)


@contextmanager
def _given(experts: nn.Module, instead: Tensor | None = None) -> Iterator[list[Tensor]]:
    """Keep what a module gives, and let it give something else."""
    kept: list[Tensor] = []

    def after(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        kept.append(output)
        return output if instead is None else instead

    hook = experts.register_forward_hook(after)
    try:
        yield kept
    finally:
        hook.remove()


def _compare(claims: Claims, op: Op, truth: Tensor) -> None:
    address, coarse = str(op.site), truth.dtype != torch.float64
    allowed = TOLERANCE[torch.float32 if coarse else torch.float64] * max(1.0, truth.abs().max().item())
    try:
        found = (claims.changed(op) - truth).abs().max().item()
    except Exception as error:  # an op that crashes has no effect to compare
        claims.verdict.blame(address, f"cannot be written ({first_line(error)})")
        return
    claims.verdict.compare(address, found, allowed, "as written, against edited weights")


def _experts(block: nn.Module) -> Any:
    return next((m for m in block.modules() if getattr(getattr(m, "down_proj", None), "ndim", 0) == 3), None)


def _n_neurons(experts: Any) -> int:
    return experts.down_proj.shape[1 if experts.is_transposed else 2]


def _output(experts: Any, expert: int) -> list[Tensor]:
    bias = [experts.down_proj_bias[expert]] if experts.has_bias else []
    return [experts.down_proj[expert], *bias]


def _column(experts: Any, expert: int) -> Tensor:
    matrix = experts.down_proj[expert]
    return matrix[_NEURON] if experts.is_transposed else matrix[:, _NEURON]


def _incoming(experts: Any, expert: int, half: int) -> list[Tensor]:
    """Return what feeds a neuron's gate (half 0) or linear branch (half 1), its bias included."""
    name = "gate_up_proj" if experts.has_gate else "up_proj"
    matrix = getattr(experts, name)[expert]
    together = experts.is_concatenated
    row = half * _n_neurons(experts) + _NEURON if together else 2 * _NEURON + half
    bias = [getattr(experts, f"{name}_bias")[expert, row]] if experts.has_bias else []
    return [matrix[:, row] if experts.is_transposed else matrix[row], *bias]


@contextmanager
def _scaled(weights: list[Tensor], factor: float) -> Iterator[None]:
    kept = [weight.clone() for weight in weights]
    try:
        for weight in weights:
            weight.mul_(factor)
        yield
    finally:
        for weight, before in zip(weights, kept, strict=True):
            weight.copy_(before)
