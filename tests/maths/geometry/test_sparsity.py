"""Measures of sparsity, held to closed forms, scipy and planted classes."""

import numpy as np
import pytest
from scipy.stats import kurtosis

from neuronscope.maths.geometry.sparsity import (
    class_selectivity,
    excess_kurtosis,
    gini,
    hoyer,
    label_entropy,
    needed_share,
    participation,
)


@pytest.mark.parametrize("measure", [hoyer, gini, participation, needed_share, excess_kurtosis])
def test_a_factor_and_another_order_change_no_measure(measure) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 50))
    np.testing.assert_allclose(measure(5 * values), measure(values))
    np.testing.assert_allclose(measure(rng.permuted(values, axis=1).T, axis=0).sum(), measure(values).sum())


def test_k_equal_values_among_zeros_have_their_closed_forms() -> None:
    values = np.zeros(16)
    values[:4] = -3
    assert participation(values) == pytest.approx(4 / 16)
    assert gini(values) == pytest.approx(1 - 4 / 16)
    assert hoyer(values) == pytest.approx((4 - 2) / (4 - 1))


def test_the_share_of_examples_that_hold_most_energy_is_counted_from_the_largest() -> None:
    values = np.array([[3.0, -1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_allclose(needed_share(values), [1 / 5, 1])
    np.testing.assert_allclose(needed_share(values, share=0.91), [2 / 5, 1])
    np.testing.assert_allclose(needed_share(values.T, share=0.6, axis=0), [1 / 5, 3 / 5])


def test_kurtosis_is_that_of_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=(4, 200))
    np.testing.assert_allclose(excess_kurtosis(values), kurtosis(values, axis=1))


def test_a_neuron_that_is_always_silent_has_no_sparsity() -> None:
    for measure in (hoyer, gini, participation, needed_share, excess_kurtosis):
        assert np.isnan(measure(np.zeros(5)))


def test_a_neuron_of_one_class_is_selective_and_one_of_all_is_not() -> None:
    classes = np.repeat([0, 3, 4], [5, 7, 9])
    one, all_alike = (classes == 3) * 2.0, np.ones(21)
    half = np.where(classes == 4, 3.0, 1.0)
    found, best = class_selectivity([one, all_alike, half, -one], classes)
    np.testing.assert_allclose(found, [1, 0, 0.5, np.nan])
    assert best[[0, 2]].tolist() == [3, 4]


def test_entropy_counts_labels_in_bits() -> None:
    np.testing.assert_allclose(label_entropy([[0, 1, 2, 3], [5, 5, 5, 5], [1, 1, 2, 2]]), [2, 0, 1])
