"""Where in one list of blocks does each named part sit?

A short table of spellings proposes modules; a trace of one pass says where the blocks add and attend.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from neuronscope.models.parts import vocabulary as words
from neuronscope.models.parts.experts import INSIDE, hidden_because, n_neurons
from neuronscope.models.parts.matrices import head_rows, n_inputs, packed_because
from neuronscope.models.parts.taps import Absence, Addition, Found, Tap
from neuronscope.models.parts.tracing import Trace
from neuronscope.models.parts.vocabulary import part
from neuronscope.models.parts.wiring import Wiring


@dataclass
class Wired:
    """The wiring of every block of a stack, and what its modules were seen to do."""

    layers: list[Wiring]
    traces: list[Trace] = field(default_factory=list)


class Stack:
    """One list of blocks: its parts by layer, its embedding and its last norm.

    ``name`` is the prefix of its addresses, None where the network has one stack only. ``wired`` gives its
    wiring, found on first use.
    """

    def __init__(
        self, name: str | None, owner: nn.Module, blocks: list[nn.Module], wired: Callable[["Stack"], Wired]
    ) -> None:
        self.name, self.owner, self.blocks = name, owner, blocks
        self._wired = wired
        self.attention = [part(block, words.ATTENTION) for block in blocks]
        self.mlp = [part(block, words.MLP) for block in blocks]
        self.final_norm = part(owner, words.FINAL_NORM)
        self.embedding = part(owner, words.EMBEDDING)

    def wiring(self, layer: int) -> Wiring:
        """Return what a block adds to its stream and where it attends."""
        return self._wired(self).layers[layer]

    @property
    def parallel(self) -> bool:
        """Return whether attention and MLP both read the stream that enters the block."""
        return bool(self.blocks) and self.wiring(0).parallel

    def first_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before attention."""
        return self._norm(layer, words.FIRST_NORM, self.wiring(layer).enters)

    def second_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before the MLP."""
        wiring = self.wiring(layer)
        if wiring.parallel:
            return self._norm(layer, (*words.SECOND_NORM, *words.FIRST_NORM), wiring.enters)
        return self._norm(layer, words.SECOND_NORM, wiring.middle)

    def _norm(self, layer: int, names: tuple[str, ...], reads: int | None) -> nn.Module | None:
        """Return the first norm of these names that was seen to read one stream of the block."""
        traces = self._wired(self).traces
        if layer >= len(traces) or reads is None or self.wiring(layer).post_norm:
            return None
        trace, named = traces[layer], [part(self.blocks[layer], (name,)) for name in names]
        for norm in (*named, *trace.inputs):
            known = norm is not None and norm in trace.inputs and not list(norm.children())
            named_so = norm is not None and "norm" in type(norm).__name__.lower()
            if norm is not None and known and named_so and trace.bare(trace.inputs[norm]) == reads:
                return norm
        return None

    def output(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the heads to the stream."""
        attends = self.wiring(layer).attends
        core = None if isinstance(attends, Absence) else part(attends.owner, words.OUTPUT)
        found = core or part(self.attention[layer] or self.blocks[layer], words.OUTPUT)
        return found if getattr(found, "weight", None) is not None else None

    def gated(self, layer: int) -> bool:
        """Return whether the MLP multiplies an activated gate by a linear branch."""
        return part(self.mlp[layer], words.GATE) is not None and self.up(layer) is not None

    def up(self, layer: int) -> nn.Module | None:
        """Return the linear branch of a gated MLP."""
        return part(self.mlp[layer], words.UP)

    def down(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the neurons to the stream."""
        return part(self.mlp[layer] or self.blocks[layer], words.DOWN)

    def pre(self, layer: int) -> nn.Module | None:
        """Return the matrix whose output the activation function reads."""
        return part(self.mlp[layer] or self.blocks[layer], words.PRE)

    def experts(self, layer: int) -> nn.Module | None:
        """Return the experts that a block chooses among, or None where it has an MLP for all tokens."""
        return part(self.mlp[layer], words.EXPERTS)

    def router(self, layer: int) -> nn.Module | None:
        """Return the module that scores the experts, in a block that has experts."""
        return None if self.experts(layer) is None else part(self.mlp[layer], words.ROUTER)

    def n_neurons(self, layer: int) -> int:
        """Return the number of neurons of a layer, with those of all its experts; 0 where none is known."""
        experts, down = self.experts(layer), self.down(layer)
        if experts is not None:
            return n_neurons(experts)
        return 0 if down is None or not hasattr(down, "weight") else n_inputs(down)

    def sizes(self, config: Any) -> dict[str, int]:
        """Return how many heads, key heads, neurons and experts its first layer that has them has."""
        wirings = [self.wiring(layer) for layer in range(len(self.blocks))]
        heads = next((wiring.heads for wiring in wirings if wiring.heads), 0)
        keys = next((wiring.key_heads for wiring in wirings if wiring.key_heads), heads)
        layers = range(len(self.blocks))
        neurons = max(map(self.n_neurons, layers), default=0)
        if not neurons:
            stated = (
                getattr(config.get_text_config(), name, None) for name in ("intermediate_size", "n_inner")
            )
            neurons = next((value for value in stated if isinstance(value, int)), 0)
        traces = self._wired(self).traces
        routers = [
            trace.nodes[node].shape[-1]
            for layer, trace in enumerate(traces)
            for node in trace.outputs.get(cast(nn.Module, self.router(layer)), ())[:1]
            if node is not None
        ]
        return {"head": heads, "key_head": keys, "neuron": neurons, "expert": routers[0] if routers else 0}

    def tap(self, name: str, layer: int) -> Found:
        """Return where a site is tapped, the attention stage that shows it, or why the block lacks it."""
        if name in ("q", "k", "v", "scores", "pattern", "z"):
            return self._attention(name, layer)
        if name in ("attn_add", "mlp_add", "resid_mid"):
            return self._added(name, layer)
        experts = self.experts(layer)
        if experts is not None and name in INSIDE:
            gone = hidden_because(experts, name)
            return Absence(gone, "mlp_pre" if "gate" in gone else "mlp_out") if gone else name
        found = self._in_block(name, layer)
        return self._absence(name, layer) if found is None else found

    def _attention(self, name: str, layer: int) -> Found:
        wiring = self.wiring(layer)
        if isinstance(wiring.attends, Absence):
            return wiring.attends
        if wiring.routed or wiring.products or name in ("scores", "pattern"):
            return name
        return Absence("this family computes it inside its own attention, out of sight", "pattern")

    def _added(self, name: str, layer: int) -> Found:
        found = getattr(self.wiring(layer), name)
        if name == "resid_mid" or isinstance(found, Absence):
            return found
        trace = self._wired(self).traces[layer]
        whole = (self.attention if name == "attn_add" else self.mlp)[layer]
        drop = part(
            self.blocks[layer], ("post_attention_dropout" if name == "attn_add" else "post_mlp_dropout",)
        )
        term = _term(trace, found)
        for module in (drop, whole):
            given = trace.outputs.get(cast(nn.Module, module), [None])[0]
            if given == term and module not in trace.written:
                return Tap(cast(nn.Module, module), "out")
        return found

    def across(self, layer: int) -> list[nn.Module]:
        """Return the modules that attend to another stack, where what they give is a term of the block."""
        trace = self._wired(self).traces[layer]
        attending = [
            module
            for name, module in self.blocks[layer].named_modules()
            if any(word in name.rpartition(".")[2] for word in words.CROSS)
        ]
        bare = {trace.bare(_term(trace, extra)) for extra in self.wiring(layer).extras}
        given = ((module, trace.outputs.get(module, [None])[0]) for module in attending)
        return [module for module, node in given if node is not None and trace.bare(node) in bare]

    def _in_block(self, name: str, layer: int) -> Tap | None:
        block, attention, mlp = self.blocks[layer], self.attention[layer], self.mlp[layer]
        if name == "attn_norm":
            return self._scale(self.first_norm(layer), layer)
        if name == "mlp_norm":
            return self._scale(self.second_norm(layer), layer)
        if name == "result":
            return self._result_tap(layer)
        if name == "router":
            return self._router_tap(layer)
        sides = {
            "resid_pre": (block, "in"),
            "resid_post": (block, "out"),
            "attn_in": (None if self._normalises(attention, layer) else attention, "in"),
            "attn_out": (self._raw(attention, self.output(layer), layer), "out"),
            "mlp_in": (self.pre(layer) if self._normalises(mlp, layer) else mlp or self.pre(layer), "in"),
            "mlp_pre": (self.pre(layer), "out"),
            "mlp_up": (self.up(layer) if self.gated(layer) else None, "out"),
            "mlp_act": (self.down(layer), "in"),
            "mlp_out": (self._raw(mlp, self.down(layer), layer), "out"),
        }
        module, side = sides.get(name, (None, ""))
        if module is None:
            return None
        show = _by_row if self._flat(module, side, layer) else None
        copied = (
            side == "out"
            and layer < len(self._wired(self).traces)
            and module in self._wired(self).traces[layer].written
        )
        return Tap(module, side, copied=copied, show=show)

    def _scale(self, norm: nn.Module | None, layer: int) -> Tap | None:
        tap = scale_tap(norm)
        if tap is None or not self._flat(tap.module, "in", layer):
            return tap
        return Tap(tap.module, "in", tap.derive, _by_row)

    def _flat(self, module: nn.Module, side: str, layer: int) -> bool:
        """Return whether batch and position are one axis of what passes at a module."""
        traces = self._wired(self).traces
        if layer >= len(traces):
            return False
        trace = traces[layer]
        node = trace.inputs.get(module) if side == "in" else trace.outputs.get(module, [None])[0]
        shape = () if node is None else tuple(trace.nodes[node].shape)
        return len(shape) == 2 and shape[0] == trace.rows * trace.length

    def _normalises(self, module: nn.Module | None, layer: int) -> bool:
        """Return whether a module takes the bare stream in and gives it back with something added."""
        wiring, traces = self.wiring(layer), self._wired(self).traces
        if module is None or layer >= len(traces) or wiring.post_norm or module not in traces[layer].inputs:
            return False
        trace, given = traces[layer], traces[layer].outputs.get(module, [None])[0]
        bare = trace.bare(trace.inputs[module]) in (wiring.enters, wiring.middle)
        return bare and given is not None and carries_stream(trace, given)

    def _raw(self, module: nn.Module | None, last: nn.Module | None, layer: int) -> nn.Module | None:
        """Return the module, or its last matrix where the module adds the stream itself."""
        if module is None:
            return last
        traces = self._wired(self).traces
        given = traces[layer].outputs.get(module, [None])[0] if layer < len(traces) else None
        if given is not None and last is not None and carries_stream(traces[layer], given):
            return last
        return module

    def _result_tap(self, layer: int) -> Tap | None:
        output, wiring = self.output(layer), self.wiring(layer)
        heads = wiring.heads
        if output is None or heads is None or packed_because(output) or n_inputs(output) % heads:
            return None

        def derive(flat: Tensor) -> Tensor:
            rows = head_rows(output, heads)
            return torch.einsum("bphd,hdw->bphw", flat.unflatten(-1, rows.shape[:2]), rows.to(flat.dtype))

        def one(flat: Tensor, head: int) -> Tensor:
            rows = head_rows(output, heads)
            return flat.unflatten(-1, rows.shape[:2])[:, :, head] @ rows[head].to(flat.dtype)

        return Tap(output, "in", derive, one=one)

    def _router_tap(self, layer: int) -> Tap | None:
        router, traces = self.router(layer), self._wired(self).traces
        if router is None or layer >= len(traces):
            return None
        trace = traces[layer]
        given = trace.outputs.get(router, [None])[0]
        if given is None:
            return None
        logits = trace.nodes[given]
        if logits.shape.numel() != trace.rows * trace.length * logits.shape[-1] or not logits.floating:
            return None
        return Tap(router, "out", show=_by_row)

    def _absence(self, name: str, layer: int) -> Absence:
        output = self.output(layer)
        if name in ("attn_norm", "mlp_norm"):
            after = self.wiring(layer).post_norm
            told = "its norms stand after what is added, on the stream itself"
            return Absence(
                told if after else "no norm stands between the stream and what reads it", "resid_pre"
            )
        if name == "mlp_up" and self.pre(layer) is not None:
            return Absence("this MLP has no gate, so no linear branch multiplies its neurons", "mlp_pre")
        if name == "result" and output is not None and (packed := packed_because(output)):
            return Absence(f"{packed}, and it is worked out from them", "z")
        return Absence(*_ABSENCES.get(name, (_UNKNOWN, "resid_post")))


_UNKNOWN = "no module of this model is known to compute it"
_ABSENCES = {
    "router": ("this model has no router whose scores one of its modules gives", "mlp_out"),
    "expert_weight": ("this model has no router that gives the weights of its experts", "mlp_out"),
    "result": (_UNKNOWN, "z"),
    "mlp_act": (_UNKNOWN, "mlp_out"),
    "mlp_pre": (_UNKNOWN, "mlp_out"),
}


def _term(trace: Trace, addition: Addition) -> int:
    return next(node for node in trace.nodes if node.addition == addition.call).parents[addition.operand]


def carries_stream(trace: Trace, index: int) -> bool:
    """Return whether a tensor of a block is the stream with something added."""
    index = trace.bare(index)
    while trace.nodes[index].addition is not None:
        for parent in map(trace.bare, trace.nodes[index].parents):
            if parent == trace.bare(trace.enters) or carries_stream(trace, parent):
                return True
        return False
    node = trace.nodes[index]
    return "norm" in node.name and carries_stream(trace, node.parents[0])


def _by_row(tensor: Tensor, rows: int) -> Tensor:
    return tensor.reshape(rows, -1, tensor.shape[-1])


def norm_scale(norm: nn.Module, stream: Tensor) -> Tensor:
    """Return what a norm divides the stream by: the root of its variance or mean square plus epsilon.

    In double and single precision nothing as large as the stream is made on the way.
    """
    x = stream.detach()
    x = x if x.dtype == torch.float64 else x.float()
    stated = (getattr(norm, name, None) for name in ("variance_epsilon", "eps", "epsilon"))
    epsilon = next((value for value in stated if isinstance(value, float)), 0.0)
    if isinstance(norm, nn.LayerNorm):
        square = x.var(dim=-1, unbiased=False)
    else:
        square = torch.linalg.vector_norm(x, dim=-1).square_().div_(x.shape[-1])
    return square.add_(epsilon).sqrt_()


def scale_tap(norm: nn.Module | None) -> Tap | None:
    """Return the tap that shows what a norm divides by."""
    return None if norm is None else Tap(norm, "in", lambda stream: norm_scale(norm, stream))
