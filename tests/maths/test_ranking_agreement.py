"""Agreement of rankings, held to counts by hand and to what chance gives."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from neuronscope.maths.ranking_agreement import (
    kendall,
    mean_height,
    overlap_null,
    sign_agreement,
    top_overlap,
)
from neuronscope.words import BadInput

WAYS = np.array([[3.0, -2.0, 1.0, 0.0], [1.0, 2.0, -3.0, 0.5], [-3.0, 2.0, -1.0, 0.0]])


def test_tau_counts_concordant_less_discordant_pairs() -> None:
    assert kendall([[1, 2, 3], [1, 3, 2]])[0, 1] == pytest.approx(1 / 3)
    found = kendall(WAYS)
    np.testing.assert_allclose(np.diag(found), 1)
    assert found[0, 2] == pytest.approx(-1)
    assert found[0, 1] == found[1, 0] == pytest.approx(kendalltau(WAYS[0], WAYS[1])[0])


def test_the_largest_are_those_of_the_largest_size() -> None:
    found = top_overlap(WAYS, 2)
    np.testing.assert_allclose(np.diag(found), 1)
    assert found[0, 1] == 0.5  # 0 and 1 against 1 and 2
    assert found[0, 2] == 1


def test_signs_are_compared_over_what_either_has_among_its_largest() -> None:
    found = sign_agreement(WAYS, 2)
    np.testing.assert_allclose(np.diag(found), 1)
    assert found[0, 2] == 0
    assert found[0, 1] == pytest.approx(1 / 3)  # of 0, 1 and 2 only 0 agrees


def test_chance_overlaps_as_the_hypergeometric_says() -> None:
    null = overlap_null(50, 10, n_prompts=4, n_resamples=20_000)
    assert null.mean() == pytest.approx(0.2, abs=0.005)
    variance = 10 * 0.2 * 0.8 * 40 / 49 / 100 / 4
    assert null.var() == pytest.approx(variance, rel=0.05)


def test_random_rankings_overlap_as_often_as_the_null_says() -> None:
    rng = np.random.default_rng(0)
    seen = [top_overlap(rng.standard_normal((2, 50)), 10)[0, 1] for _ in range(2000)]
    assert np.mean(seen) == pytest.approx(0.2, abs=0.01)


def test_the_mean_height_of_a_straight_line_is_its_middle() -> None:
    assert mean_height([[1.0, 0.5, 0.0], [2.0, 2.0, 2.0]], [0.0, 0.5, 1.0]).tolist() == [0.5, 2.0]


def test_too_few_things_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="The 5 largest of 4"):
        top_overlap(WAYS, 5)
    with pytest.raises(BadInput, match="rows of two scores or more"):
        kendall([1.0, 2.0])
