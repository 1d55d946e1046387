"""Trains `builtin:induction`: `seed0` to `seed2` by `induction_small`, and here `wide0` to `wide3`.

A network that consists of one circuit has no random heads to compare with. Here the heads below the last
layer are left out at random while it learns, so that they stand in for one another, and every head of the
last layer has a cost, so that few of them do the work.
"""

from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.learned.loop import Run, Schedule, next_token_loss
from neuronscope.learned.loop import train as learn
from neuronscope.models.open import open_model

from . import induction_small as small
from . import known
from .recipe import Wanted

SIZES = small.SIZES
SHAPE = small.Shape(width=32, heads=8, layers=2, head_width=8)
SEEDS = (0, 1, 2, 3)
BATCH = 32
LEFT_OUT = 0.2
"""How often a head below the last layer is left out of a string."""
HEAD_COST = 0.05
"""What the size of a head of the last layer costs, in nats."""
WRITES = 0.1
"""A head of a smaller size, as a share of the largest of its layer, says nothing, wherever it looks."""
SCHEDULE = Schedule(
    steps=768, learning_rate=3e-3, warm_up=50, decay=192, weight_decay=0.01, betas=(0.9, 0.99)
)


def batch(step: int, *, seed: int) -> np.ndarray:
    """Return the token ids of a training step."""
    return small.strings(BATCH, np.random.default_rng([seed, step]))[0]


def head_sizes(attention: Any) -> Float[Tensor, " head"]:
    """Return how much each head can say: the root of the norms of its value and of its output weights."""
    split = (-1, attention.head_dim)
    values = attention.v_proj.weight.unflatten(0, split).norm(dim=(1, 2))
    outputs = attention.o_proj.weight.unflatten(1, split).norm(dim=(0, 2))
    return (values * outputs).clamp_min(1e-12).sqrt()


def _some_left_out(attention: Any, _: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
    """Set what some heads say in some strings to 0."""
    heads = given[0].unflatten(-1, (-1, attention.head_dim))
    stays = torch.rand(len(heads), 1, heads.shape[2], 1) >= LEFT_OUT
    return ((heads * stays).flatten(-2),)


def loss(model: Any, tokens: np.ndarray) -> Tensor:
    """Return the mean loss with heads left out below the last layer, and the cost of those in the last."""
    *below, last = (block.attn for block in model.h)
    with ExitStack() as hooks:
        for attention in below:
            hook = attention.o_proj.register_forward_pre_hook(partial(_some_left_out, attention))
            hooks.callback(hook.remove)
        found = next_token_loss(model, tokens)
    return found + HEAD_COST * head_sizes(last).sum()


def variants(wanted: Wanted) -> tuple[str, ...]:
    """Return one variant for each seed of both sorts."""
    return tuple(
        f"{sort}{seed}"
        for sort, seeds in (("seed", small.SEEDS), ("wide", SEEDS))
        for seed in (seeds if wanted.seed is None else (wanted.seed,))
    )


def _is_small(variant: str) -> bool:
    return variant.startswith("seed")


def _seed(variant: str) -> int:
    return int(variant.removeprefix("wide"))


def _shape(wanted: Wanted) -> small.Shape:
    return replace(SHAPE, **wanted.sizes)


def _schedule(wanted: Wanted) -> Schedule:
    return replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps)


def train(wanted: Wanted, out: Path, variant: str) -> None:
    """Train one variant in a folder of its own."""
    if _is_small(variant):
        small.train(wanted, out, variant)
        return
    schedule, seed = _schedule(wanted), _seed(variant)
    asked = Run(
        seed=seed,
        make_model=partial(small.make_model, _shape(wanted)),
        batch=partial(batch, seed=seed),
        loss=loss,
        measure=small.measure,
    )
    measure_every = wanted.measure_every or schedule.steps
    learn(asked, schedule, out, stop_after=wanted.stop_after, measure_every=measure_every)


def export(wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
    """Write configuration, tokenizer and weights, and of small networks those of every kept step."""
    if _is_small(variant):
        small.export(wanted, out, folder, variant)
        return
    network = known.trained(small.make_model(_shape(wanted)), out)
    known.write_network(network, folder, small.tokenizer())


def sizes(network: Any) -> dict[str, float]:
    """Return the size of every head as a share of the largest of its layer."""
    found = [head_sizes(block.attn) for block in network.h]
    return {
        f"z.{layer}.{head}": round(float(size / own.max()), 4)
        for layer, own in enumerate(found)
        for head, size in enumerate(own)
    }


def write_card(wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
    """Write the card, measured on the weights in the folder."""
    if _is_small(variant):
        small.write_card(wanted, out, folder, variant)
        return
    model = open_model(str(folder))
    network: Any = model.hf
    facts = {
        "command": f"python tools/train_builtin.py {wanted.name} --variant {variant} --out FOLDER --export",
        "seed": _seed(variant),
        "batch": BATCH,
        "periods": list(small.PERIODS),
        "left_out": f"every head below the last layer, of each string with probability {LEFT_OUT}",
        "head_cost": f"{HEAD_COST} nats for the size of each head of the last layer",
        "recipe": "chosen on seed 0 among recipes with and without left-out heads and costs; other seeds as "
        "they came",
        "schedule": asdict(_schedule(wanted)),
    }
    found, writes = small.scores(model), sizes(network)
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}/{variant}",
            "title": f"Induction heads among many heads, seed {_seed(variant)}",
            "summary": "Two layers of eight heads that learned to continue repeated strings of letters; few "
            "heads do induction, and none of the others is needed alone.",
            "architecture": known.architecture(network, folder),
            "training": known.training_facts(out, facts),
            "aims": {"last letter": "at least 0.99", "repeated loss": "below 0.1 nats"},
            "accuracy": {"last letter": known.share(small.last_letters(network))},
            "inside": {
                "task": "continue a string of different letters that goes round with a period of "
                f"{small.PERIODS[0]} to {small.PERIODS[1]}",
                "heads": {
                    sort: [
                        head
                        for head, score in of_sort.items()
                        if score > small.LOOKS and writes[head] > WRITES
                    ]
                    for sort, of_sort in found.items()
                },
                "scores": found,
                "sizes": writes,
                "measured": small.measure(network),
            },
        },
    )
