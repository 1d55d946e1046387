"""Tiny random models of every family, every gain and bias drawn, so that no identity holds by accident."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from neuronscope.models import Model

VOCAB, LAYERS, HEADS, WIDTH = 97, 3, 4, 48
N_TOKENS = 9

_SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": 80,
    "vocab_size": VOCAB,
    "max_position_embeddings": 32,
}
_GROUPED: dict[str, Any] = _SIZES | {"num_key_value_heads": 2, "head_dim": 12}
_GPT2: dict[str, Any] = {
    "n_embd": WIDTH,
    "n_layer": LAYERS,
    "n_head": HEADS,
    "vocab_size": VOCAB,
    "n_positions": 32,
}
_SLIDING: dict[str, Any] = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}

_BUILDERS: dict[str, Callable[[], tuple[type[PreTrainedModel], Any]]] = {
    "gpt2": lambda: (GPT2LMHeadModel, GPT2Config(**_GPT2)),
    "gpt2 upcast": lambda: (
        GPT2LMHeadModel,
        GPT2Config(**_GPT2, reorder_and_upcast_attn=True, scale_attn_by_inverse_layer_idx=True),
    ),
    "gpt_neox parallel": lambda: (GPTNeoXForCausalLM, GPTNeoXConfig(**_SIZES)),
    "gpt_neox sequential": lambda: (
        GPTNeoXForCausalLM,
        GPTNeoXConfig(**_SIZES, use_parallel_residual=False),
    ),
    "llama": lambda: (LlamaForCausalLM, LlamaConfig(**_GROUPED)),
    "mistral": lambda: (MistralForCausalLM, MistralConfig(**_GROUPED, sliding_window=4)),
    "qwen2": lambda: (Qwen2ForCausalLM, Qwen2Config(**_SIZES, num_key_value_heads=2, **_SLIDING)),
    "qwen3": lambda: (Qwen3ForCausalLM, Qwen3Config(**_GROUPED)),
}
FAMILIES = list(_BUILDERS)


def lacked(family: str) -> set[str]:
    """Name the sites that a family does not have."""
    return {
        *({"mlp_up"} if family.startswith("gpt") else ()),
        *({"resid_mid"} if family == "gpt_neox parallel" else ()),
    }


def eager(family: str, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> PreTrainedModel:
    """Build a plain Hugging Face model with eager attention and random weights, in evaluation mode."""
    kind, config = _BUILDERS[family]()
    torch.manual_seed(seed)
    network = kind._from_config(copy.deepcopy(config), attn_implementation="eager")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    return network.to(dtype).eval()  # pyright: ignore[reportArgumentType]


def opened(family: str, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> Model:
    """Build the same network again and open it as ours."""
    return Model(eager(family, dtype=dtype, seed=seed), name=family)


@cache
def shared(family: str, dtype: torch.dtype = torch.float32) -> Model:
    """Open a network once for all tests that only run it."""
    return opened(family, dtype=dtype)


@cache
def plain(family: str) -> Tensor:
    """The logits of `some_tokens()` from Hugging Face's own eager attention."""
    return plain_logits(eager(family), some_tokens())


def some_tokens(*, rows: int = 2, length: int = N_TOKENS, seed: int = 1) -> Tensor:
    """Draw token ids [batch position]."""
    return torch.randint(VOCAB, (rows, length), generator=torch.Generator().manual_seed(seed))


def plain_logits(network: PreTrainedModel, tokens: Tensor) -> Tensor:
    """Run a network as Hugging Face does."""
    with torch.no_grad():
        return network(tokens, use_cache=False).logits
