"""Tiny random models of every family, every gain and bias drawn, so that no identity holds by accident."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import transformers as models
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
_ROUTED: dict[str, Any] = {"num_experts_per_tok": 2, "num_local_experts": 5}
_NEO: dict[str, Any] = {"num_layers": 4, "num_heads": HEADS, "attention_types": [[["global", "local"], 2]]}
_CAPS: dict[str, Any] = {"attn_logit_softcapping": 3.5, "final_logit_softcapping": 4.5}
_GRANITE: dict[str, Any] = {"residual_multiplier": 0.3, "logits_scaling": 1.7, "embedding_multiplier": 2.2}
_WIDER: dict[str, tuple[type[PreTrainedModel], Callable[[], Any]]] = {
    "gemma": (models.GemmaForCausalLM, lambda: models.GemmaConfig(**_GROUPED)),
    "gemma2": (models.Gemma2ForCausalLM, lambda: models.Gemma2Config(**_GROUPED, **_CAPS, sliding_window=4)),
    "gemma3": (models.Gemma3ForCausalLM, lambda: models.Gemma3TextConfig(**_GROUPED, sliding_window=4)),
    "granite": (models.GraniteForCausalLM, lambda: models.GraniteConfig(**_SIZES | _GRANITE)),
    "olmo2": (models.Olmo2ForCausalLM, lambda: models.Olmo2Config(**_SIZES)),
    "phi": (models.PhiForCausalLM, lambda: models.PhiConfig(**_SIZES)),
    "mixtral": (models.MixtralForCausalLM, lambda: models.MixtralConfig(**_GROUPED, **_ROUTED)),
    "qwen2_moe": (
        models.Qwen2MoeForCausalLM,
        lambda: models.Qwen2MoeConfig(
            **_SIZES,
            num_experts=5,
            num_experts_per_tok=2,
            moe_intermediate_size=24,
            decoder_sparse_step=1,
            shared_expert_intermediate_size=24,
            num_key_value_heads=2,
        ),
    ),
    "gpt_oss": (
        models.GptOssForCausalLM,
        lambda: models.GptOssConfig(**_GROUPED, **_ROUTED, sliding_window=4),
    ),
    "bloom": (
        models.BloomForCausalLM,
        lambda: models.BloomConfig(hidden_size=WIDTH, n_layer=LAYERS, n_head=HEADS, vocab_size=VOCAB),
    ),
    "falcon": (
        models.FalconForCausalLM,
        lambda: models.FalconConfig(**_SIZES, parallel_attn=True, bias=True),
    ),
    "gptj": (models.GPTJForCausalLM, lambda: models.GPTJConfig(**_GPT2, rotary_dim=4)),
    "gpt_neo": (
        models.GPTNeoForCausalLM,
        lambda: models.GPTNeoConfig(hidden_size=WIDTH, vocab_size=VOCAB, window_size=4, **_NEO),
    ),
    "codegen": (models.CodeGenForCausalLM, lambda: models.CodeGenConfig(**_GPT2, rotary_dim=4)),
    "mpt": (
        models.MptForCausalLM,
        lambda: models.MptConfig(
            d_model=WIDTH, n_layers=LAYERS, n_heads=HEADS, vocab_size=VOCAB, max_seq_len=32
        ),
    ),
    "bitnet": (models.BitNetForCausalLM, lambda: models.BitNetConfig(**_SIZES, num_key_value_heads=2)),
    "opt": (
        models.OPTForCausalLM,
        lambda: models.OPTConfig(**_SIZES, ffn_dim=80, word_embed_proj_dim=WIDTH),
    ),
    "opt after": (
        models.OPTForCausalLM,
        lambda: models.OPTConfig(**_SIZES, ffn_dim=80, word_embed_proj_dim=32, do_layer_norm_before=False),
    ),
}
WIDER = list(_WIDER)
_LONGER: dict[str, Any] = _SIZES | {"max_position_embeddings": 40}
_SEEING: dict[str, Any] = {"image_size": 16, "patch_size": 4}
_CLIP_TOWER: dict[str, Any] = {key: size for key, size in _SIZES.items() if key != "vocab_size"}
_T5: dict[str, Any] = {"d_model": WIDTH, "d_kv": 12, "d_ff": 80, "num_layers": LAYERS, "num_heads": HEADS}
_OTHERS: dict[str, tuple[type[PreTrainedModel], Callable[[], Any]]] = {
    "bert": (models.BertForMaskedLM, lambda: models.BertConfig(**_SIZES)),
    "minilm": (models.BertModel, lambda: models.BertConfig(**_SIZES)),
    "roberta": (
        models.RobertaForMaskedLM,
        lambda: models.RobertaConfig(**_LONGER),
    ),
    "distilbert": (
        models.DistilBertForMaskedLM,
        lambda: models.DistilBertConfig(
            dim=WIDTH, n_layers=LAYERS, n_heads=HEADS, hidden_dim=80, vocab_size=VOCAB
        ),
    ),
    "vit": (models.ViTForImageClassification, lambda: models.ViTConfig(**_CLIP_TOWER, **_SEEING)),
    "t5": (models.T5ForConditionalGeneration, lambda: models.T5Config(vocab_size=VOCAB, **_T5)),
    "clip": (
        models.CLIPModel,
        lambda: models.CLIPConfig(
            text_config=_SIZES | {"eos_token_id": 96}, vision_config=_CLIP_TOWER | _SEEING, projection_dim=24
        ),
    ),
}
OTHERS = list(_OTHERS)


def lacked(family: str) -> set[str]:
    """Name the sites that a family does not have."""
    return {
        *("router", "expert_weight"),
        *({"mlp_up"} if family.startswith("gpt") else ()),
        *({"resid_mid"} if family == "gpt_neox parallel" else ()),
    }


def eager(family: str, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> PreTrainedModel:
    """Build a plain Hugging Face model with eager attention and random weights, in evaluation mode."""
    if family in _BUILDERS:
        kind, config = _BUILDERS[family]()
    else:
        kind, configure = (_WIDER | _OTHERS)[family]
        config = configure()
    torch.manual_seed(seed)
    network = kind._from_config(copy.deepcopy(config), attn_implementation="eager")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    if dtype == torch.float64 and getattr(network.config, "_experts_implementation", "") == "grouped_mm":
        network.set_experts_implementation("batched_mm")  # the grouped product knows no double precision
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
