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
from neuronscope.models.parts.stacks import Stack
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.towers import specimen
from neuronscope.models.parts.values import Values, values_of
from neuronscope.words import BadInput

_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_NO_ATTENTION = Absence("this block attends nowhere", "mlp_out")
_NO_MLP = Absence("this block has no MLP", "attn_out")
_KNOWN: "WeakKeyDictionary[nn.Module, dict[str | None, Fixed]]" = WeakKeyDictionary()
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
    """All that stays in one stack of blocks: the layers, the last norm, and the output head.

    ``stack`` is the prefix of its addresses, None where the model has one stack. ``logits`` is the factor
    between the head's output and the logits; ``cap`` bounds them where a softcap stands there, None
    elsewhere. ``placed`` says whether what the stream begins with beyond the token's embedding depends on
    the position alone.
    """

    layers: list[Layer]
    final: Held
    head: nn.Module | Absence
    width: int
    stack: str | None = None
    logits: float = 1.0
    cap: float | None = None
    placed: bool = True

    def address(self, site: str) -> str:
        """Return the address of a site of this stack."""
        return within(self.stack, site)

    @property
    def n_neurons(self) -> int:
        """Return the number of neurons that write straight to the stream, the most of any layer."""
        downs = (layer.down for layer in self.layers)
        return max((len(matrix(down)) for down in downs if not isinstance(down, Absence)), default=0)


def fixed(model: Model, stack: str | None = None) -> Fixed:
    """Return the linear maps of a model; raises `BadInput` where its stream is no sum of what blocks add.

    It is none under a change of the stream, or of what is added to it. ``stack`` says which stack of blocks
    is meant in a model that has several, such as vision.
    """
    if model.standing is not None:
        between = sorted(model.standing.names() - _WITHIN)
        if between:
            raise BadInput(
                f"{model.name} is under a change at {between[0]}, so its stream is not the sum of its "
                "parts: change what stands within one, such as z, pattern or mlp_act."
            )
    known = _KNOWN.setdefault(model.hf, {})
    name = _named(model, stack)
    if name not in known:
        known[name] = _found(model.bare, model.anatomy.stacks[name])
    return known[name]


def within(stack: str | None, site: str) -> str:
    """Return the address of a site in a stack, which None leaves out."""
    return site if stack is None else f"{stack}/{site}"


def _named(model: Model, stack: str | None) -> str | None:
    stacks = model.anatomy.stacks
    names = ", ".join(str(name) for name in stacks)
    if stack is None and len(stacks) > 1:
        raise BadInput(
            f"{model.name} has {len(stacks)} stacks of blocks, and the linearisation is of one: "
            f"say stack={next(iter(stacks))!r}, or another of {names}."
        )
    if stack is not None and stack not in stacks:
        there = f"these stacks: {names}" if len(stacks) > 1 else "one stack of blocks: leave stack out"
        raise BadInput(f"{model.name} has no stack {stack!r}, but {there}.")
    return stack


def _found(model: Model, stack: Stack) -> Fixed:
    if not stack.blocks:
        raise BadInput(
            f"{model.name} keeps its blocks in a way that is not known here: "
            "the linearisation needs a model such as gpt2."
        )
    n_layers, look = len(stack.blocks), _Looked(model, stack)
    _check_sums(look)
    layers = [_layer(look, layer) for layer in range(n_layers)]
    last, entered, final = _around_the_last_norm(look)
    norm = held(stack.final_norm, entered, final, look.tolerance)
    if norm is None:
        raise BadInput(
            f"{model.name} ends in a {type(stack.final_norm).__name__}, whose numbers are unknown here: "
            "the linearisation needs a LayerNorm or RMSNorm there."
        )
    gone = Absence("it has no output head over a vocabulary", "final")
    found = Fixed(layers, norm, gone, width=last.shape[-1], stack=stack.name)
    begins, embedded = look["resid_pre.0"], look.maybe("embed")
    if embedded is None or begins.shape != embedded.shape:
        found.placed = False  # no tokens, or places of its own beside them, such as a class token
    else:
        beyond = begins - embedded
        found.placed = alike(begins - beyond + beyond[:1], begins, look.tolerance)
    if model.anatomy.head is not None and stack is model.anatomy.main:
        _add_head(model, found, final, look.seen, look.tolerance)
    return found


class _Looked:
    """One pass of a stack on random inputs, read by the names of its sites."""

    def __init__(self, model: Model, stack: Stack) -> None:
        names = ("attn_in", "v", "z", "attn_out", "attn_add", "mlp_act", "mlp_out", "mlp_add")
        self.model, self.stack, every = model, stack, range(len(stack.blocks))
        self.there = {name: model.layers(name, stack.name) if self._has(name) else [] for name in names}
        wanted = [f"{name}.{layer}" for name, layers in self.there.items() for layer in layers]
        wanted += [f"{name}.{layer}" for name in ("resid_pre", "resid_post") for layer in every]
        wanted += [name for name in ("embed", "final") if self._has(name)]
        sites = [within(stack.name, site) for site in wanted]
        if not self._has("final"):
            sites += self._around(stack.final_norm)
        self.seen = run(model, specimen(model.hf), get=sites)
        self.tolerance = _TOLERANCE.get(model.dtype, 1e-4)

    def _has(self, name: str) -> bool:
        return self.model.certificate.row(within(self.stack.name, name)).status != REFUSED

    def _around(self, norm: nn.Module | None) -> list[str]:
        """Return the addresses before and after a norm that reads one place of the stream alone."""
        names = [name for name, module in self.model.hf.named_modules() if module is norm]
        return [f"module.{name}:{side}" for name in names[:1] for side in ("in", "out")]

    def around(self) -> list[Tensor]:
        return [self.seen[site] for site in self._around(self.stack.final_norm)]

    def __getitem__(self, site: str) -> Tensor:
        return self.seen[within(self.stack.name, site)]

    def maybe(self, site: str) -> Tensor | None:
        return self[site] if within(self.stack.name, site) in self.seen else None


def _around_the_last_norm(look: _Looked) -> tuple[Tensor, Tensor, Tensor]:
    """Return the last stream, what enters the last norm, and what leaves it."""
    last, final = look[f"resid_post.{len(look.stack.blocks) - 1}"], look.maybe("final")
    if final is not None:
        return last, last, final
    pooled = look.around() if look.stack.final_norm is not None else []
    if len(pooled) == 2 and alike(pooled[0], last[:, 0], look.tolerance):
        return last, pooled[0], pooled[1]  # the last norm reads the class token alone
    return last, last, last


def _check_sums(look: _Looked) -> None:
    for layer in range(len(look.stack.blocks)):
        names = [f"{name}.{layer}" for name in ("attn_add", "mlp_add") if layer in look.there[name]]
        added = sum((look[name] for name in names), look[f"resid_pre.{layer}"])
        if not alike(added, look[f"resid_post.{layer}"], look.tolerance):
            model, scaled = look.model, look.stack.wiring(layer).post_norm
            raise BadInput(
                f"The stream of {model.name} is no sum of what attention and MLP add in block {layer}"
                f"{': it is normalised after each addition' if scaled else ''}, so no part's share is "
                "linear; choose a model with norms before attention and MLP."
            )


def _layer(look: _Looked, layer: int) -> Layer:
    stack, there, tolerance = look.stack, look.there, look.tolerance
    found = Layer(layer in there["attn_add"], layer in there["mlp_add"])
    if found.attends:
        _add_attention(look, found, layer)
    if found.has_mlp:
        down, out = stack.down(layer), look.maybe(f"mlp_out.{layer}")
        passed = None
        if out is not None:
            passed = _after(stack.blocks[layer], out, look[f"mlp_add.{layer}"], tolerance)
        hidden = layer not in there["mlp_act"] or stack.experts(layer) is not None
        if down is None or passed is None or hidden:
            found.down = Absence("its neurons do not write through one matrix to the stream", "mlp_add")
        elif packed := packed_because(down):
            found.down = Absence(packed, "mlp_add")
        elif not _writes(down, look[f"mlp_act.{layer}"], cast(Tensor, out), tolerance):
            found.down = Absence("its output matrix does not give what the MLP gives", "mlp_add")
        else:
            found.down, found.mlp_after = down, passed
    return found


def _add_attention(look: _Looked, found: Layer, layer: int) -> None:
    stack, there, tolerance = look.stack, look.there, look.tolerance
    output, heads, out = stack.output(layer), stack.wiring(layer).heads, look.maybe(f"attn_out.{layer}")
    passed = None if out is None else _after(stack.blocks[layer], out, look[f"attn_add.{layer}"], tolerance)
    if output is None or not heads or passed is None or layer not in there["z"]:
        found.output = Absence("its heads do not write through one matrix to the stream", "attn_add")
    elif packed := packed_because(output):
        found.output = Absence(packed, "attn_add")
    elif not _writes(output, look[f"z.{layer}"].flatten(-2), cast(Tensor, out), tolerance):
        found.output = Absence("its output matrix does not give what attention gives", "attn_add")
    else:
        found.output, found.heads, found.attention_after = output, heads, passed
    attention = stack.attention[layer]
    if attention is None or layer not in there["attn_in"] or layer not in there["v"]:
        return
    read = look[f"attn_in.{layer}"]
    found.values = values_of(attention, read, look[f"v.{layer}"], tolerance)
    norm = held(stack.first_norm(layer), look[f"resid_pre.{layer}"], read, tolerance)
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
    head = cast(nn.Module, model.anatomy.head)
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
