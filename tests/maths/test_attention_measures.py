"""Measures of patterns have the values that made-up patterns say."""

import numpy as np
import pytest

from neuronscope.maths.attention_measures import (
    head_measures,
    keys_holding,
    mass_on,
    mixed_with_itself,
    repeated_arcs,
    rolled_out,
)
from neuronscope.words import BadInput

LENGTH = 9
CAUSAL = np.tril(np.ones((LENGTH, LENGTH), dtype=bool))


def even() -> np.ndarray:
    return CAUSAL / CAUSAL.sum(-1, keepdims=True)


def looking(back: int) -> np.ndarray:
    pattern = np.eye(LENGTH)
    rows = np.arange(back, LENGTH)
    pattern[rows] = 0
    pattern[rows, rows - back] = 1
    return pattern


def test_even_attention_has_the_entropy_of_the_number_of_keys() -> None:
    found = head_measures(even(), CAUSAL)
    expected = np.log(np.arange(2, LENGTH + 1)).mean()
    assert found["entropy"] == pytest.approx(expected, abs=1e-14)
    assert found["normalised_entropy"] == pytest.approx(1, abs=1e-14)


def test_a_head_with_one_key_has_no_entropy_and_one_key_holds_its_mass() -> None:
    found = head_measures(looking(1), CAUSAL)
    assert found["entropy"] == 0
    assert found["largest"] == 1
    assert found["previous"] == 1
    assert found["distance"] == 1
    assert found["sparsity"] == pytest.approx((1 / np.arange(2, LENGTH + 1)).mean())


def test_a_head_that_looks_at_itself_has_distance_nought() -> None:
    found = head_measures(np.eye(LENGTH), CAUSAL)
    assert (found["self"], found["distance"], found["first"]) == (1, 0, 0)


def test_without_the_first_token_the_rest_of_each_row_sums_to_one() -> None:
    pattern = 0.9 * np.eye(1, LENGTH) + 0.1 * even()
    kept = head_measures(pattern, CAUSAL)
    left = head_measures(pattern, CAUSAL, without_first=True)
    assert kept["first"] > 0.9
    assert left["first"] == kept["first"]
    assert left["normalised_entropy"] == pytest.approx(1, abs=1e-12)


def test_keys_ahead_count_in_a_model_that_reads_both_ways() -> None:
    seen = np.ones((LENGTH, LENGTH), dtype=bool)
    found = head_measures(np.full((LENGTH, LENGTH), 1 / LENGTH), seen)
    assert found["entropy"] == pytest.approx(np.log(LENGTH), abs=1e-12)
    place = np.arange(LENGTH)
    assert found["distance"] == pytest.approx(np.abs(place[:, None] - place).mean())


def test_one_token_alone_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="No token has two others to choose between"):
        head_measures(np.ones((1, 1)), np.ones((1, 1), dtype=bool))


@pytest.mark.parametrize(("mass", "n_keys"), [(0.5, 1), (0.7, 2), (0.9, 3), (1.0, 4)])
def test_the_fewest_keys_hold_a_share_of_the_mass(mass: float, n_keys: int) -> None:
    assert keys_holding(np.array([0.2, 0.5, 0.05, 0.25, 0.0]), mass) == n_keys


def test_arcs_of_a_string_lead_to_what_followed_and_to_the_token_itself() -> None:
    follows, known = repeated_arcs(9, 4, first=1, shift=1)
    same, _ = repeated_arcs(9, 4, first=1, shift=0)
    assert np.flatnonzero(known).tolist() == [5, 6, 7, 8]
    assert [np.flatnonzero(follows[query]).tolist() for query in known.nonzero()[0]] == [[2], [3], [4], [5]]
    assert [np.flatnonzero(same[query]).tolist() for query in known.nonzero()[0]] == [[1], [2], [3], [4]]


def test_an_arc_never_leads_to_the_present_token() -> None:
    follows, _ = repeated_arcs(6, 1, first=0, shift=1)
    assert not follows.diagonal().any()


def test_mass_is_a_mean_over_the_queries_asked_for() -> None:
    queries = np.arange(LENGTH) >= LENGTH - 2
    expected = np.mean([1 / (LENGTH - 1), 1 / LENGTH])
    assert mass_on(even(), np.eye(LENGTH, dtype=bool), queries) == pytest.approx(expected)


def test_rows_of_a_rollout_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    attention = np.tril(rng.random((5, LENGTH, LENGTH)))
    attention /= attention.sum(-1, keepdims=True)
    flow = mixed_with_itself(attention, residual=0.3)
    np.testing.assert_allclose(rolled_out(flow).sum(-1), 1, atol=1e-14)


def test_identity_attention_rolls_out_to_the_identity() -> None:
    flow = mixed_with_itself(np.stack([np.eye(LENGTH)] * 4))
    np.testing.assert_array_equal(rolled_out(flow), np.stack([np.eye(LENGTH)] * 4))


def test_a_rollout_is_the_product_of_its_layers() -> None:
    flow = mixed_with_itself(np.stack([even(), looking(1), looking(2)]))
    np.testing.assert_allclose(rolled_out(flow)[2], flow[2] @ flow[1] @ flow[0], atol=1e-15)


def test_a_sink_outside_the_prompt_leaves_rows_of_one() -> None:
    np.testing.assert_allclose(mixed_with_itself(0.4 * even()).sum(-1), 1, atol=1e-15)
