"""Networks of drawn shapes, for laws that must hold at any."""

from typing import Any

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
)

VOCAB = 61


def drawn_network(family: str, layers: int, heads: int, head_width: int, seed: int) -> PreTrainedModel:
    """Build a random network of a family, every weight drawn, in double precision."""
    width = heads * head_width
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": VOCAB,
        "max_position_embeddings": 16,
    }
    if family == "gpt2":
        config = GPT2Config(
            n_embd=width, n_layer=layers, n_head=heads, vocab_size=VOCAB, n_positions=16, bos_token_id=None,
            eos_token_id=None,
        )  # fmt: skip
        network: PreTrainedModel = GPT2LMHeadModel(config)
    elif family == "opt":
        network = OPTForCausalLM(OPTConfig(**sizes, ffn_dim=3 * width, word_embed_proj_dim=width))
    elif family == "llama":
        shared_heads = next(count for count in (3, 2, 1) if heads % count == 0)
        network = LlamaForCausalLM(
            LlamaConfig(**sizes, intermediate_size=2 * width, num_key_value_heads=heads // shared_heads)
        )
    else:
        network = GPTNeoXForCausalLM(
            GPTNeoXConfig(
                **sizes, intermediate_size=2 * width, use_parallel_residual=family == "parallel",
                eos_token_id=None, bos_token_id=None,
            )
        )  # fmt: skip
    network = network.double()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return network
