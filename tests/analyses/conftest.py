"""Small random models that read bytes, so that any text is a prompt."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from neuronscope.models import Model

N_LAYERS, N_HEADS, WIDTH, N_NEURONS, N_POSITIONS = 3, 4, 32, 48, 40


def native(model: Model) -> Any:
    """Give the Hugging Face network of a model, whose parts have no types."""
    return model.hf


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Make a tokenizer whose tokens are single bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def _network(family: str) -> PreTrainedModel:
    sizes = {
        "hidden_size": WIDTH,
        "num_hidden_layers": N_LAYERS,
        "num_attention_heads": N_HEADS,
        "intermediate_size": N_NEURONS,
        "max_position_embeddings": N_POSITIONS,
        "vocab_size": 256,
    }
    if family == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(
                n_embd=WIDTH, n_layer=N_LAYERS, n_head=N_HEADS, n_inner=N_NEURONS, n_positions=N_POSITIONS,
                vocab_size=256,
            )
        )  # fmt: skip
    if family == "gpt_neox":
        return GPTNeoXForCausalLM(GPTNeoXConfig(**sizes))
    return LlamaForCausalLM(LlamaConfig(**sizes, num_key_value_heads=2))


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Model]:
    """Make a random model of one family; every gain and bias is random too."""

    def make(family: str = "gpt2", *, seed: int = 0) -> Model:
        torch.manual_seed(seed)
        network = _network(family).double()
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(torch.randn_like(weight) * 0.2)
        return Model(network, name=f"tiny {family}", tokenizer=byte_tokenizer())

    return make


@pytest.fixture(scope="session")
def reader() -> Model:
    """Make a model that reads both ways, so that nothing follows a prompt."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    network = BertForMaskedLM(BertConfig(**sizes, vocab_size=256))
    return Model(network.eval(), name="reader", tokenizer=byte_tokenizer())


@pytest.fixture
def rounding(model: Model) -> float:
    """How far equal readings of a float64 model differ: GPT-NeoX and Llama take the softmax in float32."""
    return 1e-10 if model.family == "gpt2" else 2e-6


@pytest.fixture(params=["gpt2", "gpt_neox", "llama"])
def model(request: pytest.FixtureRequest, make_model: Callable[..., Model]) -> Model:
    """One small random model of each family in float64."""
    return make_model(request.param)
