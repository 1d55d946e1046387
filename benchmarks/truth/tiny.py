"""How is a tiny random model of any class made, in which no identity holds by accident?

Sizes come from a table of field names, multipliers and epsilons from a rule: every floating-point field that
is no probability, no initial width and no base of a rotation is moved away from its default. Every gain, bias
and matrix is drawn anew.
"""

import copy
import inspect
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from benchmarks.truth.findings import outcome_of

VOCAB, LAYERS, HEADS, KEY_HEADS, HEAD_WIDTH = 96, 3, 4, 2, 12
WIDTH, NEURONS, EXPERTS = HEADS * HEAD_WIDTH, 40, 6
ROWS, LENGTH = 2, 11
"""The length is no other size of the model, so that a square of it is an attention pattern."""

_SIZES: tuple[tuple[str, Any], ...] = (
    (
        r"encoder_hash_byte_group_vocab|vocab_size|unpadded_vocab_size|decoder_vocab_size|audio_vocab_size",
        VOCAB,
    ),
    (r"hidden_size|d_model|n_embd|dim|emb_dim|embedding_dim|word_embed_proj_dim|embedding_size", WIDTH),
    (r"input_embedding_size|output_embedding_size|attention_hidden_size|lru_width|dim_model", WIDTH),
    (r"num_hidden_layers|n_layers?|num_layers|encoder_layers|decoder_layers|num_blocks", LAYERS),
    (r"num_(en|de)coder_layers|num_layers_per_stack", LAYERS),
    (r"(num|n|encoder|decoder|num_encoder|num_decoder|swa_num)_(attention_)?heads?|attention_heads", HEADS),
    (r"(swa_)?num_(key_value_heads|kv_heads|query_groups)", KEY_HEADS),
    (r"(swa_)?(head_dim|attention_head_size|d_head|dim_head|kv_channels)|attention_head_dim", HEAD_WIDTH),
    (r"global_head_dim|linear_head_dim|linear_(key|value)_head_dim", HEAD_WIDTH),
    (r"linear_num_(key|value)_heads|linear_num_heads", HEADS),
    (
        r"(dense_|shared_|shared_experts?_|moe_|moe_shared_expert_|prefix_dense_)*intermediate_size(_mlp)?",
        NEURONS,
    ),
    (r"(encoder_|decoder_)?ffn_dim|dff|dim_ff|ffn_hidden_size|feed_forward_size|n_inner|d_inner", NEURONS),
    (r"ffn_intermediate_size|expert_ffn_hidden_size|router_hidden_size", NEURONS),
    (r"intermediate_multiple_size|expansion_ratio|expand|mamba_expand", 2),
    (r"max_position_embeddings|n_positions|n_ctx|max_seq_len|context_length|model_max_length", 64),
    (r"max_target_positions|max_source_positions|original_max_position_embeddings|seq_length", 64),
    (r"num_experts|(n_routed|num_local|moe_num)_experts|zero_expert_num", EXPERTS),
    (r"num_experts_per_(tok|token)|moe_topk|moe_k|top_k_experts", 2),
    (r"n_group|num_expert_group|n_shared_experts|moe_num_shared_experts|num_shared_experts", 2),
    (r"topk_group|first_k_dense_replace|num_dense_layers|moe_layer_start_index", 1),
    (r"moe_layer_end_index|decoder_sparse_step|expert_layer_period|attn_layer_period", 2),
    (r"attn_layer_offset|expert_layer_offset|max_window_layers|moe_layer_interval", 1),
    (r"full_attention_interval|sliding_window_pattern|global_attn_every_n_layers|layer_group_size", 2),
    (r"no_rope_layer_interval|interleave_moe_layer_step", 2),
    (r"sliding_window(_size)?|attention_window_size|window_size|local_attention|attention_chunk_size", 4),
    (r"q_lora_rank", 20),
    (r"hidden_dim|d_ff", NEURONS),
    (r"d_kv", HEAD_WIDTH),
    (r"projection_dim", 24),
    (r"kv_lora_rank|o_lora_rank|laurel_rank|gated_norm_rank|hc_lowrank|adapter_rank", 16),
    (r"qk_nope_head_dim|d_rel", 8),
    (r"qk_rope_head_dim|rotary_dim", 4),
    (r"qk_head_dim", 12),
    (r"v_head_dim", 10),
    (r"index_head_dim|indexer_head_dim|index_n_heads", 8),
    (r"index_topk|o_groups|num_codebooks|num_buckets|conv_kernel|linear_conv_kernel_dim", 4),
    (r"mamba_d_state|state_size|ssm_state_size|mamba_state_dim|time_step_rank|mamba_dt_rank", 8),
    (r"mamba_n_heads|mamba_num_heads|n_mamba_heads", 8),
    (r"mamba_d_head|mamba_headdim|mamba_head_dim", 12),
    (r"mamba_d_ssm", 96),
    (r"n_groups|mamba_n_groups|mamba_ngroups", 2),
    (r"mamba_chunk_size|chunk_size|max_inference_chunksize|ffn_round_up_to_multiple_of|block_multiple_of", 8),
    (r"hidden_size_per_layer_input", 8),
    (r"vocab_size_per_layer_input", VOCAB),
    (r"num_kv_shared_layers|num_nextn_predict_layers|num_mtp_layers", 0),
    (r"patch_size", 4),
    (r"image_size", 16),
    (r"image_seq_length|mm_tokens_per_image", 4),
)
_KEPT = re.compile(
    "drop|prob|pdrop|init|theta|_std|std_|coef|jitter|loss|limit|time_step|mask_|_min|_max|ratio|threshold|"
    "temperature|capacity|_id$|version|lambda|p$|sparsity|a_log|dt_|clip_thres|bound|low_freq|high_freq|"
    "expand|fraction|proj_factor|dim_factor|block_ffn|rope"
)
_SETTINGS: dict[str, Any] = {
    "attn_logit_softcapping": 3.5,
    "final_logit_softcapping": 4.5,
    "query_pre_attn_scalar": 17,
    "scale_embedding": True,
    "scale_attn_by_inverse_layer_idx": True,
    "mup_enabled": True,
    "clip_qkv": 1.5,
    "dim_model_base": 16,
    "scale_emb": 3,
    "logit_scale": 0.7,
    "use_qk_norm": True,
    "qk_layernorm": True,
}
_FLAGS = re.compile("(^|_)bias(_|$)|^add_bias_linear$")
_LATENT: dict[str, Any] = {"head_dim": 4, "num_key_value_heads": HEADS}
"""Sizes of attention through a latent, which rotates only part of each head."""
_PARTICULAR: dict[str, dict[str, Any]] = {
    "GPTNeoConfig": {"num_layers": 4, "attention_types": [[["global", "local"], 2]]},
    "MusicgenDecoderConfig": {"num_codebooks": 1},
    "MusicgenMelodyDecoderConfig": {"num_codebooks": 1},
    "Mamba2Config": {"num_heads": 8, "head_dim": HEAD_WIDTH},
    "ReformerConfig": {
        "axial_pos_embds": False,
        "attn_layers": ["local", "lsh", "local"],
        "local_attn_chunk_length": LENGTH,
        "lsh_attn_chunk_length": LENGTH,
        "num_buckets": 2,
        "hash_seed": 0,
    },
    "XmodConfig": {"languages": ["en_XX"], "default_language": "en_XX"},
    "RoCBertConfig": {"pronunciation_vocab_size": VOCAB, "shape_vocab_size": VOCAB},
    "ZayaConfig": {"num_experts_per_tok": 1},
    "Zamba2Config": {"num_hidden_layers": LAYERS, "layer_types": ["mamba", "hybrid", "mamba"]},
    "xLSTMConfig": {"qk_dim_factor": 1.0},
    "BambaConfig": {"attn_layer_indices": [1]},
    "GraniteMoeHybridConfig": {"layer_types": ["mamba", "attention", "mamba"]},
    "Qwen3NextConfig": {"layer_types": ["linear_attention", "full_attention", "linear_attention"]},
    "Qwen3_5TextConfig": {"layer_types": ["linear_attention", "full_attention", "linear_attention"]},
    "Qwen3_5MoeTextConfig": {"layer_types": ["linear_attention", "full_attention", "linear_attention"]},
    "Lfm2MoeConfig": {"layer_types": ["conv", "full_attention", "full_attention"]},
    "CohereCompassTextConfig": {"layer_types": ["sliding_attention", "full_attention", "full_attention"]},
}
"""What single classes need beyond the table."""
RUNGS = ("all", "no flags", "no settings", "sizes")
"""How much of a configuration is moved; a class that cannot bear one rung is tried with the next."""


@dataclass(frozen=True)
class Tiny:
    """A network in evaluation mode, what was moved in its configuration, and how it was built."""

    network: PreTrainedModel
    moved: dict[str, Any]
    rung: str
    inputs: dict[str, Tensor]


class CannotBuild(Exception):
    """Raised when no rung gives a network that runs; says why."""


def size_of(field: str) -> Any:
    """Return the tiny size of a configuration field, or None where the table does not name it."""
    return next((size for names, size in _SIZES if re.fullmatch(names, field)), None)


def settings(kind: type[PreTrainedConfig], rung: str, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of a tiny configuration, and those of them that moved a multiplier or a flag."""
    drawn = random.Random(f"{seed} {kind.__name__}")
    defaults = {key: value for key, value in vars(kind()).items() if not key.startswith("_")}
    plain = set(vars(PreTrainedConfig()))
    sizes: dict[str, Any] = {}
    moved: dict[str, Any] = {}
    for field, value in defaults.items():
        if isinstance(value, PreTrainedConfig):
            inner, also = settings(type(value), rung, seed)
            sizes[field] = type(value)(**inner)
            moved |= {f"{field}.{key}": item for key, item in also.items()}
        elif field.endswith(("_token_id", "_token_index")) and isinstance(value, int) and value >= VOCAB:
            sizes[field] = len(sizes) % 4
        elif field == "rope_parameters" and isinstance(value, dict):
            sizes[field] = _rotation(value, rung)
        elif size_of(field) is not None and not isinstance(value, bool | dict):
            sizes[field] = size_of(field)
        elif field not in plain or field in _SETTINGS:
            new = _moved(field, value, rung, drawn)
            if new is not None and new != value:
                moved[field] = new
    if "qk_rope_head_dim" in defaults:
        sizes |= {field: size for field, size in _LATENT.items() if field in defaults}
    moved = {key: value for key, value in moved.items() if key not in _PARTICULAR.get(kind.__name__, {})}
    given = sizes | {key: value for key, value in moved.items() if "." not in key}
    return given | _PARTICULAR.get(kind.__name__, {}), moved


def _rotation(value: dict[str, Any], rung: str) -> dict[str, Any]:
    turned = copy.deepcopy(value)
    for part in (turned, *turned.values()):
        if isinstance(part, dict) and "partial_rotary_factor" in part and rung != "sizes":
            part["partial_rotary_factor"] = 0.5
    return turned


def _moved(field: str, value: Any, rung: str, drawn: random.Random) -> Any:
    if rung == "sizes":
        return None
    if rung in ("all", "no flags"):
        if field in _SETTINGS and (rung == "all" or not isinstance(_SETTINGS[field], bool)):
            return _SETTINGS[field]
        if rung == "all" and isinstance(value, bool) and _FLAGS.search(field):
            return True
    if isinstance(value, float) and not _KEPT.search(field) and value != 0.0:
        return 0.01 + 0.02 * drawn.random() if "eps" in field else value * drawn.uniform(0.5, 0.9)
    if isinstance(value, list) and value and all(type(item) is float for item in value):
        return None if _KEPT.search(field) else [item * drawn.uniform(0.6, 1.5) for item in value]
    return None


def build(kind: type[PreTrainedModel], *, causal: bool = True, seed: int = 0, **given: Any) -> Tiny:
    """Return a tiny random network of a class; raises `CannotBuild` with the error of the last rung.

    ``causal`` makes a decoder of a class that can be either; ``given`` settings of the configuration hold on
    every rung.
    """
    told = "no configuration class"
    for rung in RUNGS:
        for dtype in (torch.float64, torch.float32):
            try:
                return _built(kind, rung, dtype, seed, causal, given)
            except Exception as error:  # any class may fail in any way, and the table says how
                said = str(error).strip().splitlines() or [""]
                told = f"{type(error).__name__}: {said[-1].strip()[:160]}"
    raise CannotBuild(told)


def _built(
    kind: type[PreTrainedModel], rung: str, dtype: torch.dtype, seed: int, causal: bool, given: dict[str, Any]
) -> Tiny:
    arguments, moved = settings(kind.config_class, rung, seed)  # pyright: ignore[reportArgumentType]
    config: Any = kind.config_class(**{**arguments, **given})  # pyright: ignore[reportOptionalCall]
    if hasattr(config, "is_decoder"):
        config.is_decoder = causal
    torch.manual_seed(seed)
    try:
        network = kind._from_config(copy.deepcopy(config), attn_implementation="eager")
    except (ValueError, KeyError):
        network = kind._from_config(copy.deepcopy(config))
    if sum(parameter.numel() for parameter in network.parameters()) > 4_000_000:
        raise CannotBuild("its configuration has sizes that the table of names does not reach")
    randomise(network, seed)
    network.eval().requires_grad_(False)  # as any inference has it; some kernels round otherwise without
    nn.Module.to(network, dtype)
    inputs = inputs_of(network, causal, seed)
    with torch.no_grad():
        outcome = outcome_of(network(**without_cache(network, inputs)))
    if not outcome.isfinite().all():
        raise CannotBuild("its logits are not finite")
    return Tiny(network, moved, rung, inputs)


def without_cache(network: nn.Module, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a pass that keeps no cache, where the network can be told so."""
    known = "use_cache" in inspect.signature(network.forward).parameters
    return {**inputs, **({"use_cache": False} if known else {})}


def inputs_of(network: PreTrainedModel, causal: bool, seed: int) -> dict[str, Tensor]:
    """Return random inputs of a network: token ids, an image, or both; two sequences to one with a decoder.

    The decoder's sequence is shorter, so that what it sees of the encoder is not square.
    """
    drawn = torch.Generator().manual_seed(seed)
    config: Any = network.config
    inputs: dict[str, Tensor] = {}
    if network.main_input_name != "pixel_values":
        inputs["input_ids"] = torch.randint(5, VOCAB - 5, (ROWS, LENGTH), generator=drawn)
    if config.is_encoder_decoder and "decoder_input_ids" in inspect.signature(network.forward).parameters:
        inputs["decoder_input_ids"] = inputs["input_ids"][:, : LENGTH - 2].flip(1)
    if not causal or network.main_input_name == "pixel_values":
        size = getattr(getattr(config, "vision_config", config), "image_size", None)
        if size is None:
            return inputs
        inputs["pixel_values"] = torch.rand(ROWS, 3, size, size, generator=drawn).to(network.dtype)
    return inputs


def randomise(network: nn.Module, seed: int) -> None:
    """Draw every gain, bias and matrix anew, in place, of a size that keeps the numbers moderate."""
    drawn = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=drawn).to(parameter.dtype)
            spread = parameter.float().std().item() if parameter.numel() > 1 else 0.0
            if parameter.dim() < 2:
                parameter.add_(0.25 * noise)
            elif spread < 1e-6:
                parameter.add_(0.2 * noise)
            else:
                parameter.copy_(noise * parameter.shape[-1] ** -0.5)
        for name, buffer in network.named_buffers():
            if name.endswith("bias") and buffer.dim() == 1 and buffer.is_floating_point():
                buffer.add_(0.25 * torch.randn(buffer.shape, generator=drawn).to(buffer.dtype))
