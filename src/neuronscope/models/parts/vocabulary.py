"""What do families call their parts? Spellings propose where to look; the probe disposes."""

from collections.abc import Iterable
from typing import Any, cast

from torch import nn

ATTENTION = (
    *("self_attn", "attn", "attention", "self_attention", "layer.0.SelfAttention", "SelfAttention"),
    *(
        "linear_attn",
        "mixer",
        "mamba",
        "conv",
        "temporal_block",
        "token_mixer",
        "rel_attn",
        "seq_mixer",
        "multi_head_attention",
    ),
)
MLP = (
    *("mlp", "feed_forward", "ffn", "block_sparse_moe", "moe", "layer.1.DenseReluDense", "DenseReluDense"),
    *("layer.2.DenseReluDense", "channel_mixer", "ff"),
)
FIRST_NORM = (
    *("ln_1", "input_layernorm", "norm_1", "norm1", "layer_norm1", "self_attn_layer_norm", "ln_attn"),
    *("layernorm_before", "layer.0.layer_norm", "attention_norm", "attn_norm", "operator_norm", "norm"),
    *("attention_layernorm", "pre_attention_layernorm", "temporal_pre_norm", "ln1"),
)
SECOND_NORM = (
    *("pre_feedforward_layernorm", "pre_ff_layernorm", "ln_2", "post_attention_layernorm", "norm_2", "norm2"),
    *("layer_norm2", "final_layer_norm", "ln_mlp", "layernorm_after", "layer.1.layer_norm", "ffn_norm"),
    *("post_attention_norm", "channel_pre_norm", "pre_mlp_layernorm", "mlp_norm", "ff_norm", "ln2"),
    "feedforward_layernorm",
)
OUTPUT = (
    *("o_proj", "c_proj", "dense", "out_proj", "output.dense", "o", "Wo", "out_lin", "wo", "out"),
    *("proj", "w_o", "attention_output", "dense_output", "attention_out"),
)
GATE = ("gate_proj", "wi_0", "w1", "gate_up_proj", "linear")
PRE = (
    *("gate_proj", "c_fc", "dense_h_to_4h", "fc1", "fc_in", "wi_0", "wi", "intermediate.dense", "lin1"),
    *("intermediate.dense", "w1", "up_proj"),
)
UP = ("up_proj", "wi_1", "w3", "linear_v")
DOWN = (
    *("down_proj", "c_proj", "dense_4h_to_h", "fc2", "fc_out", "wo", "output.dense", "lin2", "w2"),
    "output_linear",
)
ROUTER = ("gate", "router", "router.layer", "gate.wg", "moe_router")
EXPERTS = ("experts", "expert")
FINAL_NORM = (
    *("ln_f", "norm", "final_layer_norm", "final_layernorm", "norm_f", "layernorm", "post_layernorm"),
    *("final_norm", "norm_out", "ln_out", "encoder.layernorm"),
)
EMBEDDING = (
    "embed_tokens",
    "embeddings.token_embedding",
    "embeddings.word_embeddings",
    "wte",
    "token_embedding",
)
CROSS = ("cross", "encoder_attn", "EncDecAttention", "enc_attn")


def part(owner: Any, names: Iterable[str]) -> nn.Module | None:
    """Return the first part of a module that bears one of the dotted names, or None."""
    for name in names:
        found: Any = owner
        for step in name.split("."):
            found = (
                cast(Any, found)[int(step)]
                if _indexed(found, step)
                else getattr(cast(Any, found), step, None)
            )
        if isinstance(found, nn.Module):
            return found
    return None


def _indexed(found: Any, step: str) -> bool:
    return step.isdigit() and isinstance(found, nn.ModuleList) and int(step) < len(found)
