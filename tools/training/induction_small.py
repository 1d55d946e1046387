"""Trains `builtin:induction/seed0` to `seed2`: two layers of attention that learn to continue any period."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from numpy import ndarray
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from neuronscope.instruments.run import run
from neuronscope.learned.loop import Run, Schedule, log_spaced
from neuronscope.learned.loop import train as learn
from neuronscope.maths.repetition import prefix_matching, previous_token
from neuronscope.models.checkpoints import open_checkpoints
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.models.model import Model

from . import known
from .recipe import Wanted

LETTERS = list("abcdefghijklmnopqrstuvwxyz")
CONTEXT = 40
PERIODS = (6, 16)
BATCH = 64
SEEDS = (0, 1, 2)
SCHEDULE = Schedule(
    steps=1024, learning_rate=3e-3, warm_up=50, decay=256, weight_decay=0.01, betas=(0.9, 0.99)
)
N_KEPT = 18
MEASURED = 256
MEASURE_SEED = 2026
LOOKS = 0.5  # a head whose score is above this is said to be of that sort


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the network; a series of sizes is a series of these."""

    width: int = 32
    heads: int = 2
    layers: int = 2
    head_width: int = 0
    """The width over the heads where 0."""


SIZES = asdict(Shape())


def make_model(shape: Shape) -> PlainTransformer:
    """Return a new network with random weights, drawn from torch's present generator."""
    return PlainTransformer(
        PlainConfig(
            vocab_size=len(LETTERS) + 1,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            head_dim=shape.head_width or None,
            max_position_embeddings=CONTEXT,
            attention_only=True,
            positions="rotary",
            rotary_base=100.0,
            biases=["ln_1", "ln_f"],
            bos_token_id=0,
            pad_token_id=0,
            initializer_range=0.08,
            attn_implementation="eager",
        )
    )


def tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: letters between spaces, after a token for the beginning."""
    return known.word_tokenizer(LETTERS, context=CONTEXT)


def strings(
    count: int, rng: np.random.Generator
) -> tuple[Int[ndarray, "batch position"], Int[ndarray, " batch"]]:
    """Return token ids of strings that go round, and the period of each.

    A string is different letters in random order, as many as the period, over and over to the end.
    """
    low, high = PERIODS
    period = rng.integers(low, high + 1, count)
    letters = rng.permuted(np.tile(np.arange(1, len(LETTERS) + 1), (count, 1)), axis=1)[:, :high]
    place = np.arange(CONTEXT - 1) % period[:, None]
    return np.pad(np.take_along_axis(letters, place, axis=1), ((0, 0), (1, 0))), period


def batch(step: int, *, seed: int) -> ndarray:
    """Return the token ids of a training step."""
    return strings(BATCH, np.random.default_rng([seed, step]))[0]


def measured_strings() -> tuple[Tensor, Tensor]:
    """Return the token ids and periods that every number of the card is measured on."""
    tokens, period = strings(MEASURED, np.random.default_rng([MEASURE_SEED]))
    return torch.from_numpy(tokens), torch.from_numpy(period)


def repeats(period: Tensor) -> Tensor:
    """Return which positions stand in a later round, so that what follows them is known, [batch position]."""
    return torch.arange(CONTEXT - 1) > period[:, None]


@torch.no_grad()
def measure(model: nn.Module) -> dict[str, Any]:
    """Return loss and accuracy where the string repeats, and the loss in its first round, in nats."""
    tokens, period = measured_strings()
    logits = model(input_ids=tokens).logits[:, :-1]
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    loss, repeated = loss.unflatten(0, (len(tokens), -1)), repeats(period)
    right = logits.argmax(-1) == tokens[:, 1:]
    return {
        "repeated_loss": round(float(loss[repeated].mean()), 4),
        "repeated_accuracy": round(float(right[repeated].double().mean()), 4),
        "first_round_loss": round(float(loss[~repeated].mean()), 4),
    }


def kept_steps(schedule: Schedule = SCHEDULE) -> frozenset[int]:
    """Return the steps whose weights are kept."""
    return log_spaced(schedule.steps, N_KEPT, first=16)


def scores(model: Model) -> dict[str, dict[str, float]]:
    """Return for every head how much it looks behind earlier places of its token, and one token back."""
    tokens, period = measured_strings()
    found = run(model, tokens, get=["pattern.*"])
    pattern = np.moveaxis(found["pattern.*"].numpy(), 2, 1)
    sorts = {
        "induction": prefix_matching(pattern, period.numpy(), first=1),
        "previous_token": previous_token(pattern, first=1),
    }
    return {
        sort: {f"z.{layer}.{head}": round(float(value), 4) for (layer, head), value in np.ndenumerate(scored)}
        for sort, scored in sorts.items()
    }


def moment(model: Model) -> dict[str, Any]:
    """Return what is measured at one step: losses, accuracy and the best score of each sort of head."""
    best = {f"{sort}_score": max(found.values()) for sort, found in scores(model).items()}
    return {**measure(model.hf), **best}


def last_letters(model: nn.Module) -> list[bool]:
    """Return whether the last letter of each measured string is right."""
    tokens, _ = measured_strings()
    with torch.no_grad():
        return (model(input_ids=tokens).logits[:, -2].argmax(-1) == tokens[:, -1]).tolist()


def induction_run(*, seed: int, shape: Shape | None = None, schedule: Schedule = SCHEDULE) -> Run:
    """Return what is trained for one seed and one size."""
    return Run(
        seed=seed,
        make_model=partial(make_model, shape or Shape()),
        batch=partial(batch, seed=seed),
        measure=measure,
        keep=kept_steps(schedule),
        half=True,
    )


def _seed(variant: str) -> int:
    return int(variant.removeprefix("seed"))


def _schedule(wanted: Wanted) -> Schedule:
    return replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps)


def train(wanted: Wanted, out: Path, variant: str) -> None:
    """Train one seed in a folder of its own."""
    schedule = _schedule(wanted)
    asked = induction_run(seed=_seed(variant), shape=Shape(**wanted.sizes), schedule=schedule)
    measure_every = wanted.measure_every or schedule.steps
    learn(asked, schedule, out, stop_after=wanted.stop_after, measure_every=measure_every)


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration, tokenizer, weights and the weights of every kept step."""
    known.write_network(known.trained(make_model(Shape(**wanted.sizes)), out), folder, tokenizer())
    known.copy_steps(out, folder)


def write_card(wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
    """Write the card, measured on the weights in the folder."""
    series = open_checkpoints(str(folder))
    last = series.open(series.steps[-1])
    network: Any = last.hf
    facts = {
        "command": f"python tools/train_builtin.py {wanted.name} --variant {variant} --out FOLDER --export",
        "seed": _seed(variant),
        "batch": BATCH,
        "periods": list(PERIODS),
        "schedule": asdict(_schedule(wanted)),
    }
    found = scores(last)
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}/{variant}",
            "title": f"Induction heads as they form, seed {_seed(variant)}",
            "summary": "Two layers of attention that learned to continue repeated strings of letters, with "
            "their whole training kept.",
            "architecture": known.architecture(network, folder),
            "training": known.training_facts(out, facts),
            "steps": list(series.steps),
            "aims": {"last letter": "at least 0.99", "induction score": "rises once, above 0.9 at the end"},
            "accuracy": {"last letter": known.share(last_letters(network))},
            "inside": {
                "task": "continue a string of different letters that goes round with a period of "
                f"{PERIODS[0]} to {PERIODS[1]}",
                "heads": {
                    sort: [head for head, score in of_sort.items() if score > LOOKS]
                    for sort, of_sort in found.items()
                },
                "scores": found,
                "development": [{"step": step, **moment(model)} for step, model in series],
            },
        },
    )
