"""Which linear maps of a model stay the same whatever it reads? Found once, checked on a pass, kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from neuronscope.instruments.run import Run, run
from neuronscope.models.certificate import REFUSED
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import head_rows, matrix, packed_because
from neuronscope.models.parts.norms import Held, alike, factor, held
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.towers import specimen
from neuronscope.models.parts.values import Values, values_of
from neuronscope.words import BadInput

_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_NO_ATTENTION = Absence("this block attends nowhere", "mlp_out")
_NO_MLP = Absence("this block has no MLP", "attn_out")
_KNOWN: "WeakKeyDictionary[nn.Module, Fixed]" = WeakKeyDictionary()
_WITHIN = {"q", "k", "v", "scores", "pattern", "z", "attn_in"}
_WITHIN |= {"mlp_in", "mlp_pre", "mlp_up", "mlp_act", "router", "expert_weight"}
"""Sites within attention and the MLP, which write the stream but are not of it."""


@dataclass
class Layer:
    """One block: the matrices that write to the stream, what stands before and after, or why they are hidden.

    ``attention_after`` and ``mlp_after`` are what turns the module's output into what enters the stream.
    """

    attends: bool
    has_mlp: bool
    before: Held | Absence = field(default_factory=Held)
    attention_after: Held = field(default_factory=Held)
    mlp_after: Held = field(default_factory=Held)
    output: nn.Module | Absence = _NO_ATTENTION
    heads: int = 0
    values: Values | Absence = _NO_ATTENTION
    down: nn.Module | Absence = _NO_MLP


@dataclass
class Fixed:
    """All that stays: the layers, the last norm, and the output head.

    ``logits`` is the factor between the head's output and the logits; ``cap`` bounds them where a softcap
    stands there, None elsewhere. ``placed`` says whether what the stream begins with beyond the token's
    embedding depends on the position alone.
    """

    layers: list[Layer]
    final: Held
    head: nn.Module | Absence
    logits: float = 1.0
    cap: float | None = None
    placed: bool = True


def fixed(model: Model) -> Fixed:
    """Return the linear maps of a model; raises `BadInput` where its stream is no sum of what blocks add.

    It is none under a change of the stream, or of what is added to it.
    """
    if model.standing is not None:
        between = sorted(model.standing.names() - _WITHIN)
        if between:
            raise BadInput(
                f"{model.name} is under a change at {between[0]}, so its stream is not the sum of its "
                "parts: change what stands within one, such as z, pattern or mlp_act."
            )
    if model.hf not in _KNOWN:
        _KNOWN[model.hf] = _found(model.bare)
    return _KNOWN[model.hf]


def _found(model: Model) -> Fixed:
    anatomy = model.anatomy
    if list(anatomy.stacks) != [None] or not anatomy.blocks:
        raise BadInput(
            f"{model.name} has {len(anatomy.stacks)} stacks of blocks or none that is known here: "
            "the linearisation needs a model with one, such as gpt2."
        )
    names = ("attn_in", "v", "z", "attn_out", "attn_add", "mlp_act", "mlp_out", "mlp_add")
    there = {name: model.layers(name) if _has(model, name) else [] for name in names}
    wanted = [f"{name}.{layer}" for name, layers in there.items() for layer in layers]
    wanted += [f"{name}.{layer}" for name in ("resid_pre", "resid_post") for layer in range(model.n_layers)]
    wanted += [name for name in ("embed", "final") if _has(model, name)]
    seen = run(model, specimen(model.hf), get=wanted)
    tolerance = _TOLERANCE.get(model.dtype, 1e-4)
    _check_sums(model, seen, there, tolerance)
    layers = [_layer(model, seen, layer, there, tolerance) for layer in range(model.n_layers)]
    last = seen[f"resid_post.{model.n_layers - 1}"]
    normed = _seen(seen, "final")
    final = last if normed is None else normed
    norm = held(anatomy.final_norm, last, final, tolerance)
    if norm is None:
        raise BadInput(
            f"{model.name} ends in a {type(anatomy.final_norm).__name__}, whose numbers are unknown here: "
            "the linearisation needs a LayerNorm or RMSNorm there."
        )
    found = Fixed(layers, norm, Absence("it has no output head over a vocabulary", "final"))
    if "embed" in seen:
        begins = seen["resid_pre.0"]
        if begins.shape != seen["embed"].shape:
            raise BadInput(
                f"{model.name} adds places of its own to those that it reads: "
                "the linearisation needs a model whose stream has one place a token."
            )
        beyond = begins - seen["embed"]
        found.placed = alike(begins - beyond + beyond[:1], begins, tolerance)
    _add_head(model, found, final, seen, tolerance)
    return found


def _seen(seen: Run, address: str) -> Tensor | None:
    if address not in seen:
        return None
    return seen[address]


def _has(model: Model, name: str) -> bool:
    return model.certificate.row(name).status != REFUSED


def _check_sums(model: Model, seen: Run, there: dict[str, list[int]], tolerance: float) -> None:
    for layer in range(model.n_layers):
        names = [f"{name}.{layer}" for name in ("attn_add", "mlp_add") if layer in there[name]]
        added = sum((seen[name] for name in names), seen[f"resid_pre.{layer}"])
        if not alike(added, seen[f"resid_post.{layer}"], tolerance):
            scaled = model.anatomy.main.wiring(layer).post_norm
            raise BadInput(
                f"The stream of {model.name} is no sum of what attention and MLP add in block {layer}"
                f"{': it is normalised after each addition' if scaled else ''}, so no part's share is "
                "linear; choose a model with norms before attention and MLP."
            )


def _layer(model: Model, seen: Run, layer: int, there: dict[str, list[int]], tolerance: float) -> Layer:
    stack = model.anatomy.main
    found = Layer(layer in there["attn_add"], layer in there["mlp_add"])
    if found.attends:
        _add_attention(model, found, seen, layer, there, tolerance)
    if found.has_mlp:
        down, out = stack.down(layer), _seen(seen, f"mlp_out.{layer}")
        added = seen[f"mlp_add.{layer}"]
        passed = None if out is None else _after(stack.blocks[layer], out, added, tolerance)
        hidden = layer not in there["mlp_act"] or stack.experts(layer) is not None
        if down is None or passed is None or hidden:
            found.down = Absence("its neurons do not write through one matrix to the stream", "mlp_add")
        elif packed := packed_because(down):
            found.down = Absence(packed, "mlp_add")
        elif not _writes(down, seen[f"mlp_act.{layer}"], cast(Tensor, out), tolerance):
            found.down = Absence("its output matrix does not give what the MLP gives", "mlp_add")
        else:
            found.down, found.mlp_after = down, passed
    return found


def _add_attention(
    model: Model, found: Layer, seen: Run, layer: int, there: dict[str, list[int]], tolerance: float
) -> None:
    stack = model.anatomy.main
    output, heads, out = stack.output(layer), stack.wiring(layer).heads, _seen(seen, f"attn_out.{layer}")
    passed = None if out is None else _after(stack.blocks[layer], out, seen[f"attn_add.{layer}"], tolerance)
    if output is None or not heads or passed is None or layer not in there["z"]:
        found.output = Absence("its heads do not write through one matrix to the stream", "attn_add")
    elif packed := packed_because(output):
        found.output = Absence(packed, "attn_add")
    elif not _writes(output, seen[f"z.{layer}"].flatten(-2), cast(Tensor, out), tolerance):
        found.output = Absence("its output matrix does not give what attention gives", "attn_add")
    else:
        found.output, found.heads, found.attention_after = output, heads, passed
    attention = stack.attention[layer]
    if attention is None or layer not in there["attn_in"] or layer not in there["v"]:
        return
    read = seen[f"attn_in.{layer}"]
    found.values = values_of(attention, read, seen[f"v.{layer}"], tolerance)
    norm = held(stack.first_norm(layer), seen[f"resid_pre.{layer}"], read, tolerance)
    found.before = norm or Absence("no norm known here stands between stream and attention", "attn_in")


def _after(block: nn.Module, out: Tensor, added: Tensor, tolerance: float) -> Held | None:
    """Return what turns the output of a module into what enters the stream: nothing, a number or a norm."""
    plain = factor(out, added, tolerance)
    if plain is not None:
        return plain
    norms = (module for module in block.modules() if "norm" in type(module).__name__.lower())
    return next((found for norm in norms if (found := held(norm, out, added, tolerance))), None)


def _writes(linear: nn.Module, read: Tensor, out: Tensor, tolerance: float) -> bool:
    weights, bias = matrix(linear), bias_of(linear)
    if weights.shape[0] != read.shape[-1]:
        return False
    made = read.to(weights.dtype) @ weights
    made = made if bias is None else made + bias
    return made.numel() == out.numel() and alike(made.reshape(out.shape), out, tolerance)


def bias_of(linear: nn.Module) -> Tensor | None:
    """Return the bias of a linear map, or None."""
    return cast(Tensor | None, getattr(linear, "bias", None))


def head_weights(layer: Layer) -> Tensor:
    """Return the output matrix of a layer's attention by head: [head, head_width, width]."""
    return head_rows(cast(nn.Module, layer.output), layer.heads)


def _add_head(model: Model, found: Fixed, final: Tensor, seen: Run, tolerance: float) -> None:
    head = model.anatomy.head
    if head is None:
        return
    weight = getattr(head, "weight", None)
    if not isinstance(weight, Tensor) or packed_because(head) or matrix(head).shape[0] != final.shape[-1]:
        found.head = Absence("its output head is no plain matrix on the last stream", "final")
        return
    logits, plain = seen.logits, head(final)
    scaled = factor(plain, logits, tolerance)
    cap = getattr(model.hf.config.get_text_config(), "final_logit_softcapping", None)
    if scaled is not None:
        found.head, found.logits = head, scaled.factor
    elif isinstance(cap, float) and alike((plain / cap).tanh() * cap, logits, tolerance):
        found.head, found.cap = head, cap
    else:
        found.head = Absence("its logits are not the output head's alone", "final")


def missing(parts: Sequence[object]) -> str:
    """Return why the first part that is absent is hidden, or nothing where all are there."""
    return next((part.reason for part in parts if isinstance(part, Absence)), "")
