"""What does each neuron of each expert do, in an MLP that chooses among experts for every token?

transformers keeps the experts of a layer in one module, which is told token by token who works and with what
weight, and which lines up all chosen pairs of token and expert in rows. That very module runs here too; its
rows are shown by token. The neurons of a layer are counted through its experts: neuron n of expert e is
number e · n_neurons + n. An expert that a token does not choose shows zeros there, and what is written to it
counts for nothing, because its weight is zero.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from neuronscope.models.attention import ACTIVE, Place, Taps

GIVEN = "experts"
"""The name under which the probe sees what all experts of a layer give together."""
WEIGHT = "expert_weight"
INSIDE = (WEIGHT, "mlp_pre", "mlp_up", "mlp_act")
_IN_ORDER_OF_EXPERTS = {"grouped_mm": True, "batched_mm": False}
_ARGUMENTS = (
    ("hidden_states",),
    ("top_k_index", "router_indices"),
    ("top_k_weights", "routing_weights"),
)
At = tuple[int, str | None]


def suit_experts(network: PreTrainedModel) -> None:
    """Let experts in double precision be multiplied pair by pair, for their grouped product knows none."""
    way = getattr(network.config, "_experts_implementation", None)
    if way == "grouped_mm" and next(network.parameters()).dtype == torch.float64:
        network.set_experts_implementation("batched_mm")


def hidden_because(experts: nn.Module, name: str) -> str:
    """Return why a site of these experts cannot be shown, or nothing where it can."""
    if not hasattr(experts, "is_concatenated"):
        return "its experts are no module that transformers runs all together"
    if name == "mlp_up" and not cast(Any, experts).has_gate:
        return "its experts have no gate, so no linear branch multiplies their neurons"
    way = cast(Any, experts).config._experts_implementation
    if name != WEIGHT and way not in _IN_ORDER_OF_EXPERTS:
        return f"its experts run one by one ({way}); open it with experts_implementation='grouped_mm'"
    return ""


def n_neurons(experts: nn.Module) -> int:
    """Return the number of neurons of all experts of a layer together, 0 where they cannot be shown."""
    if not hasattr(experts, "is_concatenated"):
        return 0
    down, turned = cast(Tensor, experts.down_proj), cast(bool, experts.is_transposed)
    return down.shape[0] * down.shape[1 if turned else 2]


def activated(experts: nn.Module, gate: Tensor, up: Tensor | None) -> Tensor:
    """Return what the experts themselves make of their gates and linear branches."""
    own: Any = experts
    return own.act_fn(gate) if up is None else own._apply_gate(_joined(own, gate, up))


def written(experts: nn.Module, weight: Tensor, act: Tensor) -> Tensor:
    """Return the weighted sum [... width] of what all experts write, worked out from their neurons."""
    own: Any = experts
    down = own.down_proj if own.is_transposed else own.down_proj.transpose(1, 2)
    each = torch.einsum("...ei,eiw->...ew", act.unflatten(-1, down.shape[:2]), down.to(act.dtype))
    if own.has_bias:
        each = each + own.down_proj_bias
    each = own.post_expert_norm(each) if own.has_post_expert_norm else each
    return (each * weight[..., None].to(each.dtype)).sum(-2)


def experts_seen(own: Callable[..., Any], module: nn.Module, taps: Taps, at: At) -> Callable[..., Any]:
    """Return the forward of a module of experts that shows its weights and neurons to the active taps."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        if ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        hidden, index, weights = _arguments(args, kwargs)
        if Place(WEIGHT, *at) in taps.visits:
            index, weights = _weighted(taps, at, cast(int, module.num_experts), index, weights)
        if not any(Place(name, *at) in taps.visits for name in INSIDE[1:]):
            return own(hidden, index, weights)
        with _shown(module, _Rows(module, taps, at, index)):
            return own(hidden, index, weights)

    return forward


def _arguments(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    named = [next((name for name in names if name in kwargs), None) for names in _ARGUMENTS]
    return [*args, *(kwargs[name] for name in named if name is not None)]


def _weighted(taps: Taps, at: At, n_experts: int, index: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Show the weights of all experts; one that is given a weight without being chosen works from then on."""
    full = weights.new_zeros(len(weights), n_experts).scatter(-1, index, weights)
    shown = full.reshape(taps.rows, -1, n_experts)
    seen = taps.visit(Place(WEIGHT, *at), shown)
    if seen is shown:
        return index, weights
    seen = seen.reshape(full.shape)
    more = not seen.is_meta and bool((seen.scatter(-1, index, 0.0) != 0).any())
    if more:
        return torch.arange(n_experts, device=index.device).expand(len(seen), -1), seen
    return index, seen.gather(-1, index)


class _Rows:
    """The rows of chosen pairs of token and expert, in the order in which the experts' module has them."""

    def __init__(self, module: nn.Module, taps: Taps, at: At, index: Tensor) -> None:
        self.taps, self.at, self.n_tokens = taps, at, len(index)
        self.n_experts = cast(int, module.num_experts)
        self.expert, order = index.reshape(-1), torch.arange(index.numel(), device=index.device)
        if _IN_ORDER_OF_EXPERTS[cast(Any, module).config._experts_implementation]:
            self.expert, order = torch.sort(self.expert)
        self.token = order // index.shape[-1]

    def show(self, name: str, rows: Tensor) -> Tensor:
        """Show rows [pair neuron] as [batch position neuron], and return the rows to go on with."""
        if Place(name, *self.at) not in self.taps.visits:
            return rows
        each = (self.token, self.expert)
        full = rows.new_zeros(self.n_tokens, self.n_experts, rows.shape[-1]).index_put(each, rows)
        shown = full.reshape(self.taps.rows, -1, full.shape[1:].numel())
        seen = self.taps.visit(Place(name, *self.at), shown)
        return rows if seen is shown else seen.reshape(full.shape)[each]


@contextmanager
def _shown(module: nn.Module, rows: _Rows) -> Iterator[None]:
    own: Any = module
    name = "_apply_gate" if own.has_gate else "act_fn"
    before = getattr(own, name)

    def seen(given: Tensor) -> Tensor:
        if ACTIVE.get() is not rows.taps:
            return before(given)
        if not own.has_gate:
            return rows.show("mlp_act", before(rows.show("mlp_pre", given)))
        gate, up = _halves(own, given)
        shown = rows.show("mlp_pre", gate), rows.show("mlp_up", up)
        changed = shown[0] is not gate or shown[1] is not up
        return rows.show("mlp_act", before(_joined(own, *shown) if changed else given))

    module.__dict__[name] = seen
    try:
        yield
    finally:
        del module.__dict__[name]


def _halves(experts: Any, both: Tensor) -> tuple[Tensor, Tensor]:
    if experts.is_concatenated:
        gate, up = both.chunk(2, dim=-1)
        return gate, up
    return both[..., ::2], both[..., 1::2]


def _joined(experts: Any, gate: Tensor, up: Tensor) -> Tensor:
    return torch.cat([gate, up], -1) if experts.is_concatenated else torch.stack([gate, up], -1).flatten(-2)
