"""On which models is the speed measured? Two shapes of the size of GPT-2 small, with random weights."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from neuronscope.models import Model

N_TOKENS = 16


@dataclass(frozen=True)
class Size:
    """How large a model is and how many token ids it is given."""

    layers: int = 12
    width: int = 768
    heads: int = 12
    key_heads: int = 4
    vocab: int = 50257
    positions: int = N_TOKENS
    rows: int = 1


FULL = Size()
TINY = Size(layers=2, width=32, heads=4, key_heads=2, vocab=101, positions=6)


@dataclass(frozen=True)
class Subject:
    """A model of ours, the same network as Hugging Face runs it, and token ids.

    Both share every weight. ``plain`` computes attention eagerly, number for number what ours computes;
    ``usual`` is what Hugging Face opens by default.
    """

    shape: str
    size: Size
    model: Model
    plain: Any
    usual: Any
    tokens: Tensor
    other_tokens: Tensor

    def forward(self) -> Tensor:
        """Run the network as it is, reading nothing."""
        with torch.no_grad():
            return self.plain(self.tokens, use_cache=False).logits


def subject(shape: str, size: Size = FULL) -> Subject:
    """Build a model of a shape, `gpt2` or `llama`, from a fixed seed."""
    torch.manual_seed(0)
    network = _SHAPES[shape](size).eval().requires_grad_(False)
    network.generation_config.eos_token_id = None
    tokens = torch.randint(size.vocab, (2, size.rows, size.positions))
    plain, usual = _same(network, "eager"), _same(network, "sdpa")
    return Subject(shape, size, Model(network, name=shape), plain, usual, tokens[0], tokens[1])


def _gpt2(size: Size) -> PreTrainedModel:
    config = GPT2Config(
        n_layer=size.layers,
        n_embd=size.width,
        n_head=size.heads,
        vocab_size=size.vocab,
        bos_token_id=None,
        eos_token_id=None,
    )
    return GPT2LMHeadModel(config)


def _llama(size: Size) -> PreTrainedModel:
    config = LlamaConfig(
        num_hidden_layers=size.layers,
        hidden_size=size.width,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_heads,
        intermediate_size=size.width * 8 // 3,
        vocab_size=size.vocab,
        bos_token_id=None,
        eos_token_id=None,
    )
    return LlamaForCausalLM(config)


_SHAPES = {"gpt2": _gpt2, "llama": _llama}
SHAPES = list(_SHAPES)


def _same(network: PreTrainedModel, attention: str) -> PreTrainedModel:
    """Copy the modules, not the weights."""
    twin = copy.deepcopy(network, {id(weight): weight for weight in network.parameters()})
    twin.set_attn_implementation(attention)
    return twin
