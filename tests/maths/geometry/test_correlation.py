"""Correlations of many series, held to numpy, planted copies and chance."""

import numpy as np
import pytest

from neuronscope.maths.geometry import correlation
from neuronscope.maths.geometry.correlation import (
    correlation_interval,
    shifted_correlations,
    strongest_pairs,
    unit_rows,
)


def test_the_strongest_pairs_block_by_block_are_those_of_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(correlation, "BLOCK", 7)
    values = np.random.default_rng(0).standard_normal((30, 50))
    found = strongest_pairs(unit_rows(values), 12, [20])
    whole = np.triu(np.corrcoef(values), 1)
    best = np.sort(np.abs(whole[np.triu_indices(30, 1)]))[::-1][:12]
    np.testing.assert_allclose(np.abs(found.correlation), best)
    np.testing.assert_allclose(whole[found.first, found.second], found.correlation)


def test_planted_copies_are_the_strongest_pairs_and_no_chance() -> None:
    values = np.random.default_rng(1).standard_normal((40, 80))
    values[31], values[5] = 3 * values[4] + 1, -values[20]
    found = strongest_pairs(unit_rows(values), 3, [17, 33])
    assert {(4, 31), (5, 20)} == set(zip(found.first[:2].tolist(), found.second[:2].tolist(), strict=True))
    np.testing.assert_allclose(sorted(found.correlation[:2]), [-1, 1])
    np.testing.assert_allclose(found.p[:2], 1 / (1 + 2 * 40 * 39 / 2))
    assert (found.q[:2] <= 780 / 2 / (1 + 1560)).all()  # two are found where half of one was expected


def test_a_series_that_never_varies_correlates_with_nothing() -> None:
    values = np.random.default_rng(2).standard_normal((4, 30))
    values[2] = 0.1
    found = strongest_pairs(unit_rows(values), 6, [])
    assert (found.correlation[(found.first == 2) | (found.second == 2)] == 0).all()
    assert np.isnan(found.p).all()


def test_every_shift_is_the_correlation_with_the_series_turned() -> None:
    rows = unit_rows(np.random.default_rng(3).standard_normal((5, 16)))
    found = shifted_correlations(rows[0], rows[1:])
    for shift in (0, 1, 5):
        np.testing.assert_allclose(found[shift], rows[1:] @ np.roll(rows[0], -shift), atol=1e-12)


def test_p_of_independent_series_with_a_memory_is_uniform() -> None:
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((400, 128))
    smooth = sum(np.roll(noise, lag, axis=1) * 0.8**lag for lag in range(12))  # neighbours are alike
    rows = unit_rows(smooth)
    p = []
    for number in range(0, 400, 2):
        shifted = np.abs(shifted_correlations(rows[number], rows[number + 1 : number + 2]))
        p.append((shifted >= shifted[0] - 1e-9).mean())
    # The standard error of each share is 0.035 at most over 200 pairs.
    for level in (0.1, 0.3, 0.5, 0.8):
        assert abs(np.mean(np.array(p) <= level) - level) < 0.11


def test_noise_gives_no_discovery() -> None:
    rng = np.random.default_rng(5)
    least = [
        strongest_pairs(unit_rows(rng.standard_normal((60, 64))), 20, [20, 40]).q.min() for _ in range(20)
    ]
    assert np.mean(np.array(least) < 0.05) <= 0.15


def test_an_interval_over_passages_holds_the_correlation_and_is_wide_where_one_passage_makes_it() -> None:
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(20), 10)
    even = rng.standard_normal((2, 200))
    even[1] += even[0]
    one = rng.standard_normal((2, 200))
    one[:, groups == 3] += 12
    low, high = correlation_interval(np.stack([even[0], one[0]]), np.stack([even[1], one[1]]), groups)
    true = np.array([np.corrcoef(even)[0, 1], np.corrcoef(one)[0, 1]])
    assert (low < true).all()
    assert (true < high).all()
    assert high[0] - low[0] < 0.25
    assert high[1] - low[1] > 0.6
