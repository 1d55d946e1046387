"""What is shown to a recurrent network, moment by moment, and what should it answer? Trials, drawn by seed.

A decision trial shows noisy evidence for left and for right, and asks for the side with more, once the
fixation point is gone (Britten et al. 1992; as a task for networks, Song, Yang & Wang 2016). A memory trial
shows an angle for a moment and asks for it ever after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from jaxtyping import Float

from neuronscope.words import BadInput

TIME_STEP = 20.0
"""Milliseconds from one moment to the next."""
FIXATION, EVIDENCE, RESPONSE = 200.0, 800.0, 300.0
EVIDENCE_NOISE = 0.5
COHERENCES = (0.0, 0.02, 0.04, 0.08, 0.16, 0.32)
BEFORE, CUE, DELAY = 100.0, 200.0, 1500.0


@dataclass(frozen=True, eq=False)
class Trials:
    """Stimuli and wanted outputs of some trials, moment by moment.

    ``weights`` say how much an output counts at each moment, 0 where any will do. ``asked`` is what a trial
    is about: the signed coherence of a decision, positive for right, or an angle in radians. ``answer`` is
    the moment from which the answer is read.
    """

    stimuli: Float[np.ndarray, "trial time channel"]
    targets: Float[np.ndarray, "trial time output"]
    weights: Float[np.ndarray, "trial time"]
    asked: Float[np.ndarray, " trial"]
    channels: tuple[str, ...]
    outputs: tuple[str, ...]
    answer: int

    def __len__(self) -> int:
        return len(self.stimuli)


def decision_trials(
    n_trials: int,
    *,
    seed: int,
    coherences: Sequence[float] = COHERENCES,
    noise: float = EVIDENCE_NOISE,
    fixation: float = FIXATION,
    evidence: float = EVIDENCE,
    response: float = RESPONSE,
) -> Trials:
    """Return trials of a choice between left and right.

    Each trial draws one of ``coherences`` and a side. While evidence lasts, its two channels show
    (1 ± coherence) / 2 and, at every moment, Gaussian ``noise``; the fixation channel is 1 until the
    response. Durations are in ms. Wanted are 0 from both outputs until the response, then 1 from the side
    with more evidence, or from either where the coherence is 0. Raises `BadInput` for no trials, negative
    noise, a coherence outside 0 to 1, or a duration below one moment.
    """
    _check(n_trials, noise)
    if not len(coherences):
        raise BadInput("There are no coherences: give at least one, from 0 to 1.")
    wrong = next((value for value in coherences if not 0 <= value <= 1), None)
    if wrong is not None:
        raise BadInput(f"A coherence is from 0 to 1, but {wrong} is not.")
    before, shown, after = (_moments(length) for length in (fixation, evidence, response))
    rng = np.random.default_rng([seed, n_trials])
    side = rng.choice((-1.0, 1.0), n_trials)
    asked = rng.choice(np.array(coherences, dtype=float), n_trials) * side
    stimuli = np.zeros((n_trials, before + shown + after, 3), dtype=np.float32)
    stimuli[:, : before + shown, 0] = 1
    means = (1 + np.stack([-asked, asked], -1))[:, None] / 2
    stimuli[:, before : before + shown, 1:] = means + noise * rng.standard_normal((n_trials, shown, 2))
    targets = np.zeros((n_trials, before + shown + after, 2), dtype=np.float32)
    targets[:, before + shown :, 0] = (side < 0)[:, None]
    targets[:, before + shown :, 1] = (side > 0)[:, None]
    weights = np.ones(targets.shape[:2], dtype=np.float32)
    weights[:, before + shown : before + shown + after // 2] = 0
    return Trials(
        stimuli, targets, weights, asked, ("fixation", "left", "right"), ("left", "right"), before + shown
    )


def memory_trials(
    n_trials: int,
    *,
    seed: int,
    angles: Sequence[float] | None = None,
    noise: float = 0.0,
    before: float = BEFORE,
    cue: float = CUE,
    delay: float = DELAY,
) -> Trials:
    """Return trials that show an angle and then ask for it, during all of the delay.

    The two channels are cosine and sine of the angle while the cue lasts, with Gaussian ``noise`` at every
    moment, and 0 before and after. ``angles`` in radians, one a trial, are drawn evenly where not given.
    Durations are in ms. Raises `BadInput` for no trials, another number of angles than of trials, or a
    duration below one moment.
    """
    _check(n_trials, noise)
    if angles is not None and len(angles) != n_trials:
        raise BadInput(f"There are {len(angles)} angles for {n_trials} trials: give one a trial.")
    first, shown, after = (_moments(length) for length in (before, cue, delay))
    rng = np.random.default_rng([seed, n_trials])
    drawn = rng.uniform(-np.pi, np.pi, n_trials)
    asked = drawn if angles is None else np.array(angles, dtype=float)
    arrow = np.stack([np.cos(asked), np.sin(asked)], -1)[:, None]
    stimuli = np.zeros((n_trials, first + shown + after, 2), dtype=np.float32)
    stimuli[:, first : first + shown] = arrow + noise * rng.standard_normal((n_trials, shown, 2))
    targets = np.broadcast_to(arrow, stimuli.shape).astype(np.float32)
    weights = np.zeros(stimuli.shape[:2], dtype=np.float32)
    weights[:, first + shown :] = 1
    names = ("cosine", "sine")
    return Trials(stimuli, targets, weights, asked, names, names, first + shown)


def chosen_right(outputs: Float[np.ndarray, "trial time output"], trials: Trials) -> np.ndarray:
    """Return which decision trials were answered with right [trial], by the outputs of the last moment."""
    return outputs[:, -1, 1] > outputs[:, -1, 0]


def best_choices(trials: Trials) -> np.ndarray:
    """Return which decision trials the best observer answers with right [trial]: those that show more of it.

    Each moment counts alike, since the noise is alike at all of them.
    """
    return (trials.stimuli[..., 2] - trials.stimuli[..., 1]).sum(-1) > 0


def remembered(outputs: Float[np.ndarray, "trial time output"]) -> Float[np.ndarray, "trial time"]:
    """Return the angle in radians that the outputs of a memory trial point to at each moment."""
    return np.arctan2(outputs[..., 1], outputs[..., 0])


def angular_error(
    found: Float[np.ndarray, "*axes"], asked: Float[np.ndarray, "*axes"]
) -> Float[np.ndarray, "*axes"]:
    """Return how far one angle is from another in radians, from −pi to pi.

    >>> round(float(angular_error(np.array(3.0), np.array(-3.0))), 4)
    -0.2832
    """
    return np.angle(np.exp(1j * (np.asarray(found) - np.asarray(asked))))


def ideal_choice(coherence: float, *, noise: float = EVIDENCE_NOISE, evidence: float = EVIDENCE) -> float:
    """Return how often the best observer chooses right, given the signed coherence.

    It sums the difference of the two channels over the n moments of evidence, which is Gaussian of mean
    n times the coherence and variance 2 n noise². No network can do better on average.

    >>> ideal_choice(0.0), round(ideal_choice(0.16), 3)
    (0.5, 0.924)
    """
    distance = coherence * sqrt(_moments(evidence)) / (sqrt(2) * noise)
    return (1 + erf(distance / sqrt(2))) / 2


def _moments(length: float) -> int:
    moments = round(length / TIME_STEP)
    if moments < 1:
        raise BadInput(f"{length:g} ms is no duration here: give at least one moment, {TIME_STEP:.0f} ms.")
    return moments


def _check(n_trials: int, noise: float) -> None:
    if n_trials < 1:
        raise BadInput(f"There are no trials: give at least 1, not {n_trials}.")
    if not noise >= 0:
        raise BadInput(f"noise cannot be {noise:g}: give 0 or more.")
