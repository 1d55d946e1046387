"""The text side of `builtin:digits-clip`: true captions, and a tokenizer of their words."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig, PreTrainedTokenizerFast

from neuronscope.data.digits import INKS, NAMES, Digits, digits

from .shipping import share

TEMPLATES = (
    "{name}",
    "{ink}{name}",
    "a {ink}{name}",
    "the digit {name}",
    "the number {name}",
    "a handwritten {name}",
    "a {ink}handwritten {name}",
    "a photo of a {ink}{name}",
    "a photo of the number {name}",
)
UNSEEN = "a photo of the handwritten digit {name}"
"""A wording that training never used, whose every word it used."""
CONTEXT = 12
PADDING, START, UNKNOWN, END = "<padding>", "<start>", "<unknown>", "<end>"
WORDS = ("a", "the", "of", "photo", "digit", "number", "handwritten", *INKS, *NAMES)
# The end has the highest number, because CLIP reads a text there.
TOKENS = (PADDING, START, UNKNOWN, *WORDS, END)
Guess = Callable[[Any, Digits, str], np.ndarray]


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: one token a word, between a start and an end."""
    numbers = {word: token for token, word in enumerate(TOKENS)}
    made = Tokenizer(models.WordLevel(numbers, unk_token=UNKNOWN))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, numbers[START]), (END, numbers[END])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        pad_token=PADDING,
        bos_token=START,
        unk_token=UNKNOWN,
        eos_token=END,
    )


def make_model() -> CLIPModel:
    """Return a new CLIP: four blocks of width 64 for images, two of width 32 for text, 32 in common."""
    marks: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": len(TOKENS) - 1}
    text = CLIPTextConfig(
        vocab_size=len(TOKENS),
        hidden_size=32,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        projection_dim=32,
        initializer_factor=3.0,
        **marks,
    )
    vision = CLIPVisionConfig(
        hidden_size=64,
        intermediate_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_channels=1,
        image_size=8,
        patch_size=2,
        projection_dim=32,
        initializer_factor=3.0,
    )
    whole: dict[str, Any] = {"text_config": text.to_dict(), "vision_config": vision.to_dict()}
    whole["attn_implementation"] = "eager"
    return CLIPModel(CLIPConfig(projection_dim=32, initializer_factor=3.0, **whole))


def encoded(captions: Sequence[str]) -> dict[str, Tensor]:
    """Return captions as token ids and their mask, padded to one length."""
    made = tokenizer()(list(captions), padding=True, return_tensors="pt")
    return {"input_ids": made["input_ids"], "attention_mask": made["attention_mask"]}


def captioned(images: dict[str, np.ndarray], step: int, *, seed: int) -> dict[str, np.ndarray]:
    """Return the images of a step with a caption for each, and which captions are true of which images.

    A caption names the ink of a digit only where that is plain, so it is true of every image of that digit,
    or of those of that digit and ink.
    """
    rng = np.random.default_rng([seed, step, 1])
    labels, inks = images["labels"], images["inks"]
    texts, said = [], []
    for label, ink, which in zip(labels, inks, rng.integers(0, len(TEMPLATES), len(labels)), strict=True):
        template = TEMPLATES[which]
        names_ink = "{ink}" in template and ink >= 0
        texts.append(template.format(name=NAMES[label], ink=f"{INKS[ink]} " if names_ink else ""))
        said.append(ink if names_ink else -1)
    silent = np.array(said) < 0
    true = (labels[:, None] == labels) & (silent | (inks[:, None] == np.array(said)))
    words = {name: value.numpy() for name, value in encoded(texts).items()}
    return {**images, **words, "true": true}


def caption_loss(model: nn.Module, batch: dict[str, np.ndarray]) -> Tensor:
    """Return the contrastive loss in nats, half from images to captions and half back.

    Radford et al., "Learning transferable visual models from natural language supervision", 2021, figure 3,
    with an equal share for each of several true captions.
    """
    given = ("pixel_values", "input_ids", "attention_mask")
    scores = model(**{name: torch.from_numpy(batch[name]) for name in given}).logits_per_image
    true = torch.from_numpy(batch["true"]).to(scores.dtype)
    there, back = (
        -(true / true.sum(axis, keepdim=True) * scores.log_softmax(axis)).sum(axis).mean() for axis in (1, 0)
    )
    return (there + back) / 2


@torch.no_grad()
def inks_named(network: Any, shown: Digits) -> np.ndarray:
    """Return whether each image, its digit being told, is called bold (1) or faint (0)."""
    texts = [f"a {ink} {name}" for name in NAMES for ink in INKS]
    scores = network(pixel_values=torch.from_numpy(shown.images), **encoded(texts))
    by_name = scores.logits_per_image.numpy().reshape(len(shown), len(NAMES), len(INKS))
    return by_name[np.arange(len(shown)), shown.labels].argmax(-1)


def measured(network: Any, guess: Guess) -> dict[str, Any]:
    """Return the accuracies of choosing the true caption, in two wordings, and of naming the ink."""
    unseen, seen = digits("held-out"), digits("train")
    plain = unseen.inks >= 0
    clear = Digits(unseen.images[plain], unseen.labels[plain])
    return {
        "accuracy": {
            "held-out digits, unseen wording": share(guess(network, unseen, UNSEEN) == unseen.labels),
            "held-out digits, wording of training": share(
                guess(network, unseen, "the digit {name}") == unseen.labels
            ),
            "training digits, unseen wording": share(guess(network, seen, UNSEEN) == seen.labels),
            "ink of held-out digits": share(inks_named(network, clear) == clear.inks),
        },
        "zero-shot wording": UNSEEN,
    }
