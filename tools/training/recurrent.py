"""The recipes of `builtin:rnn-decision`, `builtin:rnn-decision-dale` and `builtin:rnn-memory`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neuronscope.data.stimuli import EVIDENCE_NOISE, TIME_STEP, Trials, decision_trials, memory_trials
from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.models.layouts.recurrent import RecurrentConfig, RecurrentNetwork
from neuronscope.models.open import open_model

from . import behaviour
from .known import write_card as write
from .recipe import Wanted
from .shipping import shape, ship, trained

SEED = 0
SIZES = {"units": 80}
STEPS = 1500
N_TRIALS = 64
EXCITATORY_SHARE = 0.8
CUE_NOISE = 0.1
STATE_PENALTY = 1e-3
"""What the mean square of the states adds to the loss, which keeps rates low."""


def decision_network(units: int, *, excitatory_share: float | None = None) -> RecurrentNetwork:
    """Return a new network of rectified rates for choices between left and right."""
    return RecurrentNetwork(
        RecurrentConfig(
            channels=("fixation", "left", "right"),
            outputs=("left", "right"),
            hidden_size=units,
            time_step=TIME_STEP,
            activation="relu",
            noise=0.1,
            excitatory_share=excitatory_share,
        )
    )


def memory_network(units: int) -> RecurrentNetwork:
    """Return a new network, whose rates may be negative, for remembering an angle."""
    return RecurrentNetwork(
        RecurrentConfig(
            channels=("cosine", "sine"),
            outputs=("cosine", "sine"),
            hidden_size=units,
            time_step=TIME_STEP,
            activation="tanh",
            noise=0.05,
        )
    )


@dataclass(frozen=True)
class _Plan:
    """What differs between the three."""

    title: str
    summary: str
    make_model: Callable[[int], RecurrentNetwork]
    trials: Callable[[int], Trials]
    measured: Callable[[Any], dict[str, Any]]
    aims: dict[str, dict[str, float]]
    noise: float


def _decisions(seed: int) -> Trials:
    return decision_trials(N_TRIALS, seed=seed)


def _memories(seed: int) -> Trials:
    return memory_trials(N_TRIALS, seed=seed, noise=CUE_NOISE)


_CHOICES = {behaviour.EASY: {"at_least": 0.97}, behaviour.AGREED: {"at_least": 0.9}}
PLANS = {
    "rnn-decision": _Plan(
        "A choice between left and right",
        "A rate network that sums noisy evidence and chooses a side; the signs of its weights are free.",
        decision_network,
        _decisions,
        behaviour.decisions,
        _CHOICES,
        EVIDENCE_NOISE,
    ),
    "rnn-decision-dale": _Plan(
        "A choice between left and right, by Dale's law",
        "The same choice by units that only excite (four in five) or only inhibit.",
        lambda units: decision_network(units, excitatory_share=EXCITATORY_SHARE),
        _decisions,
        behaviour.decisions,
        _CHOICES,
        EVIDENCE_NOISE,
    ),
    "rnn-memory": _Plan(
        "An angle, remembered",
        "A rate network that sees an angle for 200 ms and holds it: its states come to lie on a ring.",
        memory_network,
        _memories,
        behaviour.memories,
        {behaviour.NEAR: {"at_least": 0.97}},
        CUE_NOISE,
    ),
}


def trial_loss(model: nn.Module, trials: Trials) -> Tensor:
    """Return the weighted mean square error of the outputs, and a little for large states."""
    done = model(stimuli=torch.from_numpy(trials.stimuli))
    weights, wanted = torch.from_numpy(trials.weights), torch.from_numpy(trials.targets)
    error = (weights * (done.logits - wanted).square().mean(-1)).sum() / weights.sum()
    return error + STATE_PENALTY * done.states.square().mean()


def recurrent_run(name: str, *, seed: int, units: int) -> Run:
    """Return what is trained: a new network, on new trials at every step."""
    plan = PLANS[name]
    return Run(
        seed=seed,
        make_model=lambda: plan.make_model(units),
        batch=lambda step: plan.trials(seed * 1_000_003 + step),
        loss=trial_loss,
        n_tokens=len,
    )


def variants(_: Wanted) -> tuple[str, ...]:
    """Return that there is one of each."""
    return ("",)


def _seed(wanted: Wanted) -> int:
    return SEED if wanted.seed is None else wanted.seed


def _units(wanted: Wanted) -> int:
    return wanted.sizes.get("units", SIZES["units"])


def train(wanted: Wanted, out: Path, _: str) -> None:
    """Train a network on its trials."""
    steps = wanted.steps or STEPS
    schedule = Schedule(
        steps=steps,
        learning_rate=3e-3,
        warm_up=50,
        decay=steps // 2,
        weight_decay=1e-4,
        betas=(0.9, 0.999),
    )
    learn(
        recurrent_run(wanted.name, seed=_seed(wanted), units=_units(wanted)),
        schedule,
        out,
        stop_after=wanted.stop_after,
        measure_every=wanted.measure_every or 500,
    )


def export(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Write configuration and weights."""
    ship(PLANS[wanted.name].make_model(_units(wanted)), out, folder)


def write_card(wanted: Wanted, out: Path, folder: Path, _: str) -> None:
    """Measure the weights in the folder and write their card."""
    plan, model = PLANS[wanted.name], open_model(str(folder))
    card = {
        "name": f"builtin:{wanted.name}",
        "title": plan.title,
        "summary": plan.summary,
        **plan.measured(model),
        "aims": plan.aims,
        "architecture": shape(model.hf, folder, units=_units(wanted)),
        "training": trained(out, name=wanted.name, seed=_seed(wanted), seen="trials"),
        "trials": {
            "time step in ms": TIME_STEP,
            "noise of training": plan.noise,
            "test seed": behaviour.TEST_SEED,
        },
    }
    write(folder, card)
