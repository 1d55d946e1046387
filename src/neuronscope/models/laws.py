"""Which identities must hold between the sites of a transformer?

Each law takes what one pass showed and gives two tensors that must agree. A site whose law breaks is
refused, or reduced where its name stays true but the identity does not hold on this family. A site that no
law spoke of is reduced too, because nothing was checked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from neuronscope.models.attention import Place
from neuronscope.models.certificate import REDUCED, REFUSED
from neuronscope.models.parts.anatomy import Anatomy
from neuronscope.models.parts.experts import GIVEN, activated, written
from neuronscope.models.parts.stacks import Stack
from neuronscope.models.parts.unembedding import unembedded
from neuronscope.models.parts.wiring import TERM


class NotChecked(Exception):
    """Raised by a law that speaks of something that this model has not."""


@dataclass(frozen=True)
class Probed:
    """What one pass over random inputs showed in one stack, in the layout of the model itself."""

    anatomy: Anatomy
    stack: Stack
    tokens: Tensor | None
    values: Mapping[Place, Tensor]

    def __call__(self, name: str, layer: int | None) -> Tensor:
        place = Place(name, layer, None if name == "logits" else self.stack.name)
        if place not in self.values:
            raise NotChecked
        return self.values[place]

    def has(self, name: str, layer: int) -> bool:
        """Return whether a site was seen in a layer."""
        return Place(name, layer, self.stack.name) in self.values

    @property
    def last(self) -> int:
        """Return the last layer."""
        return len(self.stack.blocks) - 1


Sides = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Law:
    """Two tensors that must agree, the sites that answer for it, and the verdict on them when they do not."""

    states: str
    sites: tuple[str, ...]
    sides: Callable[[Probed, Any], Sides]
    layered: bool = True
    broken: str = REFUSED


def _there(module: nn.Module | None) -> nn.Module:
    if module is None:
        raise NotChecked
    return module


def _normed(seen: Probed, layer: int, which: int, stream: Tensor) -> Tensor:
    wiring = seen.stack.wiring(layer)
    return _there(wiring.norms[which])(stream) if wiring.post_norm else stream


def _middle(seen: Probed, layer: int) -> Sides:
    wiring = seen.stack.wiring(layer)
    extras = range(wiring.before_middle)
    total = seen("resid_pre", layer) + seen("attn_add", layer)
    total = total + sum(seen(f"{TERM}#{number}", layer) for number in extras)
    return _normed(seen, layer, 0, total), seen("resid_mid", layer)


def _stream_is_sum(seen: Probed, layer: int) -> Sides:
    names = ("attn_add", "mlp_add", *(f"{TERM}#{at}" for at in range(len(seen.stack.wiring(layer).extras))))
    added = [seen(name, layer) for name in names if seen.has(name, layer)]
    if not added:
        raise NotChecked
    if seen.stack.wiring(layer).post_norm:
        return _normed(seen, layer, 1, seen("resid_mid", layer) + added[-1]), seen("resid_post", layer)
    stream = seen("resid_pre", layer)
    return sum((term.reshape(stream.shape) for term in added), stream), seen("resid_post", layer)


def _stream_is_passed_on(seen: Probed, layer: int) -> Sides:
    return seen("resid_post", layer - 1) if layer else _nothing(), seen("resid_pre", layer)


def _nothing() -> Tensor:
    raise NotChecked


def _between(seen: Probed, layer: int) -> Tensor:
    return seen("resid_pre", layer) if seen.stack.wiring(layer).parallel else seen("resid_mid", layer)


def _rebuilt(norm: nn.Module, stream: Tensor, scale: Tensor) -> Sides:
    layer_norm = isinstance(norm, nn.LayerNorm)
    centred = stream - stream.mean(-1, keepdim=True) if layer_norm else stream
    rebuilt, bias = centred / scale[..., None], getattr(norm, "bias", None)
    there = norm(stream)
    weight = getattr(norm, "weight", None)
    if weight is None:
        return rebuilt.to(stream.dtype), there
    gain = cast(Tensor, weight)
    if bias is None:  # some families keep the gain as its difference from one
        plain, shifted = (rebuilt * gain).to(stream.dtype), (rebuilt * (1 + gain)).to(stream.dtype)
        return min((plain, shifted), key=lambda sides: (sides - there).abs().max().item()), there
    return (rebuilt * gain + bias).to(stream.dtype), there


def _attention_norm(seen: Probed, layer: int) -> Sides:
    norm = _there(seen.stack.first_norm(layer))
    return _rebuilt(norm, seen("resid_pre", layer), seen("attn_norm", layer))


def _mlp_norm(seen: Probed, layer: int) -> Sides:
    return _rebuilt(_there(seen.stack.second_norm(layer)), _between(seen, layer), seen("mlp_norm", layer))


def _attention_input(seen: Probed, layer: int) -> Sides:
    stream, norm = seen("resid_pre", layer), seen.stack.first_norm(layer)
    plain = seen.stack.wiring(layer).post_norm or norm is None
    return stream if plain else _there(norm)(stream), seen("attn_in", layer)


def _mlp_input(seen: Probed, layer: int) -> Sides:
    stream, norm = _between(seen, layer), seen.stack.second_norm(layer)
    shown = seen("mlp_in", layer)
    plain = seen.stack.wiring(layer).post_norm or norm is None or torch.equal(stream, shown)
    return stream if plain else _there(norm)(stream), shown


def _per_query_head(seen: Probed, name: str, layer: int) -> Tensor:
    shared, pattern = seen(name, layer), seen("pattern", layer)
    return shared.repeat_interleave(pattern.shape[1] // shared.shape[1], dim=1)


def _dot_products(seen: Probed, layer: int) -> Sides:
    scores, q = seen("scores", layer), seen("q", layer)
    owner = getattr(seen.stack.wiring(layer).attends, "owner", None)
    products = q @ _per_query_head(seen, "k", layer).transpose(-1, -2)
    cap = getattr(owner, "attn_logit_softcapping", None)
    caps = [None, cap] if isinstance(cap, float) else [None]  # some families state a cap that they do not use
    allowed = seen("pattern", layer) > 0
    stated = getattr(owner, "scaling", None)
    factors = [q.shape[-1] ** -0.5, 1.0, *([stated] if isinstance(stated, float) else [])]
    tries = []
    for factor, cap in product(factors, caps):  # some families scale the queries themselves
        scaled = products * factor
        scaled = scaled if cap is None else (scaled / cap).tanh() * cap
        if hasattr(owner, "sinks"):  # these take the largest score of a row away, which no softmax sees
            apart = torch.where(allowed, scores - scaled, 0)
            scaled = scaled + apart.sum(-1, keepdim=True) / allowed.sum(-1, keepdim=True)
        tries += [scaled[allowed], (scaled + (scores - scaled).mean(0, keepdim=True))[allowed]]
    return min(tries, key=lambda sides: (sides - scores[allowed]).abs().max().item()), scores[allowed]


def _softmax(seen: Probed, layer: int) -> Sides:
    pattern, scores = seen("pattern", layer), seen("scores", layer)
    weights = scores.softmax(-1).to(pattern.dtype)
    total = pattern.sum(-1, keepdim=True)  # less than one where a sink takes its part
    sunk = bool((total < 1 - 1e-3).any()) and bool((total <= 1 + 1e-3).all())
    return weights * total if sunk else weights, pattern


def _average_of_values(seen: Probed, layer: int) -> Sides:
    values = _per_query_head(seen, "v", layer)
    return (seen("pattern", layer).to(values.dtype) @ values).transpose(1, 2), seen("z", layer)


def _sum_of_heads(seen: Probed, layer: int) -> Sides:
    bias = getattr(seen.stack.output(layer), "bias", None)
    total = seen("result", layer).sum(2)
    return total if bias is None else total + bias, seen("attn_out", layer)


def _output_writes(seen: Probed, layer: int) -> Sides:
    if seen.has("result", layer):
        raise NotChecked
    return _there(seen.stack.output(layer))(seen("z", layer).flatten(-2)), seen("attn_out", layer)


def _activation(seen: Probed, layer: int) -> Sides:
    if seen.stack.experts(layer) is not None:
        up = _chosen(seen, "mlp_up", layer) if seen.has("mlp_up", layer) else None
        gate, act = (_chosen(seen, name, layer) for name in ("mlp_pre", "mlp_act"))
        return activated(_experts(seen, layer), gate, up), act
    mlp: Any = seen.stack.mlp[layer] or seen.stack.blocks[layer]
    named = (
        getattr(mlp, name, None)
        for name in ("act_fn", "act", "activation_fn", "activation", "gelu_impl", "intermediate_act_fn")
    )
    function = next((found for found in named if callable(found)), None)
    if function is None:
        config: Any = seen.anatomy.network.config.get_text_config()
        stated = (getattr(config, name, None) for name in ("hidden_act", "activation", "hidden_activation"))
        function = next((ACT2FN[name] for name in stated if isinstance(name, str)), None)
    if function is None:
        raise NotChecked
    active = cast(Tensor, function(seen("mlp_pre", layer)))
    return active * seen("mlp_up", layer) if seen.stack.gated(layer) else active, seen("mlp_act", layer)


def _neurons_write(seen: Probed, layer: int) -> Sides:
    written, shown = _there(seen.stack.down(layer))(seen("mlp_act", layer)), seen("mlp_out", layer)
    return written.reshape(shown.shape) if written.numel() == shown.numel() else written, shown


def _experts(seen: Probed, layer: int) -> nn.Module:
    return _there(seen.stack.experts(layer))


def _chosen(seen: Probed, name: str, layer: int) -> Tensor:
    """Return the neurons of chosen pairs of token and expert, a row each."""
    chosen = seen("expert_weight", layer) != 0
    return seen(name, layer).unflatten(-1, (chosen.shape[-1], -1))[chosen]


def _linear_branch(seen: Probed, layer: int) -> Sides:
    gate, up, act = (_chosen(seen, name, layer) for name in ("mlp_pre", "mlp_up", "mlp_act"))
    half, none = (activated(_experts(seen, layer), gate, up * part) for part in (0.5, 0.0))
    return 2 * half - none, act


def _experts_write(seen: Probed, layer: int) -> Sides:
    total = written(_experts(seen, layer), seen("expert_weight", layer), seen("mlp_act", layer))
    shown = seen(GIVEN, layer)
    return total.reshape(shown.shape).to(shown.dtype), shown


def _mlp_maps(seen: Probed, layer: int) -> Sides:
    mlp = _there(seen.stack.mlp[layer])
    taps = (seen.stack.tap(name, layer) for name in ("mlp_in", "mlp_out"))
    if any(getattr(tap, "module", None) is not mlp for tap in taps):
        raise NotChecked
    given, shown = mlp(seen("mlp_in", layer)), seen("mlp_out", layer)
    return (given[0] if isinstance(given, tuple) else given).reshape(shown.shape), shown


def _scored(seen: Probed, layer: int) -> Sides:
    router: Any = _there(seen.stack.router(layer))
    weight, scores = getattr(router, "weight", None), seen("router", layer)
    if not isinstance(weight, Tensor) or weight.shape[-1] != seen("mlp_in", layer).shape[-1]:
        raise NotChecked
    products = nn.functional.linear(
        seen("mlp_in", layer).to(weight.dtype), weight, getattr(router, "bias", None)
    )
    return products.reshape(scores.shape).to(scores.dtype), scores


def _embedding(seen: Probed, _: None) -> Sides:
    if seen.tokens is None:
        raise NotChecked
    return _there(seen.stack.embedding)(seen.tokens), seen("embed", None)


def _final_scale(seen: Probed, _: None) -> Sides:
    stream, scale = seen("resid_post", seen.last), seen("final_norm", None)
    return _rebuilt(_there(seen.stack.final_norm), stream, scale)[0], seen("final", None)


def _final(seen: Probed, _: None) -> Sides:
    return _there(seen.stack.final_norm)(seen("resid_post", seen.last)), seen("final", None)


def _head(seen: Probed, _: None) -> Sides:
    if seen.stack is not seen.anatomy.main:
        raise NotChecked
    return unembedded(seen.anatomy, seen("resid_post", seen.last)), seen("logits", None)


LAWS = (
    Law("the token embedding gives embed", ("embed",), _embedding, layered=False, broken=REDUCED),
    Law("resid_post of a block is resid_pre of the next", ("resid_pre", "resid_post"), _stream_is_passed_on),
    Law("resid_pre + attn_add = resid_mid", ("resid_mid",), _middle),
    Law("resid_pre + attn_add + mlp_add = resid_post", ("attn_add", "mlp_add"), _stream_is_sum),
    Law("the norm rebuilt from attn_norm is the norm", ("attn_norm",), _attention_norm),
    Law("the first norm of resid_pre is attn_in", ("attn_in",), _attention_input, broken=REDUCED),
    Law(
        "scores where the mask allows are scaled q·k and what positions alone add",
        ("q", "k"),
        _dot_products,
        broken=REDUCED,
    ),
    Law("softmax of scores is pattern", ("scores", "pattern"), _softmax, broken=REDUCED),
    Law("pattern @ v = z", ("v", "scores", "pattern", "z"), _average_of_values, broken=REDUCED),
    Law(
        "the heads' results and the bias sum to attn_out",
        ("result", "attn_out"),
        _sum_of_heads,
        broken=REDUCED,
    ),
    Law("the output matrix of z gives attn_out", ("attn_out",), _output_writes, broken=REDUCED),
    Law("the norm rebuilt from mlp_norm is the norm", ("mlp_norm",), _mlp_norm),
    Law("the second norm of the stream is mlp_in", ("mlp_in",), _mlp_input, broken=REDUCED),
    Law("the activated mlp_pre is mlp_act", ("mlp_pre", "mlp_up"), _activation, broken=REDUCED),
    Law("the output matrix of mlp_act gives mlp_out", ("mlp_act", "mlp_out"), _neurons_write, broken=REDUCED),
    Law("the router's matrix of mlp_in gives router", ("router",), _scored, broken=REDUCED),
    Law("mlp_act is linear in mlp_up", ("mlp_pre", "mlp_up"), _linear_branch, broken=REDUCED),
    Law(
        "the weighted experts' matrices of mlp_act give what the experts give",
        ("mlp_act", "expert_weight"),
        _experts_write,
        broken=REDUCED,
    ),
    Law("the MLP of mlp_in gives mlp_out", ("mlp_out",), _mlp_maps, broken=REDUCED),
    Law("the norm rebuilt from final_norm is final", ("final_norm",), _final_scale, layered=False),
    Law("the last norm of the last resid_post is final", ("final",), _final, layered=False),
    Law("the output head of the last resid_post gives logits", ("logits",), _head, layered=False),
)
