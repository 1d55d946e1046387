"""Calibration: closed forms, and a perfectly calibrated model is not called miscalibrated."""

import numpy as np
import pytest

from neuronscope.maths.calibration import (
    calibration_null,
    expected_calibration_error,
    p_value,
    reliability,
)
from neuronscope.words import BadInput


def test_the_error_is_the_weighted_gap_of_the_bins() -> None:
    stated = [0.95] * 4 + [0.15] * 6
    right = [True, True, True, False] + [False] * 6
    found = reliability(stated, right)
    assert found.n.tolist() == [0, 6, 0, 0, 0, 0, 0, 0, 0, 4]
    assert found.n_right.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert found.error == pytest.approx(0.4 * 0.20 + 0.6 * 0.15, abs=1e-12)
    assert np.isnan(found.share_right[0])


def test_the_ends_of_the_scale_have_a_bin() -> None:
    assert reliability([0.0, 1.0], [False, True], n_bins=4).n.tolist() == [1, 0, 0, 1]
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0.0
    assert expected_calibration_error([0.0, 1.0], [True, False]) == 1.0


def test_the_order_of_the_answers_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    stated, right, order = rng.random(200), rng.random(200) < 0.4, rng.permutation(200)
    assert expected_calibration_error(stated, right) == pytest.approx(
        expected_calibration_error(stated[order], right[order]), abs=1e-12
    )


def test_one_bin_compares_the_two_means() -> None:
    rng = np.random.default_rng(1)
    stated, right = rng.random(50), rng.random(50) < 0.7
    assert expected_calibration_error(stated, right, n_bins=1) == pytest.approx(
        abs(stated.mean() - right.mean()), abs=1e-12
    )


def test_p_values_of_a_calibrated_model_are_uniform() -> None:
    rng = np.random.default_rng(2)
    stated = rng.random(150)
    null = calibration_null(stated, n_draws=400)
    found = [p_value(expected_calibration_error(stated, rng.random(150) < stated), null) for _ in range(300)]
    # The greatest distance from uniform of 300 values exceeds 0.11 once in a thousand times.
    assert np.abs(np.sort(found) - np.arange(1, 301) / 300).max() < 0.11
    assert 0.01 < np.mean(np.array(found) < 0.05) < 0.10


def test_an_overconfident_model_is_found_out() -> None:
    rng = np.random.default_rng(3)
    stated = rng.uniform(0.8, 1.0, size=150)
    observed = expected_calibration_error(stated, rng.random(150) < 0.6)
    assert p_value(observed, calibration_null(stated, n_draws=400)) < 0.01


@pytest.mark.parametrize(
    ("stated", "right", "words"),
    [
        ([], [], "needs one confidence and one verdict"),
        ([0.5], [True, False], "needs one confidence and one verdict"),
        ([1.5], [True], "a probability from 0 to 1"),
        ([-3.0], [True], "a probability from 0 to 1"),
        ([float("nan")], [True], "a probability from 0 to 1"),
    ],
)
def test_what_is_no_confidence_is_refused(stated: list[float], right: list[bool], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        reliability(stated, right)
