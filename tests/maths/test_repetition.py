"""Scores of attention patterns have the values that made-up patterns say."""

import numpy as np
import pytest

from neuronscope.maths.repetition import prefix_matching, previous_token

LENGTH = 13


def uniform() -> np.ndarray:
    return np.tril(np.ones((LENGTH, LENGTH))) / np.arange(1, LENGTH + 1)[:, None]


def looking(back: int) -> np.ndarray:
    pattern = np.eye(LENGTH)
    rows = np.arange(back, LENGTH)
    pattern[rows] = 0
    pattern[rows, rows - back] = 1
    return pattern


def test_a_head_that_looks_behind_the_last_time_scores_one_for_its_period_alone() -> None:
    pattern = np.stack([looking(3), looking(4)])[:, None]
    assert prefix_matching(pattern, np.array([4]), first=1) == pytest.approx([1.0, 0.0])
    assert prefix_matching(pattern, np.array([5]), first=1) == pytest.approx([0.0, 1.0])


def test_weight_on_all_earlier_rounds_is_added_up() -> None:
    assert prefix_matching(looking(7)[None, None], np.array([4]), first=1) == pytest.approx(
        [(LENGTH - 9) / (LENGTH - 5)]
    )


def test_the_mean_is_over_the_positions_of_all_strings() -> None:
    pattern = np.stack([looking(3), looking(3)])[None]
    counted = [LENGTH - 1 - period for period in (4, 6)]
    assert prefix_matching(pattern, np.array([4, 6]), first=1) == pytest.approx([counted[0] / sum(counted)])


def test_even_attention_scores_by_chance() -> None:
    expected = np.mean([1 / (query + 1) for query in range(1, LENGTH)])
    assert previous_token(uniform()[None, None]) == pytest.approx([expected])


def test_a_head_that_looks_one_back_is_a_previous_token_head() -> None:
    heads = np.stack([looking(1), looking(2)])[None, :, None]
    assert previous_token(heads, first=1).tolist() == [[1.0, 0.0]]
