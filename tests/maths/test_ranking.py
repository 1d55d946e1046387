"""Ranks by several criteria: their mean, its chance, and how far the criteria agree."""

import numpy as np
import pytest
from scipy.stats import kstest, rankdata

from neuronscope.maths.ranking import ResampledSums, mean_rank_p, mean_ranks, ranks, spearman
from neuronscope.words import BadInput


def test_the_largest_comes_first_and_equals_share_their_place() -> None:
    np.testing.assert_array_equal(ranks([[1.0, 5.0, 3.0], [2.0, 2.0, 0.0]]), [[3, 1, 2], [1.5, 1.5, 3]])


def test_what_leads_under_every_criterion_has_mean_rank_one() -> None:
    values = np.random.default_rng(0).random((3, 50))
    values[:, 7] = 2.0
    assert mean_ranks(values)[7] == 1
    assert (np.delete(mean_ranks(values), 7) > 1).all()


def test_a_rising_transform_of_one_criterion_changes_no_mean_rank() -> None:
    values = np.random.default_rng(1).random((3, 4, 30))
    changed = np.stack([values[0], np.exp(40 * values[1]) - 3, values[2]])
    np.testing.assert_array_equal(mean_ranks(values), mean_ranks(changed))


def test_the_chance_of_a_mean_rank_is_the_count_of_all_ways() -> None:
    n_items = 6
    places = np.stack(np.meshgrid(*[np.arange(1, n_items + 1)] * 3)).reshape(3, -1).mean(0)
    for mean_rank in (1.0, 4 / 3, 2.0, 11 / 3, 6.0):
        share = (places <= mean_rank + 1e-9).mean()
        assert float(mean_rank_p(mean_rank, 3, n_items)) == pytest.approx(share, abs=1e-12)


def test_the_p_of_criteria_without_a_link_is_uniform() -> None:
    rng = np.random.default_rng(2)
    drawn = [mean_rank_p(mean_ranks(rng.random((3, 400))), 3, 400)[0] for _ in range(600)]
    assert kstest(drawn, "uniform").pvalue > 0.01


def test_agreement_of_orders_is_the_correlation_of_places() -> None:
    values = np.random.default_rng(3).normal(size=(3, 2, 40))
    found = spearman(values)
    for layer in range(2):
        np.testing.assert_allclose(found[layer], np.corrcoef(rankdata(values[:, layer], axis=-1)), atol=1e-12)


def test_a_criterion_that_tells_nothing_apart_has_no_agreement() -> None:
    found = spearman([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
    assert np.isnan(found[0]).all()
    assert found[1, 1] == pytest.approx(1)


def test_sums_over_resamples_do_not_depend_on_the_batches() -> None:
    values = np.random.default_rng(4).normal(size=(12, 3, 5))
    whole, parts = (ResampledSums(12, n_resamples=20, seed=1) for _ in range(2))
    whole.add("x", values)
    for start in (0, 5, 6):
        parts.add("x", values[start : {0: 5, 5: 6, 6: 12}[start]])
    np.testing.assert_allclose(whole.sums["x"], parts.sums["x"], atol=1e-12)
    np.testing.assert_allclose(whole.sums["x"][0], values.sum(0), atol=1e-12)


def test_means_over_resamples_spread_like_the_standard_error() -> None:
    values = np.random.default_rng(5).normal(size=(200, 40))
    drawn = ResampledSums(200, n_resamples=400)
    drawn.add("x", values)
    spread = (drawn.sums["x"][1:] / 200).std(0)
    np.testing.assert_allclose(spread.mean(), (values.std(0) / np.sqrt(200)).mean(), rtol=0.05)


def test_what_has_no_rank_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="at least one criterion"):
        mean_ranks([1.0, 2.0])
    with pytest.raises(BadInput, match="0 criteria over 5 things"):
        mean_rank_p(1.0, 0, 5)
    drawn = ResampledSums(2, n_resamples=3)
    with pytest.raises(BadInput, match="more prompts than the 2"):
        drawn.add("x", np.ones((3, 1)))
