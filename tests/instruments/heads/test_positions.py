"""Positions explain a pattern that is the same everywhere, and nothing of one that is not."""

import numpy as np
import pytest

from neuronscope.instruments.heads.positions import by_distance, explained, position_scores
from neuronscope.instruments.heads.repeated import repeated_strings
from neuronscope.models import open_model

LENGTH = 7
VISIBLE = np.tril(np.ones((LENGTH, LENGTH), dtype=bool))


def random_pattern(rng: np.random.Generator) -> np.ndarray:
    pattern = np.where(VISIBLE, rng.random((LENGTH, LENGTH)), 0.0)
    return pattern / pattern.sum(-1, keepdims=True)


def test_a_pattern_explains_itself_and_even_attention_explains_nothing() -> None:
    pattern = random_pattern(np.random.default_rng(0))
    even = VISIBLE / VISIBLE.sum(-1, keepdims=True)
    assert explained(pattern, pattern, VISIBLE)[0] == pytest.approx(1)
    assert explained(pattern, even, VISIBLE) == (pytest.approx(0), pytest.approx(0))
    assert explained(even, pattern, VISIBLE)[0] == 0


def test_a_pattern_by_distance_keeps_what_depends_on_distance_alone() -> None:
    previous = np.eye(LENGTH, k=-1)
    previous[0, 0] = 1
    found = by_distance(previous, VISIBLE)
    assert found[2, 1] > 0.8
    np.testing.assert_allclose(found.sum(-1), 1)
    np.testing.assert_allclose(np.diag(found, -1)[1:] / np.diag(found)[2:], found[1, 0] / found[1, 1])


def test_a_previous_token_head_is_all_position_and_an_induction_head_is_not() -> None:
    model = open_model("builtin:handmade-induction")
    found = position_scores(model, repeated_strings(model, n=16).prompts)
    assert found.absolute.shape == (8, 2, 4)
    assert found.absolute.mean(0)[0, 0] > 0.999
    assert found.absolute.mean(0)[1, 0] < 0.2
