"""The simulated reader of the study, held to trainings whose answers were planted."""

import numpy as np

from tools.animation_or_multiples import (
    Reader,
    followed,
    shown_steps,
    when_most,
    which_first,
    which_together,
)

PERFECT = Reader(error=0.0)
STATIC = ("animation", "multiples", "traces")


def jumps(n_steps: int, at: list[int]) -> np.ndarray:
    """Return values [step item] that go from 0 to 1 at one step each."""
    return (np.arange(n_steps)[:, None] > np.array(at)).astype(float)


def test_a_reader_without_error_finds_when_a_neuron_jumped() -> None:
    values = jumps(25, [3, 11, 20])
    rng = np.random.default_rng(0)
    for how in STATIC:
        for item in range(3):
            path = np.full(len(shown_steps(25, how)), item)
            assert when_most(values, item, path, how, PERFECT, rng), (how, item)


def test_a_reader_who_sees_nothing_but_error_is_right_about_as_often_as_a_guess() -> None:
    values, rng = jumps(25, [11]), np.random.default_rng(0)
    blind = Reader(error=1e6)
    right = [when_most(values, 0, np.zeros(25, int), "traces", blind, rng) for _ in range(2000)]
    # Three of the 24 changes lie within one step.
    assert abs(np.mean(right) - 3 / 24) < 0.03


def test_a_pair_that_moves_together_is_found_where_all_pairs_can_be_compared() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((13, 4)).cumsum(0)
    values[:, 2] = values[:, 0]
    everything = Reader(error=0.0, held=12)
    for how in STATIC:
        assert which_together(values, np.arange(4), how, everything, rng)


def test_of_an_animation_only_what_is_followed_can_be_compared() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((13, 8)).cumsum(0)
    values[:, 2] = values[:, 0]
    two = Reader(error=0.0, held=2)
    right = [which_together(values, np.arange(8), "animation", two, rng) for _ in range(2000)]
    assert abs(np.mean(right) - 1 / 28) < 0.015


def test_points_that_move_little_are_followed_and_two_that_change_places_are_taken_for_each_other() -> None:
    still = np.zeros((5, 2, 2))
    still[:, 1] = 1.0
    rng = np.random.default_rng(0)
    assert followed(still, "animation", PERFECT, rng)[:, 0].tolist() == [0] * 5
    swapped = still.copy()
    swapped[2:] = swapped[2:, ::-1]
    assert followed(swapped, "animation", PERFECT, rng)[:, 0].tolist() == [0, 0, 1, 1, 1]


def test_the_depth_that_comes_half_way_first_is_named() -> None:
    values = jumps(19, [9, 2, 15])
    for how in ("animation", "multiples"):
        assert which_first(values, how, PERFECT, np.random.default_rng(0))
