"""The recipes of `builtin:rnn-decision`, `builtin:rnn-decision-dale` and `builtin:rnn-memory`.

Cards tell of choices by coherence, of angles by delay, and of the shape of the states behind them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_ndtr
from torch import Tensor, nn

from neuronscope.data.stimuli import (
    COHERENCES,
    EVIDENCE_NOISE,
    TIME_STEP,
    Trials,
    angular_error,
    best_choices,
    chosen_right,
    decision_trials,
    ideal_choice,
    memory_trials,
    remembered,
)
from neuronscope.instruments import put, run
from neuronscope.learned.loop import Run, Schedule
from neuronscope.learned.loop import train as learn
from neuronscope.maths.resampling import bootstrap_interval
from neuronscope.models.layouts.recurrent import RecurrentConfig, RecurrentNetwork
from neuronscope.models.model import Model
from neuronscope.models.open import open_model

from .known import share
from .known import write_card as write
from .recipe import Wanted
from .shipping import average, shape, ship, trained

SEED = 0
SIZES = {"units": 80}
STEPS = 1500
N_TRIALS = 64
EXCITATORY_SHARE = 0.8
CUE_NOISE = 0.1
STATE_PENALTY = 1e-3
"""What the mean square of the states adds to the loss, which keeps rates low."""
TEST_SEED = 2026
N_DECISIONS = 4000
N_ANGLES = 200
EASY, AGREED = "right choices at coherence 0.32", "agreement with the best observer"
NEAR = "within 5 degrees after 1.5 s"
DELAYS = (500.0, 1500.0, 5000.0)
RING_DELAY = 9000.0


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


def outputs(model: Model, trials: Trials) -> np.ndarray:
    """Return what a network answers to trials [trial time output]."""
    return run(model, {"stimuli": trials.stimuli}).logits.numpy()


def decisions(model: Model) -> dict[str, Any]:
    """Return accuracy, psychometric curve and the axis of the choice, on trials that training never drew."""
    trials = decision_trials(N_DECISIONS, seed=TEST_SEED)
    right, best = chosen_right(outputs(model, trials), trials), best_choices(trials)
    correct, told = right == (trials.asked > 0), trials.asked != 0
    easy = np.abs(trials.asked) == max(COHERENCES)
    bias, spread = psychometric(trials.asked, right)
    return {
        "accuracy": {
            AGREED: share(right == best),
            "right choices": share(correct[told]),
            "right choices of the best observer": share((best == (trials.asked > 0))[told]),
            EASY: share(correct[easy]),
        },
        "psychometric": {
            "curve": [
                {
                    "coherence": float(coherence) + 0.0,
                    "right": share(right[trials.asked == coherence]),
                    "best possible": round(ideal_choice(coherence), 4),
                }
                for coherence in sorted({-c for c in COHERENCES} | set(COHERENCES))
            ],
            "bias": bias,
            "spread": spread,
            "best possible spread": round(ideal_spread(), 4),
        },
        "inside": {"signs": signs(model), "choice axis": choice_axis(model)},
    }


def ideal_spread() -> float:
    """Return the coherence at which the best observer chooses right in 84 % of trials."""
    moments = int((decision_trials(1, seed=0).stimuli[0, :, 1] != 0).sum())
    return float(np.sqrt(2 / moments) * EVIDENCE_NOISE)


def psychometric(coherence: np.ndarray, right: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return bias and spread of the cumulative Gaussian likeliest to give the choices, with 95 % intervals.

    The bias is the coherence at which both sides are chosen alike; intervals are bootstrapped by trial.
    """
    rows = np.stack([coherence, right], -1)
    low, high = bootstrap_interval(rows, statistic=_fitted, n_resamples=200)
    bias, spread = (
        {"value": round(float(v), 4), "low": round(float(a), 4), "high": round(float(b), 4), "n": len(rows)}
        for v, a, b in zip(_fitted(rows), low, high, strict=True)
    )
    return bias, spread


def _fitted(rows: np.ndarray) -> np.ndarray:
    levels, level = np.unique(rows[:, 0], return_inverse=True)
    n_right = np.bincount(level, rows[:, 1], len(levels))
    n_left = np.bincount(level, minlength=len(levels)) - n_right

    def surprise(found: np.ndarray) -> float:
        z = (levels - found[0]) / np.exp(found[1])
        return -float(n_right @ log_ndtr(z) + n_left @ log_ndtr(-z))

    best = minimize(surprise, np.array([0.0, np.log(0.1)]), method="Nelder-Mead").x
    return np.array([best[0], np.exp(best[1])])


def signs(model: Model) -> dict[str, int]:
    """Return how many units only excite, only inhibit, or do both, by the weights that act."""
    network: Any = model.hf
    weights = network.recurrent.effective()
    excites, inhibits = (weights > 0).any(0), (weights < 0).any(0)
    return {
        "excite": int((excites & ~inhibits).sum()),
        "inhibit": int((inhibits & ~excites).sum()),
        "do both": int((excites & inhibits).sum()),
    }


def choice_axis(model: Model) -> dict[str, Any]:
    """Return how many choices turn when states are mirrored along one axis at the last moment of evidence.

    The axis joins the mean states of trials answered right and left, measured on other trials; the mirror
    stands halfway. A random axis, on which the mirror stands at the mean state, is the control.
    """
    strong = (0.16, 0.32)
    learned, tried = (decision_trials(500, seed=TEST_SEED + k, coherences=strong) for k in (1, 2))
    site = f"module.moments.{learned.answer - 1}:out"
    before, chosen = _chosen(model, learned, site)
    ends = [before[torch.from_numpy(side)].mean(0) for side in (chosen, ~chosen)]
    random = torch.randn(before.shape[1], generator=torch.Generator().manual_seed(0))
    axes = {
        "turned": (ends[0] - ends[1], (ends[0] + ends[1]) / 2),
        "turned by a random axis": (random, before.mean(0)),
    }
    reached, was = _chosen(model, tried, site)
    return {
        name: share(_mirrored(model, tried, site, reached, axis, middle) != was)
        for name, (axis, middle) in axes.items()
    }


def _chosen(model: Model, trials: Trials, site: str) -> tuple[Tensor, np.ndarray]:
    seen = run(model, {"stimuli": trials.stimuli}, get=site)
    return seen[site], chosen_right(seen.logits.numpy(), trials)


def _mirrored(
    model: Model, trials: Trials, site: str, states: Tensor, axis: Tensor, middle: Tensor
) -> np.ndarray:
    unit = axis / axis.norm()
    mirrored = states - 2 * ((states - middle) @ unit)[:, None] * unit
    done = run(model, {"stimuli": trials.stimuli}, do=put(site, mirrored))
    return chosen_right(done.logits.numpy(), trials)


def memories(model: Model) -> dict[str, Any]:
    """Return the error by delay, delays longer than any in training included, and the shape of the states."""
    errors = {}
    for delay in DELAYS:
        trials = memory_trials(N_ANGLES, seed=TEST_SEED, delay=delay)
        found = remembered(outputs(model, trials))[:, -1]
        errors[delay] = np.degrees(np.abs(angular_error(found, trials.asked)))
    return {
        "accuracy": {
            f"within 5 degrees after {delay / 1000:g} s": share(error <= 5) for delay, error in errors.items()
        },
        "angular error in degrees": {
            f"after {delay / 1000:g} s": average(error) for delay, error in errors.items()
        },
        "inside": {"ring": ring(model)},
    }


def ring(model: Model) -> dict[str, Any]:
    """Return how round and how still the states are late in a long delay, for angles all around.

    The share of variance in two components; the spread of the radius there, over its mean; the drift; and
    the sizes of the largest two eigenvalues of a time step, the first along the ring and the second across.
    """
    angles = np.linspace(-np.pi, np.pi, N_ANGLES, endpoint=False)
    trials = memory_trials(N_ANGLES, seed=TEST_SEED, angles=list(angles), delay=RING_DELAY)
    seen = run(model, {"stimuli": trials.stimuli}, get="module.states:out")
    late = seen["module.states:out"][:, -1]
    held = remembered(seen.logits.numpy())
    drift = np.degrees(np.abs(angular_error(held[:, -1], held[:, -51])))
    centred = (late - late.mean(0)).double()
    flat, sizes, _ = torch.linalg.svd(centred, full_matrices=False)
    radius = (flat[:, :2] * sizes[:2]).norm(dim=1)
    network: Any = model.hf
    still = network.inputs.bias
    slopes = torch.func.vmap(torch.func.jacrev(lambda state: network.step(state, still)))(late[::10])
    eigenvalues = torch.linalg.eigvals(slopes).abs().sort(descending=True).values.double().numpy()
    return {
        "variance in two components": round(float((sizes[:2] ** 2).sum() / (sizes**2).sum()), 4),
        "spread of the radius": round(float(radius.std() / radius.mean()), 4),
        "drift in degrees a second": average(drift),
        "largest eigenvalue": average(eigenvalues[:, 0]),
        "second eigenvalue": average(eigenvalues[:, 1]),
    }


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


_CHOICES = {EASY: {"at_least": 0.97}, AGREED: {"at_least": 0.9}}
PLANS = {
    "rnn-decision": _Plan(
        "A choice between left and right",
        "A rate network that sums noisy evidence and chooses a side; the signs of its weights are free.",
        decision_network,
        _decisions,
        decisions,
        _CHOICES,
        EVIDENCE_NOISE,
    ),
    "rnn-decision-dale": _Plan(
        "A choice between left and right, by Dale's law",
        "The same choice by units that only excite (four in five) or only inhibit.",
        lambda units: decision_network(units, excitatory_share=EXCITATORY_SHARE),
        _decisions,
        decisions,
        _CHOICES,
        EVIDENCE_NOISE,
    ),
    "rnn-memory": _Plan(
        "An angle, remembered",
        "A rate network that sees an angle for 200 ms and holds it: its states come to lie on a ring.",
        memory_network,
        _memories,
        memories,
        {NEAR: {"at_least": 0.97}},
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
            "test seed": TEST_SEED,
        },
    }
    write(folder, card)
