"""The recipes of `builtin:digits-cnn`, `builtin:digits-vit` and `builtin:digits-clip`: who sees which digit.

All three learn from scikit-learn's digits, moved by up to a pixel, a little lighter or darker, with a little
noise. One digit in five is held out by its hash.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, ViTConfig, ViTForImageClassification

from neuronscope.data.digits import NAMES, Digits, digits
from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.models.layouts.convolutional import ConvolutionalConfig, ConvolutionalNetwork
from neuronscope.models.open import open_model

from . import captions
from .known import write_card as write
from .recipe import Wanted
from .shipping import shape, share, ship, trained

SEED = 0
SIZES: dict[str, int] = {}
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


def convolutional() -> PreTrainedModel:
    """Return a new convolutional network of two stages."""
    return ConvolutionalNetwork(ConvolutionalConfig(**_classes()))


def vision_transformer() -> PreTrainedModel:
    """Return a new vision transformer: 16 patches of two by two pixels, three blocks of four heads."""
    options: dict[str, Any] = {
        "image_size": 8,
        "patch_size": 2,
        "num_channels": 1,
        "hidden_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 192,
        "initializer_range": 0.1,
        "attn_implementation": "eager",
    }
    return ViTForImageClassification(ViTConfig(**options, **_classes()))


def _classes() -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(NAMES)),
        "label2id": {name: digit for digit, name in enumerate(NAMES)},
    }


@dataclass(frozen=True)
class _Plan:
    """What differs between the three."""

    make_model: Callable[[], PreTrainedModel]
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
        captions.make_model,
        Schedule(steps=2000, learning_rate=2e-3, warm_up=100, decay=1000, weight_decay=0.05),
        captions.caption_loss,
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


def digits_run(name: str, *, seed: int) -> Run:
    """Return what is trained: a new network on varied digits of the training part."""
    plan, shown = PLANS[name], digits("train")

    def batch(step: int) -> dict[str, np.ndarray]:
        images = varied(shown, step, plan.n_images, seed=seed)
        return captions.captioned(images, step, seed=seed) if name == "digits-clip" else images

    def measure(model: PreTrainedModel) -> dict[str, Any]:
        seen = digits("train")
        guessed = guesses(model, seen)
        return {"accuracy": {"training digits": round(float((guessed == seen.labels).mean()), 4)}}

    return Run(
        seed=seed,
        make_model=plan.make_model,
        batch=batch,
        loss=plan.loss,
        measure=measure,
        n_tokens=lambda made: len(made["labels"]),
    )


@torch.no_grad()
def guesses(network: Any, shown: Digits, template: str = captions.UNSEEN) -> np.ndarray:
    """Return the digit that a network takes each image for; one that reads captions chooses among ten."""
    images = torch.from_numpy(shown.images)
    if not hasattr(network, "text_model"):
        return network(pixel_values=images).logits.argmax(-1).numpy()
    words = captions.encoded([template.format(name=name) for name in NAMES])
    return network(pixel_values=images, **words).logits_per_image.argmax(-1).numpy()


def measured(name: str, network: Any) -> dict[str, Any]:
    """Return all that the card says of a network's answers."""
    unseen, seen = digits("held-out"), digits("train")
    if name == "digits-clip":
        return captions.measured(network, guesses)
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


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train a model of digits."""
    schedule = PLANS[wanted.name].schedule
    learn(
        digits_run(wanted.name, seed=_seed(wanted)),
        replace(schedule, steps=wanted.steps or schedule.steps),
        out,
        stop_after=wanted.stop_after,
        measure_every=wanted.measure_every or 500,
    )


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration and weights, and the words of the captions where there are any."""
    words = captions.tokenizer() if wanted.name == "digits-clip" else None
    ship(PLANS[wanted.name].make_model(), out, folder, words)


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
