"""Rows that go with their own condition are told from rows that do not."""

import numpy as np
from scipy.stats import kstest

from neuronscope.maths.matching import matched, permuted_means
from neuronscope.maths.significance import benjamini_hochberg


def test_a_diagonal_above_the_rest_is_found() -> None:
    values = np.eye(12)[:, :, None] + np.zeros(3)
    found = matched(values)
    np.testing.assert_array_equal(found.own, np.ones((12, 3)))
    np.testing.assert_array_equal(found.null, np.zeros(3))
    assert (found.p < 0.001).all()


def test_one_entry_among_many_stands_the_correction_for_all() -> None:
    values = np.random.default_rng(0).standard_normal((12, 12, 400))
    values[..., 7] = np.eye(12)
    p = benjamini_hochberg(matched(values).p)
    assert p[7] < 0.05
    assert (np.delete(p, 7) > 0.05).all()


def test_conditions_that_are_alike_do_not_enter_the_null() -> None:
    values = np.kron(np.eye(4), np.ones((3, 3)))
    same = values.astype(bool)
    assert matched(values, alike=same).null == 0
    assert matched(values).null > 0


def test_equal_values_are_no_evidence() -> None:
    assert matched(np.full((8, 8), 0.3)).p == 1


def test_the_mean_of_a_matching_takes_every_row_and_every_condition_once() -> None:
    values = np.arange(6.0)[:, None] + np.zeros((6, 6))
    np.testing.assert_allclose(permuted_means(values, n_resamples=5), 2.5)


def test_p_is_uniform_where_conditions_say_nothing() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((10, 1, 400)) + rng.random((1, 10, 400)) + rng.standard_normal((10, 10, 400))
    assert kstest(matched(values, n_resamples=499).p, "uniform").pvalue > 0.01
