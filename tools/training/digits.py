"""The recipes of `builtin:digits-cnn`, `builtin:digits-vit` and `builtin:digits-clip`: who sees which digit.

All three learn from scikit-learn's digits, moved by up to a pixel, a little lighter or darker, with a little
noise. One digit in five is held out by its hash. The third reads captions that are true of the digits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    ViTConfig,
    ViTForImageClassification,
)

from neuronscope.data.digits import INKS, NAMES, Digits, digits
from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.models.layouts.convolutional import ConvolutionalConfig, ConvolutionalNetwork
from neuronscope.models.open import open_model

from .known import share
from .known import write_card as write
from .recipe import Wanted
from .shipping import shape, ship, trained

SEED = 0
SIZES = {"times": 1}
"""By how much every width is multiplied, for a series of sizes."""
_TITLES = {
    "digits-cnn": (
        "Digits, seen by convolution",
        "A small convolutional network that reads handwritten digits.",
    ),
    "digits-vit": ("Digits, seen by attention", "A small vision transformer that reads handwritten digits."),
    "digits-clip": (
        "Digits and their names",
        "A small CLIP: an image tower and a text tower that put a digit and its English name in one place.",
    ),
}
_AIM = {"digits-cnn": 0.97, "digits-vit": 0.97, "digits-clip": 0.95}
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


def convolutional(times: int = 1) -> PreTrainedModel:
    """Return a new convolutional network of two stages."""
    maps, hidden = (16 * times, 32 * times), 64 * times
    return ConvolutionalNetwork(ConvolutionalConfig(stage_channels=maps, hidden_size=hidden, **_classes()))


def vision_transformer(times: int = 1) -> PreTrainedModel:
    """Return a new vision transformer: 16 patches of two by two pixels, three blocks of four heads."""
    options: dict[str, Any] = {
        "image_size": 8,
        "patch_size": 2,
        "num_channels": 1,
        "hidden_size": 48 * times,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 192 * times,
        "initializer_range": 0.1,
        "attn_implementation": "eager",
    }
    return ViTForImageClassification(ViTConfig(**options, **_classes()))


def _classes() -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(NAMES)),
        "label2id": {name: digit for digit, name in enumerate(NAMES)},
    }


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


def two_towers(times: int = 1) -> CLIPModel:
    """Return a new CLIP: four blocks of width 64 for images, two of width 32 for text, 32 in common."""
    marks: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": len(TOKENS) - 1}
    text = CLIPTextConfig(
        vocab_size=len(TOKENS),
        hidden_size=32 * times,
        intermediate_size=128 * times,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        projection_dim=32 * times,
        initializer_factor=3.0,
        **marks,
    )
    vision = CLIPVisionConfig(
        hidden_size=64 * times,
        intermediate_size=256 * times,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_channels=1,
        image_size=8,
        patch_size=2,
        projection_dim=32 * times,
        initializer_factor=3.0,
    )
    whole: dict[str, Any] = {"text_config": text.to_dict(), "vision_config": vision.to_dict()}
    whole["attn_implementation"] = "eager"
    return CLIPModel(CLIPConfig(projection_dim=32 * times, initializer_factor=3.0, **whole))


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


@dataclass(frozen=True)
class _Plan:
    """What differs between the three."""

    make_model: Callable[[int], PreTrainedModel]
    schedule: Schedule
    loss: Callable[[Any, dict[str, np.ndarray]], Tensor]
    n_images: int = 128


def class_loss(model: nn.Module, batch: dict[str, np.ndarray]) -> Tensor:
    """Return the cross-entropy of the digits' classes, in nats."""
    scores = model(pixel_values=torch.from_numpy(batch["pixel_values"])).logits
    return nn.functional.cross_entropy(scores, torch.from_numpy(batch["labels"]))


PLANS = {
    "digits-cnn": _Plan(
        convolutional,
        Schedule(steps=1500, learning_rate=3e-3, warm_up=50, decay=750, weight_decay=0.01),
        class_loss,
    ),
    "digits-vit": _Plan(
        vision_transformer,
        Schedule(steps=2500, learning_rate=3e-3, warm_up=50, decay=1250, weight_decay=0.05),
        class_loss,
    ),
    "digits-clip": _Plan(
        two_towers,
        Schedule(steps=2000, learning_rate=2e-3, warm_up=100, decay=1000, weight_decay=0.05),
        caption_loss,
        n_images=64,
    ),
}


def varied(shown: Digits, step: int, n_images: int, *, seed: int) -> dict[str, np.ndarray]:
    """Return the images of a step and which digits they are, each moved, lightened and roughened a little."""
    rng = np.random.default_rng([seed, step])
    rows = rng.integers(0, len(shown), n_images)
    padded = np.pad(shown.images[rows], ((0, 0), (0, 0), (1, 1), (1, 1)))
    down, right = rng.integers(0, 3, (2, n_images))
    size = shown.images.shape[-1]
    moved = np.stack(
        [image[:, y : y + size, x : x + size] for image, y, x in zip(padded, down, right, strict=True)]
    )
    moved = moved * rng.uniform(0.8, 1.2, (n_images, 1, 1, 1)) + 0.05 * rng.standard_normal(moved.shape)
    images = moved.clip(0, 1).astype(np.float32)
    return {"pixel_values": images, "labels": shown.labels[rows], "inks": shown.inks[rows]}


def digits_run(name: str, *, seed: int, times: int = 1) -> Run:
    """Return what is trained: a new network on varied digits of the training part."""
    plan, shown = PLANS[name], digits("train")

    def batch(step: int) -> dict[str, np.ndarray]:
        images = varied(shown, step, plan.n_images, seed=seed)
        return captioned(images, step, seed=seed) if name == "digits-clip" else images

    def measure(model: PreTrainedModel) -> dict[str, Any]:
        seen = digits("train")
        guessed = guesses(model, seen)
        return {"accuracy": {"training digits": round(float((guessed == seen.labels).mean()), 4)}}

    return Run(
        seed=seed,
        make_model=partial(plan.make_model, times),
        batch=batch,
        loss=plan.loss,
        measure=measure,
        n_tokens=lambda made: len(made["labels"]),
    )


@torch.no_grad()
def guesses(network: Any, shown: Digits, template: str = UNSEEN) -> np.ndarray:
    """Return the digit that a network takes each image for; one that reads captions chooses among ten."""
    images = torch.from_numpy(shown.images)
    if not hasattr(network, "text_model"):
        return network(pixel_values=images).logits.argmax(-1).numpy()
    words = encoded([template.format(name=name) for name in NAMES])
    return network(pixel_values=images, **words).logits_per_image.argmax(-1).numpy()


@torch.no_grad()
def inks_named(network: Any, shown: Digits) -> np.ndarray:
    """Return whether each image, its digit being told, is called bold (1) or faint (0)."""
    texts = [f"a {ink} {name}" for name in NAMES for ink in INKS]
    scores = network(pixel_values=torch.from_numpy(shown.images), **encoded(texts))
    by_name = scores.logits_per_image.numpy().reshape(len(shown), len(NAMES), len(INKS))
    return by_name[np.arange(len(shown)), shown.labels].argmax(-1)


def captions_measured(network: Any) -> dict[str, Any]:
    """Return the accuracies of choosing the true caption, in two wordings, and of naming the ink."""
    unseen, seen = digits("held-out"), digits("train")
    plain = unseen.inks >= 0
    clear = Digits(unseen.images[plain], unseen.labels[plain])
    return {
        "accuracy": {
            "held-out digits, unseen wording": share(guesses(network, unseen, UNSEEN) == unseen.labels),
            "held-out digits, wording of training": share(
                guesses(network, unseen, "the digit {name}") == unseen.labels
            ),
            "training digits, unseen wording": share(guesses(network, seen, UNSEEN) == seen.labels),
            "ink of held-out digits": share(inks_named(network, clear) == clear.inks),
        },
        "zero-shot wording": UNSEEN,
    }


def measured(name: str, network: Any) -> dict[str, Any]:
    """Return all that the card says of a network's answers."""
    unseen, seen = digits("held-out"), digits("train")
    if name == "digits-clip":
        return captions_measured(network)
    return {
        "accuracy": {
            "held-out digits": share(guesses(network, unseen) == unseen.labels),
            "training digits": share(guesses(network, seen) == seen.labels),
        }
    }


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one of each."""
    return ("",)


def _seed(wanted: Wanted) -> int:
    return SEED if wanted.seed is None else wanted.seed


def _times(wanted: Wanted) -> int:
    return wanted.sizes.get("times", SIZES["times"])


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train a model of digits."""
    schedule = PLANS[wanted.name].schedule
    learn(
        digits_run(wanted.name, seed=_seed(wanted), times=_times(wanted)),
        replace(schedule, steps=wanted.steps or schedule.steps),
        out,
        stop_after=wanted.stop_after,
        measure_every=wanted.measure_every or 500,
    )


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration and weights, and the words of the captions where there are any."""
    words = tokenizer() if wanted.name == "digits-clip" else None
    ship(PLANS[wanted.name].make_model(_times(wanted)), out, folder, words)


def write_card(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Measure the weights in the folder and write their card."""
    name, model = wanted.name, open_model(str(folder))
    title, summary = _TITLES[name]
    found = measured(name, model.hf)
    main = next(iter(found["accuracy"]))
    card = {
        "name": f"builtin:{name}",
        "title": title,
        "summary": summary,
        "accuracy": found.pop("accuracy"),
        "aims": {main: {"at_least": _AIM[name]}},
        "scoring": "the class or caption of highest score; 95 % Wilson intervals",
        "architecture": shape(model.hf, folder),
        "training": trained(out, name=name, seed=_seed(wanted), seen="images"),
        "data": {
            "source": "scikit-learn's digits, 1,797 images of 8 by 8 pixels",
            "held out": "one in five, by the SHA-256 of the pixels",
            "training images": len(digits("train")),
            "held-out images": len(digits("held-out")),
        },
        "inside": {"exact": model.certificate.of("exact"), **found},
    }
    write(folder, card)
