"""Intervals hold what they claim: closed forms, and the truth as often as they say."""

import numpy as np
import pytest
import scipy.stats

from neuronscope.maths.resampling import bootstrap_interval, mean_interval, wilson_interval
from neuronscope.words import BadInput


def test_wilson_is_the_root_of_its_own_equation() -> None:
    n, right, z = 40, 13, 1.959963984540054
    for end in wilson_interval(right, n):
        assert abs(right / n - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n), rel=1e-12)


def test_wilson_of_all_and_none_touches_the_end_and_mirrors() -> None:
    low, high = wilson_interval([0, 20, 7, 13], 20)
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert low[1] == pytest.approx(20 / (20 + 1.959963984540054**2), rel=1e-12)
    np.testing.assert_allclose(low, 1 - high[[1, 0, 3, 2]], atol=1e-12)


def test_no_prompt_tells_nothing() -> None:
    low, high = wilson_interval(0, 0)
    assert (float(low), float(high)) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_wilson_covers_the_truth_as_often_as_it_says(share: float) -> None:
    right = np.random.default_rng(1).binomial(60, share, size=20_000)
    low, high = wilson_interval(right, 60)
    # By the exact distribution Wilson's coverage at n=60 swings between 0.92 and 0.98 with the share.
    assert 0.92 < np.mean((low <= share) & (share <= high)) < 0.98


def test_the_bootstrap_of_a_mean_has_its_textbook_width() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, size=400)
    low, high = bootstrap_interval(values, n_resamples=4000)
    half = 1.959963984540054 * values.std() / np.sqrt(len(values))
    assert float(low) == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert float(high) == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_the_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(400):
        low, high = bootstrap_interval(rng.normal(size=60), n_resamples=300, seed=trial)
        covered += low <= 0 <= high
    # 400 trials of 0.95 (a little less for 60 values) fall outside 0.91 to 0.98 once in a thousand times.
    assert 0.91 < covered / 400 < 0.98


def test_numbers_of_one_prompt_stay_together() -> None:
    rows = np.stack([np.arange(30.0), np.arange(30.0) + 5], axis=1)
    low, high = bootstrap_interval(rows, statistic=lambda drawn: (drawn[:, 1] - drawn[:, 0]).mean())
    assert float(low) == float(high) == 5.0


def test_equal_seeds_give_equal_intervals_and_agreement_gives_no_width() -> None:
    values = np.random.default_rng(2).normal(size=20)
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)
    assert bootstrap_interval(np.full(5, 0.25)) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: wilson_interval(3, 2), "counted from 0 to the number of prompts"),
        (lambda: wilson_interval(-1, 2), "counted from 0 to the number of prompts"),
        (lambda: wilson_interval(1, 2, confidence=95), "confidence=95 is no share"),
        (lambda: bootstrap_interval([]), "needs at least one prompt"),
        (lambda: bootstrap_interval([1.0], confidence=0.0), "confidence=0.0 is no share"),
    ],
)
def test_what_is_no_sample_is_refused(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(BadInput, match=words):
        call()


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=(25, 3))
    ours = mean_interval(values, n_resamples=2000, seed=4)
    for column in range(3):
        theirs = scipy.stats.bootstrap(
            (values[:, column],), np.mean, n_resamples=2000, method="BCa", rng=np.random.default_rng(4)
        ).confidence_interval
        np.testing.assert_allclose([ours.low[column], ours.high[column]], [*theirs], rtol=1e-9)


def test_the_interval_of_a_mean_covers_as_often_as_it_says() -> None:
    values = np.random.default_rng(1).normal(2, 1, (40, 1500))
    found = mean_interval(values, n_resamples=500)
    assert abs(((found.low <= 2) & (found.high >= 2)).mean() - 0.95) < 0.025


def test_the_mean_of_one_prompt_has_no_interval_and_equal_prompts_a_point() -> None:
    one = mean_interval([[3.0, 4.0]])
    assert one.estimate.tolist() == [3.0, 4.0]
    assert np.isnan(one.low).all()
    assert np.isnan(one.high).all()
    same = mean_interval(np.full((5, 2), 0.1))
    assert (same.low == same.estimate).all()
    assert (same.high == same.estimate).all()


def test_prompts_along_another_axis_give_the_same_interval() -> None:
    values = np.random.default_rng(2).normal(size=(4, 9, 3))
    along, first = mean_interval(values, axis=1), mean_interval(values.transpose(1, 0, 2))
    for one, other in zip(along, first, strict=True):
        np.testing.assert_array_equal(one, other)
    assert along.low.shape == (4, 3)


def test_a_value_that_is_missing_is_not_passed_over_in_silence() -> None:
    found = mean_interval([[np.nan, 1.0], [1.0, 2.0], [3.0, 4.0]])
    assert np.isnan([found.estimate[0], found.low[0], found.high[0]]).all()
    assert found.low[1] < found.estimate[1] < found.high[1]
