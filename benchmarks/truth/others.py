"""Which classes beside the causal ones are judged? Encoders, models of two stacks, and images."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from transformers import (
    BertForMaskedLM,
    BitNetForCausalLM,
    CLIPModel,
    DistilBertForMaskedLM,
    PreTrainedModel,
    RobertaForMaskedLM,
    T5EncoderModel,
    T5ForConditionalGeneration,
    ViTForImageClassification,
)

from benchmarks.truth.tiny import Tiny, build


class Other(NamedTuple):
    """A class under a name of its own, and how its tiny network is built."""

    name: str
    kind: type[PreTrainedModel]
    settings: dict[str, Any]
    causal: bool = False

    def build(self, kind: type[PreTrainedModel]) -> Tiny:
        """Return the tiny network."""
        return build(kind, causal=self.causal, **self.settings)


_MINI = {"num_hidden_layers": 4, "num_attention_heads": 6, "hidden_size": 36, "intermediate_size": 72}
_GATED = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
OTHERS = (
    Other("BERT", BertForMaskedLM, {}),
    Other("RoBERTa", RobertaForMaskedLM, {}),
    Other("DistilBERT", DistilBertForMaskedLM, {}),
    Other("MiniLM", BertForMaskedLM, _MINI),
    Other("T5", T5ForConditionalGeneration, {}),
    Other("T5 gated", T5ForConditionalGeneration, _GATED),
    Other("T5 encoder", T5EncoderModel, {"is_encoder_decoder": False}),
    Other("ViT", ViTForImageClassification, {}),
    Other("CLIP", CLIPModel, {}),
    Other("BitNet", BitNetForCausalLM, {}, causal=True),
)


def others() -> Iterator[tuple[str, type[PreTrainedModel], Callable[[type[PreTrainedModel]], Tiny]]]:
    """Yield name, class and builder of each."""
    for other in OTHERS:
        yield other.name, other.kind, partial(Other.build, other)
