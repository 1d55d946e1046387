"""Moments of parts together are those of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronscope.maths.streaming_moments import central_sums, merged_sums, ratio_error, shapes, unit_error


def sums(values: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """Return the central sums of numbers [value item] by way of power sums about a shift."""
    gap = values - shift
    return central_sums(len(values), [(gap**power).sum(0) for power in (1, 2, 3, 4)], np.array(shift))


def exact(values: np.ndarray) -> list[np.ndarray]:
    gap = values - values.mean(0)
    return [values.mean(0), *((gap**power).sum(0) for power in (2, 3, 4))]


@given(st.integers(0, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_three_parts_merge_in_any_order_to_the_whole(a: int, b: int, c: int, seed: int) -> None:
    values = np.random.default_rng(seed).gamma(0.5, 3.0, (a + b + c, 2)) + 5
    parts = [values[:a], values[a : a + b], values[a + b :]]
    for order in ((0, 1, 2), (2, 0, 1)):
        n, found = 0, np.zeros((4, 2))
        for place in order:
            found = merged_sums(
                n, found, len(parts[place]), sums(parts[place], 5.5) if len(parts[place]) else found
            )
            n += len(parts[place])
        for one, two in zip(found, exact(values), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-8)


def test_moments_far_from_zero_keep_nine_digits_through_many_merges() -> None:
    values = np.random.default_rng(1).standard_normal((20_000, 3)) * 1e-2 + 100
    n, found = 0, np.zeros((4, 3))
    for part in np.array_split(values, 97):
        found = merged_sums(n, found, len(part), sums(part, float(part[0, 0])))
        n += len(part)
    mean, variance, skewness, kurtosis = shapes(n, found)
    standard = (values - values.mean(0)) / values.std(0)
    np.testing.assert_allclose(mean, values.mean(0), rtol=1e-12)
    np.testing.assert_allclose(variance, values.var(0), rtol=1e-9)
    np.testing.assert_allclose(skewness, (standard**3).mean(0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(kurtosis, (standard**4).mean(0), rtol=1e-9)


def test_values_that_are_all_the_same_have_no_shape() -> None:
    mean, variance, skewness, kurtosis = shapes(4, sums(np.full((4, 1), 3.0)))
    assert mean[0] == 3
    assert variance[0] == 0
    assert np.isnan(skewness[0])
    assert np.isnan(kurtosis[0])


def test_the_error_of_a_mean_over_units_is_the_spread_of_their_means_where_units_are_alike() -> None:
    values = np.random.default_rng(2).standard_normal((50, 8))
    totals = values.sum(1)
    found = ratio_error(50, values.size, totals.sum(), (totals**2).sum(), (totals * 8).sum(), 50 * 64)
    assert found == pytest.approx(values.mean(1).std(ddof=1) / np.sqrt(50))
    left = ((totals - values.mean() * 8) ** 2).sum()
    assert unit_error(50, values.size, left) == pytest.approx(float(found))


def test_one_unit_has_no_error() -> None:
    assert np.isnan(ratio_error(1, 4, 2.0, 4.0, 8.0, 16.0))


def test_intervals_from_the_error_hold_the_mean_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 12, 80)
    held = 0
    for _ in range(400):
        totals = np.array([(rng.standard_normal() + rng.standard_normal(n)).sum() for n in sizes])
        n = sizes.sum()
        error = ratio_error(80, n, totals.sum(), (totals**2).sum(), (totals * sizes).sum(), (sizes**2).sum())
        held += abs(totals.sum() / n) < 1.99 * error
    assert 0.91 < held / 400 < 0.985
