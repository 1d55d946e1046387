"""P-values, held to what they promise: uniform where there is nothing, exact where all can be counted."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import kstest

from neuronscope.maths.significance import (
    benjamini_hochberg,
    effect_size,
    permutation_p,
    rank_p,
    sign_flip_p,
)
from neuronscope.words import BadInput


def test_few_prompts_are_counted_exactly() -> None:
    values = np.random.default_rng(0).normal(0.4, 1, 7)
    seen = abs(values.sum())
    as_extreme = [abs(np.dot(turn, values)) >= seen - 1e-12 for turn in product([1, -1], repeat=7)]
    assert sign_flip_p(values) == np.mean(as_extreme)


def test_p_of_turned_signs_is_uniform_where_there_is_nothing() -> None:
    noise = np.random.default_rng(1).normal(size=(30, 1500))
    assert kstest(sign_flip_p(noise, n_resamples=999), "uniform").pvalue > 0.01


def test_p_of_dealt_groups_is_uniform_where_there_is_nothing() -> None:
    rng = np.random.default_rng(2)
    p = permutation_p(rng.exponential(size=(12, 1500)), rng.exponential(size=(20, 1500)), n_resamples=999)
    assert kstest(p, "uniform").pvalue > 0.01


def test_p_of_ranks_is_uniform_where_there_is_nothing() -> None:
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(199, 2000))
    for tail in ("above", "below"):
        assert kstest(rank_p(rng.normal(size=2000), drawn, tail=tail), "uniform").pvalue > 0.01
    assert abs((rank_p(rng.normal(size=2000), drawn) <= 0.1).mean() - 0.1) < 0.03


def test_a_clear_difference_has_the_least_p_there_is() -> None:
    values = np.full((40, 2), [1.0, -1.0]) + np.random.default_rng(4).normal(0, 0.1, (40, 2))
    np.testing.assert_array_equal(sign_flip_p(values, n_resamples=500), 1 / 501)
    np.testing.assert_array_equal(permutation_p(values[:, :1] + 9, values[:, :1], n_resamples=500), 1 / 501)


def test_the_order_and_scale_of_values_change_no_p() -> None:
    values = np.random.default_rng(5).normal(0.3, 1, 9)
    assert sign_flip_p(values) == sign_flip_p(values[::-1]) == sign_flip_p(values * 1e6)


def test_prompts_may_lie_along_any_axis_and_others_keep_their_shape() -> None:
    values = np.random.default_rng(6).normal(size=(3, 14, 2))
    p, d = sign_flip_p(values, axis=1), effect_size(values, axis=1)
    assert p.shape == d.shape == (3, 2)
    assert p[2, 1] == sign_flip_p(values[2, :, 1])
    np.testing.assert_allclose(d[2, 1], values[2, :, 1].mean() / values[2, :, 1].std(ddof=1))


def test_no_effect_at_all_is_not_distinguishable() -> None:
    assert sign_flip_p(np.zeros(5)) == 1
    assert effect_size(np.zeros(5)) == 0
    assert np.isnan(effect_size([2.0]))


def test_the_correction_holds_back_false_discoveries() -> None:
    rng = np.random.default_rng(7)
    false = []
    for _ in range(100):
        p = np.concatenate([rng.uniform(size=190), rng.uniform(0, 1e-4, 10)])
        found = benjamini_hochberg(p) <= 0.1
        false.append(found[:190].sum() / max(found.sum(), 1))
        assert found[190:].all()
    assert np.mean(false) < 0.1 + 0.02


def test_a_question_that_was_not_asked_stays_unanswered() -> None:
    adjusted = benjamini_hochberg([[0.01, np.nan], [0.02, 0.5]])
    assert np.isnan(adjusted[0, 1])
    np.testing.assert_allclose(adjusted[[0, 1, 1], [0, 0, 1]], benjamini_hochberg([0.01, 0.02, 0.5]))
    assert np.isnan(sign_flip_p([[np.nan, 1.0], [1.0, 1.0]])[0])
    assert np.isnan(rank_p(np.nan, [1.0, 2.0]))


def test_what_cannot_be_asked_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="at least one prompt"):
        sign_flip_p([])
    with pytest.raises(BadInput, match="beside prompts"):
        permutation_p(np.ones((3, 2)), np.ones((3, 4)))
    with pytest.raises(BadInput, match="at least one value that chance gave"):
        rank_p(1.0, [])
    with pytest.raises(BadInput, match="'up', but must be"):
        rank_p(1.0, [1.0], tail="up")  # pyright: ignore[reportArgumentType]
