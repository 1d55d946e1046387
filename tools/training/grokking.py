"""Trains `builtin:grokking`: a transformer of one layer that memorises modular sums, then learns to add."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.maths.fourier import (
    excluded_logits,
    frequency_norms,
    gini,
    pair_power,
    restricted_logits,
    sum_loss,
    trigonometric_share,
)
from neuronscope.models.checkpoints import open_checkpoints
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer

from . import known
from .recipe import Wanted

MODULUS = 59
WIDTH = 64
SEED = 0
TRAINED_SHARE = 0.4
SCHEDULE = Schedule(
    steps=5000, learning_rate=2e-3, warm_up=10, decay=500, weight_decay=1.0, betas=(0.9, 0.98), clip=None
)
KEPT = (0, 10, 25, 50, 75, 100, 150, 250, 500, 750, *range(1000, 4001, 250), 4500, 5000)
SIZES = {"modulus": MODULUS, "width": WIDTH}
KEY_SHARE = 0.02  # of the power at equal frequencies, from which on a frequency is called key

Sums = tuple[Tensor, Tensor]


def make_model(modulus: int = MODULUS, *, width: int = WIDTH) -> PlainTransformer:
    """Return a new network with random weights: no norm, no bias, rectified neurons, as Nanda et al. 2023."""
    model = PlainTransformer(
        PlainConfig(
            vocab_size=modulus + 1,
            output_vocab_size=modulus,
            hidden_size=width,
            num_hidden_layers=1,
            num_attention_heads=4,
            intermediate_size=4 * width,
            max_position_embeddings=3,
            norm="none",
            activation="relu",
            biases=[],
            attn_implementation="eager",
        )
    )
    for name, weight in model.named_parameters():
        fan_in = width if name.startswith(("wte", "wpe")) else weight.shape[-1]
        nn.init.normal_(weight, std=fan_in**-0.5)
    return model


def tokenizer(modulus: int = MODULUS) -> PreTrainedTokenizerFast:
    """Return the tokenizer: the numbers, and `=`; a prompt is `7 12 =`."""
    return known.word_tokenizer([*map(str, range(modulus)), "="], context=3, beginning=None)


def every_sum(modulus: int = MODULUS) -> Sums:
    """Return the prompts of all sums [sum position], by first and then second number, and their answers."""
    first, second = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(modulus)] * 2, indexing="ij"))
    return torch.stack([first, second, torch.full_like(first, modulus)], 1), (first + second) % modulus


def trained_sums(modulus: int = MODULUS, *, seed: int = SEED, share: float = TRAINED_SHARE) -> Tensor:
    """Return which of all sums are trained on, [sum], drawn by the seed."""
    order = torch.randperm(modulus**2, generator=torch.Generator().manual_seed(seed))
    chosen = torch.zeros(modulus**2, dtype=torch.bool)
    chosen[order[: round(share * modulus**2)]] = True
    return chosen


def answer_loss(model: nn.Module, sums: Sums) -> Tensor:
    """Return the mean loss at `=`, in nats and double precision, so that it can become tiny."""
    prompts, answers = sums
    logits = model(input_ids=prompts, logits_to_keep=1).logits[:, -1]
    return nn.functional.cross_entropy(logits.double(), answers)


@torch.no_grad()
def measure(model: nn.Module, *, modulus: int, trained: Tensor) -> dict[str, Any]:
    """Return loss and accuracy on the trained sums and on all others."""
    prompts, answers = every_sum(modulus)
    logits = model(input_ids=prompts, logits_to_keep=1).logits[:, -1].double()
    loss = nn.functional.cross_entropy(logits, answers, reduction="none")
    right = (logits.argmax(-1) == answers).double()
    found = {}
    for part, chosen in (("train", trained), ("test", ~trained)):
        found[f"{part}_loss"] = float(f"{loss[chosen].mean():.4g}")
        found[f"{part}_accuracy"] = round(float(right[chosen].mean()), 4)
    return found


def grokking_run(
    *,
    modulus: int = MODULUS,
    width: int = WIDTH,
    seed: int = SEED,
    share: float = TRAINED_SHARE,
    keep: frozenset[int] = frozenset(KEPT),
) -> Run:
    """Return what is trained: all trained sums at every step."""
    prompts, answers = every_sum(modulus)
    trained = trained_sums(modulus, seed=seed, share=share)
    chosen = prompts[trained], answers[trained]
    return Run(
        seed=seed,
        make_model=partial(make_model, modulus, width=width),
        batch=lambda _: chosen,
        loss=answer_loss,
        measure=partial(measure, modulus=modulus, trained=trained),
        keep=keep,
        half=True,
    )


@torch.no_grad()
def sum_logits(model: nn.Module, *, modulus: int = MODULUS) -> Float[ndarray, "item other vocab"]:
    """Return the logits of every answer to every sum, in double precision."""
    logits = model(input_ids=every_sum(modulus)[0], logits_to_keep=1).logits[:, -1]
    return logits.double().reshape(modulus, modulus, modulus).numpy()


def key_frequencies(logits: Float[ndarray, "item other vocab"]) -> list[int]:
    """Return the frequencies with a good part of the logits' power, which is then on the diagonal."""
    power = pair_power(logits)[1:, 1:]
    return [int(place) + 1 for place in np.flatnonzero(np.diag(power) > KEY_SHARE * power.sum())]


def moment(
    model: Any, *, trained: Tensor, frequencies: list[int], modulus: int = MODULUS
) -> dict[str, float]:
    """Return what is measured at one step: losses, accuracies, and how far rotation accounts for them.

    The restricted loss is over all sums, the excluded loss over the trained ones, as in Nanda et al.
    """
    logits = sum_logits(model, modulus=modulus)
    chosen = trained.reshape(modulus, modulus).numpy()
    found = {
        "restricted_loss": sum_loss(restricted_logits(logits, frequencies)),
        "excluded_loss": sum_loss(excluded_logits(logits, frequencies), chosen),
        "trigonometric_share": trigonometric_share(logits, frequencies),
        "embedding_gini": gini(frequency_norms(model.wte.weight[:modulus].double().numpy())),
    }
    return {
        **measure(model, modulus=modulus, trained=trained),
        **{k: float(f"{v:.4g}") for k, v in found.items()},
    }


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one network."""
    return ("",)


def _sizes(wanted: Wanted) -> tuple[int, int, int]:
    sizes = {**SIZES, **wanted.sizes}
    return sizes["modulus"], sizes["width"], SEED if wanted.seed is None else wanted.seed


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train the network in a folder."""
    modulus, width, seed = _sizes(wanted)
    learn(
        grokking_run(modulus=modulus, width=width, seed=seed),
        replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps),
        out,
        stop_after=wanted.stop_after,
        measure_every=wanted.measure_every or 250,
    )


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration, tokenizer, weights and the weights of every kept step."""
    modulus, width, _seed = _sizes(wanted)
    known.write_network(known.trained(make_model(modulus, width=width), out), folder, tokenizer(modulus))
    known.copy_steps(out, folder)


def write_card(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write the card, measured on the weights in the folder."""
    modulus, _width, seed = _sizes(wanted)
    series, trained = open_checkpoints(str(folder)), trained_sums(modulus, seed=seed)
    last: Any = series.open(series.steps[-1]).hf
    frequencies = key_frequencies(sum_logits(last, modulus=modulus))
    measured = partial(moment, trained=trained, frequencies=frequencies, modulus=modulus)
    prompts, answers = every_sum(modulus)
    right = torch.from_numpy(sum_logits(last, modulus=modulus)).argmax(-1).flatten() == answers
    facts = {
        "command": f"python tools/train_builtin.py {wanted.name} --out FOLDER --export",
        "seed": seed,
        "modulus": modulus,
        "trained_share": TRAINED_SHARE,
        "schedule": asdict(replace(SCHEDULE, steps=wanted.steps or SCHEDULE.steps)),
        "method": "Nanda et al., 'Progress measures for grokking via mechanistic interpretability', 2023",
    }
    known.write_card(
        folder,
        {
            "name": f"builtin:{wanted.name}",
            "title": "Modular addition, first memorised, then understood",
            "summary": f"A transformer of one layer that learned addition modulo {modulus} from "
            f"{int(trained.sum())} of its {len(prompts)} sums, with its whole training kept.",
            "architecture": known.architecture(last, folder),
            "training": known.training_facts(out, facts),
            "steps": list(series.steps),
            "aims": {"untrained sums": "at least 0.99", "trained sums": "at least 0.99"},
            "accuracy": {
                "untrained sums": known.share(right[~trained].tolist()),
                "trained sums": known.share(right[trained].tolist()),
            },
            "inside": {
                "task": f"`7 12 =` goes on with 19; sums are modulo {modulus}",
                "key_frequencies": frequencies,
                "trained_sums": [
                    "".join("x" if one else "." for one in row)
                    for row in trained.reshape(modulus, modulus).tolist()
                ],
                "development": [{"step": step, **measured(model.hf)} for step, model in series],
            },
        },
    )
