"""Trials are functions of their seed, show what they ask for, and have answers that can be known."""

import numpy as np
import pytest

from neuronscope.data.stimuli import (
    angular_error,
    best_choices,
    chosen_right,
    decision_trials,
    ideal_choice,
    memory_trials,
    remembered,
)
from neuronscope.words import BadInput


def test_the_same_seed_gives_the_same_trials_and_another_others() -> None:
    for drawn in (decision_trials, memory_trials):
        first, again, other = (drawn(20, seed=seed) for seed in (3, 3, 4))
        assert np.array_equal(first.stimuli, again.stimuli)
        assert np.array_equal(first.targets, again.targets)
        assert not np.array_equal(first.stimuli, other.stimuli)
        assert len(first) == 20


def test_evidence_has_the_mean_and_the_noise_that_were_asked_for() -> None:
    trials = decision_trials(2000, seed=0, coherences=(0.3,), noise=0.5)
    shown = trials.stimuli[:, 10:50, 1:]
    right = trials.asked > 0
    assert shown[right].mean((0, 1)) == pytest.approx([0.35, 0.65], abs=0.01)
    assert shown[~right].mean((0, 1)) == pytest.approx([0.65, 0.35], abs=0.01)
    assert shown[right].std() == pytest.approx(np.hypot(0.5, 0.15), abs=0.01)
    assert not trials.stimuli[:, :10, 1:].any()
    assert not trials.stimuli[:, 50:].any()
    assert trials.stimuli[:, :50, 0].min() == 1
    assert trials.answer == 50


def test_the_wanted_choice_is_the_side_with_more_evidence() -> None:
    trials = decision_trials(200, seed=1)
    assert not trials.targets[:, : trials.answer].any()
    assert (trials.targets[:, trials.answer :].sum(-1) == 1).all()
    told = trials.asked != 0
    assert np.array_equal(chosen_right(trials.targets, trials)[told], (trials.asked > 0)[told])
    assert not told.all()
    assert 0.3 < chosen_right(trials.targets, trials)[~told].mean() < 0.7


@pytest.mark.parametrize("coherence", [0.02, 0.08, 0.16])
def test_the_best_observer_is_right_as_often_as_the_closed_form_says(coherence: float) -> None:
    trials = decision_trials(4000, seed=2, coherences=(coherence,))
    right = (best_choices(trials) == (trials.asked > 0)).mean()
    expected = ideal_choice(coherence)
    assert abs(right - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)
    assert ideal_choice(-coherence) == pytest.approx(1 - expected)


def test_without_noise_the_best_observer_is_always_right() -> None:
    trials = decision_trials(100, seed=0, coherences=(0.01,), noise=0.0)
    assert np.array_equal(best_choices(trials), trials.asked > 0)


def test_a_memory_trial_shows_its_angle_once_and_asks_for_it_ever_after() -> None:
    trials = memory_trials(3, seed=0, angles=[0.0, np.pi / 2, -2.0], before=100, cue=200, delay=400)
    assert trials.stimuli.shape == (3, 35, 2)
    assert trials.answer == 15
    assert not trials.stimuli[:, :5].any()
    assert not trials.stimuli[:, 15:].any()
    assert trials.stimuli[1, 5:15] == pytest.approx(np.tile([0.0, 1.0], (10, 1)), abs=1e-6)
    assert np.abs(angular_error(remembered(trials.targets), trials.asked[:, None])).max() < 1e-6
    assert np.array_equal(trials.weights.sum(1), [20, 20, 20])


def test_an_angle_is_never_more_than_half_a_turn_from_another() -> None:
    found, asked = np.meshgrid(np.linspace(-9, 9, 41), np.linspace(-9, 9, 37))
    error = angular_error(found, asked)
    assert np.abs(error).max() <= np.pi
    turns = (found - asked - error) / (2 * np.pi)
    assert turns == pytest.approx(turns.round(), abs=1e-9)


def test_bad_trials_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match=r"^There are no trials: give at least 1, not 0\.$"):
        decision_trials(0, seed=0)
    with pytest.raises(BadInput, match=r"^A coherence is from 0 to 1, but 1\.5 is not\.$"):
        decision_trials(5, seed=0, coherences=(0.1, 1.5))
    with pytest.raises(BadInput, match=r"^There are no coherences: give at least one, from 0 to 1\.$"):
        decision_trials(5, seed=0, coherences=())
    with pytest.raises(BadInput, match=r"^There are 2 angles for 3 trials: give one a trial\.$"):
        memory_trials(3, seed=0, angles=[0.0, 1.0])
    with pytest.raises(BadInput, match=r"^5 ms is no duration here: give at least one moment, 20 ms\.$"):
        memory_trials(3, seed=0, cue=5)
    with pytest.raises(BadInput, match=r"^noise cannot be -1: give 0 or more\.$"):
        decision_trials(3, seed=0, noise=-1)
