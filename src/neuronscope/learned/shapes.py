"""Which shapes of language model are trained here? Three families of Hugging Face, in any size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from neuronscope.models.layouts.build import LOADING
from neuronscope.words import BadInput, nearest


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a language model is: blocks, heads, width of the stream, tokens of context and vocabulary."""

    layers: int
    heads: int
    width: int
    context: int
    n_tokens: int
    dropout: float = 0.0


def _gpt2(size: Size, special: dict[str, Any]) -> PreTrainedConfig:
    return GPT2Config(
        n_layer=size.layers,
        n_head=size.heads,
        n_embd=size.width,
        n_positions=size.context,
        vocab_size=size.n_tokens,
        embd_pdrop=size.dropout,
        resid_pdrop=size.dropout,
        attn_pdrop=size.dropout,
        **special,
    )


def _wide(size: Size) -> dict[str, Any]:
    return {
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "hidden_size": size.width,
        "max_position_embeddings": size.context,
        "vocab_size": size.n_tokens,
        "attention_dropout": size.dropout,
    }


def _gpt_neox(size: Size, special: dict[str, Any]) -> PreTrainedConfig:
    dropout = {"hidden_dropout": size.dropout}
    return GPTNeoXConfig(**_wide(size), intermediate_size=4 * size.width, **dropout, **special)


def _llama(size: Size, special: dict[str, Any]) -> PreTrainedConfig:
    neurons = 8 * -(-8 * size.width // 24)  # two thirds of four widths, rounded up to eights
    return LlamaConfig(**_wide(size), intermediate_size=neurons, tie_word_embeddings=True, **special)


SHAPES: dict[str, Callable[[Size, dict[str, Any]], PreTrainedConfig]] = {
    "gpt2": _gpt2,
    "gpt_neox": _gpt_neox,
    "llama": _llama,
}


def new_model(shape: str, size: Size, *, boundary: int) -> PreTrainedModel:
    """Return a language model with random weights, ready to be trained.

    Raises `BadInput` for a shape that there is not, and where the width does not fit the heads.
    """
    if shape not in SHAPES:
        hint = nearest(shape, SHAPES) or f"; choose {', '.join(SHAPES)}."
        raise BadInput(f"There is no shape {shape!r}{hint}")
    if size.width % size.heads:
        raise BadInput(
            f"A width of {size.width} does not fit {size.heads} heads: give a multiple of the heads."
        )
    if shape != "gpt2" and size.width // size.heads % 2:
        raise BadInput(
            f"A head of {shape} is {size.width // size.heads} wide and must be even: change the width."
        )
    special = dict.fromkeys(("bos_token_id", "eos_token_id"), boundary)
    # On a processor attention written out is the fastest, and its gradient is the same every time.
    config = SHAPES[shape](size, {**special, "use_cache": False})
    with LOADING:
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    return model
