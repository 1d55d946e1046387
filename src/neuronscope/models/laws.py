"""Which identities must hold between the sites of a transformer?

Each law takes what one pass showed and gives two tensors that must agree. A site whose law breaks is
refused, or reduced where its name stays true but the identity does not hold on this family.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from neuronscope.models.anatomy import Anatomy, norm_scale
from neuronscope.models.attention import Place
from neuronscope.models.certificate import REDUCED, REFUSED


@dataclass(frozen=True)
class Probed:
    """What one pass over random tokens showed, in the layout of the model itself."""

    anatomy: Anatomy
    tokens: Tensor
    values: Mapping[Place, Tensor]

    def __call__(self, name: str, layer: int | None) -> Tensor:
        return self.values[Place(name, layer)]

    @property
    def last(self) -> int:
        """Return the last layer."""
        return len(self.anatomy.blocks) - 1


Sides = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Law:
    """Two tensors that must agree, the sites that answer for it, and the verdict on them when they do not."""

    states: str
    sites: tuple[str, ...]
    sides: Callable[[Probed, Any], Sides]
    layered: bool = True
    broken: str = REFUSED


def _stream_is_sum(seen: Probed, layer: int) -> Sides:
    total = seen("resid_pre", layer) + seen("attn_add", layer) + seen("mlp_add", layer)
    return total, seen("resid_post", layer)


def _stream_is_passed_on(seen: Probed, layer: int) -> Sides:
    before = seen("resid_pre", layer) if layer == 0 else seen("resid_post", layer - 1)
    return before, seen("resid_pre", layer)


def _between(seen: Probed, layer: int) -> Tensor:
    return seen("resid_pre", layer) if seen.anatomy.parallel else seen("resid_mid", layer)


def _rebuilt(norm: nn.Module, stream: Tensor, scale: Tensor) -> Sides:
    layer_norm = isinstance(norm, nn.LayerNorm)
    centred = stream - stream.mean(-1, keepdim=True) if layer_norm else stream
    rebuilt = centred / scale[..., None] * cast(Tensor, norm.weight)
    bias = getattr(norm, "bias", None)
    return (rebuilt if bias is None else rebuilt + bias).to(stream.dtype), norm(stream)


def _attention_norm(seen: Probed, layer: int) -> Sides:
    norm = cast(nn.Module, seen.anatomy.first_norm(layer))
    return _rebuilt(norm, seen("resid_pre", layer), seen("attn_norm", layer))


def _mlp_norm(seen: Probed, layer: int) -> Sides:
    return _rebuilt(
        cast(nn.Module, seen.anatomy.second_norm(layer)), _between(seen, layer), seen("mlp_norm", layer)
    )


def _attention_input(seen: Probed, layer: int) -> Sides:
    return cast(nn.Module, seen.anatomy.first_norm(layer))(seen("resid_pre", layer)), seen("attn_in", layer)


def _mlp_input(seen: Probed, layer: int) -> Sides:
    return cast(nn.Module, seen.anatomy.second_norm(layer))(_between(seen, layer)), seen("mlp_in", layer)


def _per_query_head(seen: Probed, name: str, layer: int) -> Tensor:
    shared = seen(name, layer)
    return shared.repeat_interleave(seen("q", layer).shape[1] // shared.shape[1], dim=1)


def _dot_products(seen: Probed, layer: int) -> Sides:
    scores = seen("scores", layer)
    scaling = cast(float, cast(nn.Module, seen.anatomy.attention[layer]).scaling)
    products = seen("q", layer) @ _per_query_head(seen, "k", layer).transpose(-1, -2) * scaling
    allowed = scores > torch.finfo(scores.dtype).min / 2
    return products[allowed], scores[allowed]


def _softmax(seen: Probed, layer: int) -> Sides:
    pattern = seen("pattern", layer)
    return seen("scores", layer).softmax(-1).to(pattern.dtype), pattern


def _average_of_values(seen: Probed, layer: int) -> Sides:
    values = _per_query_head(seen, "v", layer)
    return (seen("pattern", layer).to(values.dtype) @ values).transpose(1, 2), seen("z", layer)


def _sum_of_heads(seen: Probed, layer: int) -> Sides:
    bias = getattr(seen.anatomy.output(layer), "bias", None)
    total = seen("result", layer).sum(2)
    return total if bias is None else total + bias, seen("attn_out", layer)


def _activation(seen: Probed, layer: int) -> Sides:
    mlp = cast(Any, seen.anatomy.mlp[layer])
    active = (mlp.act_fn if hasattr(mlp, "act_fn") else mlp.act)(seen("mlp_pre", layer))
    return active * seen("mlp_up", layer) if seen.anatomy.gated(layer) else active, seen("mlp_act", layer)


def _neurons_write(seen: Probed, layer: int) -> Sides:
    return cast(nn.Module, seen.anatomy.down(layer))(seen("mlp_act", layer)), seen("mlp_out", layer)


def _embedding(seen: Probed, _: None) -> Sides:
    return seen.anatomy.embedding(seen.tokens), seen("embed", None)


def _final_scale(seen: Probed, _: None) -> Sides:
    stream = seen("resid_post", seen.last)
    norm = cast(nn.Module, seen.anatomy.final_norm)
    return _rebuilt(norm, stream, norm_scale(norm, stream))[0], seen("final", None)


def _final(seen: Probed, _: None) -> Sides:
    return cast(nn.Module, seen.anatomy.final_norm)(seen("resid_post", seen.last)), seen("final", None)


def _head(seen: Probed, _: None) -> Sides:
    final = cast(nn.Module, seen.anatomy.final_norm)(seen("resid_post", seen.last))
    return cast(nn.Module, seen.anatomy.head)(final), seen("logits", None)


LAWS = (
    Law("the token embedding gives embed", ("embed",), _embedding, layered=False),
    Law("resid_post of a block is resid_pre of the next", ("resid_pre",), _stream_is_passed_on),
    Law(
        "resid_pre + attn_add = resid_mid",
        ("resid_mid",),
        lambda seen, layer: (seen("resid_pre", layer) + seen("attn_add", layer), seen("resid_mid", layer)),
    ),
    Law("resid_pre + attn_add + mlp_add = resid_post", ("attn_add", "mlp_add", "resid_post"), _stream_is_sum),
    Law("the norm rebuilt from attn_norm is the norm", ("attn_norm",), _attention_norm),
    Law("the first norm of resid_pre is attn_in", ("attn_in",), _attention_input, broken=REDUCED),
    Law("scaled q·k is scores where the mask allows", ("q", "k", "scores"), _dot_products, broken=REDUCED),
    Law("softmax of scores is pattern", ("scores", "pattern"), _softmax, broken=REDUCED),
    Law("pattern @ v = z", ("v", "pattern", "z"), _average_of_values, broken=REDUCED),
    Law(
        "the heads' results and the bias sum to attn_out",
        ("result", "attn_out"),
        _sum_of_heads,
        broken=REDUCED,
    ),
    Law("the norm rebuilt from mlp_norm is the norm", ("mlp_norm",), _mlp_norm),
    Law("the second norm of the stream is mlp_in", ("mlp_in",), _mlp_input, broken=REDUCED),
    Law("the activated mlp_pre is mlp_act", ("mlp_pre", "mlp_up"), _activation, broken=REDUCED),
    Law("the output matrix of mlp_act gives mlp_out", ("mlp_act", "mlp_out"), _neurons_write, broken=REDUCED),
    Law("the norm rebuilt from final_norm is final", ("final_norm",), _final_scale, layered=False),
    Law("the last norm of the last resid_post is final", ("final",), _final, layered=False),
    Law("the output head of the last resid_post gives logits", ("logits",), _head, layered=False),
)
