"""Where does each named part of a model sit in its own modules?

Rules propose: a short table of the names that families use. A numerical probe then disposes (`certificate`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import RLock
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from neuronscope.models.attention import STAGES
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput, nearest

_BLOCKS = ("h", "layers", "blocks", "layer")
_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_MLP = ("mlp", "feed_forward", "ffn")
_FIRST_NORM = ("ln_1", "input_layernorm", "norm_1", "norm1")
_SECOND_NORM = ("pre_feedforward_layernorm", "ln_2", "post_attention_layernorm", "norm_2", "norm2")
_OUTPUT = ("o_proj", "c_proj", "dense", "out_proj")
_GATE = ("gate_proj",)
_PRE = ("gate_proj", "c_fc", "dense_h_to_4h", "fc1", "fc_in", "up_proj")
_DOWN = ("down_proj", "c_proj", "dense_4h_to_h", "fc2", "fc_out")
_FINAL_NORM = ("ln_f", "norm", "final_layer_norm", "final_layernorm")


@dataclass(frozen=True)
class Tap:
    """One side of one module; ``derive`` works a read-only value out of the tensor that passes there."""

    module: nn.Module
    side: str
    derive: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True)
class Absence:
    """Why a model has no such site, and the site to ask for instead."""

    reason: str
    instead: str


class Anatomy:
    """The parts of one network, found by name: blocks, attention, MLPs, norms, embedding and output head."""

    def __init__(self, network: PreTrainedModel) -> None:
        self.network = network
        self.lock = RLock()
        self.blocks = _blocks(network)
        self.attention = [_part(block, _ATTENTION) for block in self.blocks]
        self.mlp = [_part(block, _MLP) for block in self.blocks]
        self.layer_of = {
            module: layer
            for layer, block in enumerate(self.blocks)
            for module in block.modules()
            if "Attention" in type(module).__name__
        }
        base = cast(nn.Module, getattr(network, network.base_model_prefix, network))
        self.final_norm = _part(base, _FINAL_NORM)
        self.embedding = cast(nn.Module, network.get_input_embeddings())
        self.head = cast(nn.Module | None, network.get_output_embeddings())
        if self.head is None:
            raise BadInput(
                f"{type(network).__name__} has no output head over a vocabulary: open a causal model."
            )

    @property
    def parallel(self) -> bool:
        """Return whether attention and MLP both read the stream that enters the block."""
        return bool(getattr(self.blocks[0], "use_parallel_residual", False))

    def first_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before attention."""
        return _part(self.blocks[layer], _FIRST_NORM)

    def second_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before the MLP."""
        return _part(self.blocks[layer], _SECOND_NORM)

    def output(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the heads to the stream."""
        return _part(self.attention[layer], _OUTPUT)

    def gated(self, layer: int) -> bool:
        """Return whether the MLP multiplies an activated gate by a linear branch."""
        return _part(self.mlp[layer], _GATE) is not None

    def down(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the neurons to the stream."""
        return _part(self.mlp[layer], _DOWN)

    def pre(self, layer: int) -> nn.Module | None:
        """Return the matrix whose output the activation function reads."""
        return _part(self.mlp[layer], _PRE)

    def layers(self, name: str) -> list[int | None]:
        """Return the layers in which a site name occurs; ``[None]`` for a name that occurs once."""
        return list(range(len(self.blocks))) if SITES[name].layered else [None]

    def tap(self, name: str, layer: int | None) -> Tap | str | Absence:
        """Return where a site is tapped, the attention stage that shows it, or why this model lacks it."""
        if name in STAGES:
            return name
        tap = self._once(name) if layer is None else self._in_block(name, layer)
        if tap is None:
            return self._absence(name)
        return tap

    def module_tap(self, site: Site) -> Tap:
        """Return the tap of a ``module.`` address; raises `BadInput` naming the nearest module."""
        path, side = cast(tuple[str, str], site.module)
        modules = dict(self.network.named_modules())
        if path not in modules:
            raise BadInput(f"This model has no module {path!r}{nearest(path, modules)}")
        return Tap(modules[path], side)

    def _once(self, name: str) -> Tap | None:
        if name == "embed":
            return Tap(self.embedding, "out")
        if name == "logits":
            return Tap(cast(nn.Module, self.head), "out")
        if self.final_norm is None:
            return None
        if name == "final":
            return Tap(self.final_norm, "out")
        return _scale_tap(self.final_norm)

    def _in_block(self, name: str, layer: int) -> Tap | None:
        block, attention, mlp = self.blocks[layer], self.attention[layer], self.mlp[layer]
        added = _part(block, ("post_attention_dropout",)) or attention
        mlp_added = _part(block, ("post_mlp_dropout",)) or mlp
        if hasattr(block, "pre_feedforward_layernorm"):  # families that normalise what they add
            added = _part(block, ("post_attention_layernorm",))
            mlp_added = _part(block, ("post_feedforward_layernorm",))
        if name == "attn_norm":
            return _scale_tap(self.first_norm(layer))
        if name == "mlp_norm":
            return _scale_tap(self.second_norm(layer))
        if name == "result":
            return self._result_tap(layer)
        sides = {
            "resid_pre": (block, "in"),
            "resid_mid": (None if self.parallel else self.second_norm(layer), "in"),
            "resid_post": (block, "out"),
            "attn_in": (attention, "in"),
            "attn_out": (attention, "out"),
            "attn_add": (added, "out"),
            "mlp_in": (mlp, "in"),
            "mlp_pre": (self.pre(layer), "out"),
            "mlp_up": (_part(mlp, ("up_proj",)) if self.gated(layer) else None, "out"),
            "mlp_act": (self.down(layer), "in"),
            "mlp_out": (mlp, "out"),
            "mlp_add": (mlp_added, "out"),
        }
        module, side = sides[name]
        return None if module is None else Tap(module, side)

    def _result_tap(self, layer: int) -> Tap | None:
        output = self.output(layer)
        if output is None:
            return None

        def derive(flat: Tensor) -> Tensor:
            rows = head_rows(output, n_heads(self.network))
            z = flat.unflatten(-1, rows.shape[:2])
            return torch.einsum("bphd,hdw->bphw", z, rows.to(z.dtype))

        return Tap(output, "in", derive)

    def _absence(self, name: str) -> Absence:
        if name == "resid_mid" and self.parallel:
            return Absence(
                "attention and MLP read the same stream side by side, so none lies between them", "resid_pre"
            )
        if name == "mlp_up" and self.pre(0) is not None:
            return Absence("this MLP has no gate, so no linear branch multiplies its neurons", "mlp_pre")
        near = {"result": "z", "mlp_act": "mlp_out", "mlp_pre": "mlp_out", "final": "resid_post"}
        return Absence("no module of this model is known to compute it", near.get(name, "resid_post"))


def n_heads(network: PreTrainedModel) -> int:
    """Return the number of query heads of a layer."""
    return int(network.config.num_attention_heads)


def matrix(linear: nn.Module) -> Tensor:
    """Return the weights of a linear map as [input, output], whichever way its class keeps them."""
    weight = cast(Tensor, linear.weight)
    return weight if type(linear).__name__ == "Conv1D" else weight.T


def head_rows(output: nn.Module, heads: int) -> Tensor:
    """Return the output matrix of attention by head: [head, head_width, width]."""
    return matrix(output).unflatten(0, (heads, -1))


def norm_scale(norm: nn.Module, stream: Tensor) -> Tensor:
    """Return what a norm divides the stream by: the root of its variance or mean square plus epsilon."""
    x = stream if stream.dtype == torch.float64 else stream.float()
    epsilon = getattr(norm, "variance_epsilon", None)
    if epsilon is None:
        epsilon = getattr(norm, "eps", 0.0)
    if isinstance(norm, nn.LayerNorm):
        return (x.var(dim=-1, unbiased=False) + epsilon).sqrt()
    return (x.pow(2).mean(dim=-1) + epsilon).sqrt()


def _scale_tap(norm: nn.Module | None) -> Tap | None:
    return None if norm is None else Tap(norm, "in", lambda stream: norm_scale(norm, stream))


def _part(owner: Any, names: Iterable[str]) -> nn.Module | None:
    found = (getattr(owner, name, None) for name in names)
    return next((part for part in found if isinstance(part, nn.Module)), None)


def _blocks(network: PreTrainedModel) -> list[nn.Module]:
    for name, module in network.named_modules():
        if not (isinstance(module, nn.ModuleList) and name.rpartition(".")[2] in _BLOCKS and len(module)):
            continue
        if all(_part(module[0], names) is not None for names in (_ATTENTION, _MLP)):
            return list(module)
    raise BadInput(
        f"{type(network).__name__} keeps its blocks in a way that is not known here: "
        "open a GPT-2, GPT-NeoX, Llama, Mistral or Qwen model."
    )
