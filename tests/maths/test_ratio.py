"""Ratios of sums over prompts, held to closed forms and to how often their intervals hold the truth."""

from typing import Any

import numpy as np
import pytest

from neuronscope.maths.ratio import ratio_interval
from neuronscope.maths.resampling import mean_interval
from neuronscope.words import BadInput


def test_wholes_of_one_give_the_mean_and_its_interval() -> None:
    values = np.random.default_rng(1).exponential(size=(12, 3, 2))
    found, mean = ratio_interval(values, np.ones(12)), mean_interval(values)
    np.testing.assert_allclose(found.estimate, mean.estimate, rtol=1e-12)
    np.testing.assert_allclose(found.low, mean.low, rtol=1e-2)
    np.testing.assert_allclose(found.high, mean.high, rtol=1e-2)


def test_the_same_share_of_every_prompt_is_certain() -> None:
    whole = np.array([0.5, 2.0, 9.0, -1.0])
    for share in (0.0, 1.0, 0.25):
        found = ratio_interval(share * whole, whole)
        assert (found.estimate, found.low, found.high) == (share, share, share)


def test_a_prompt_whose_whole_is_nothing_does_no_harm() -> None:
    found = ratio_interval([1.0, 1e-12, 3.0, 2.0], [2.0, 0.0, 6.0, 4.0])
    assert found.estimate == pytest.approx(0.5)
    assert np.isfinite([found.low, found.high]).all()


def test_units_cancel() -> None:
    rng = np.random.default_rng(2)
    part, whole = rng.normal(1, 1, size=20), rng.normal(4, 1, size=20)
    np.testing.assert_allclose(ratio_interval(8 * part, 8 * whole), ratio_interval(part, whole), rtol=1e-12)


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(3), 0
    for trial in range(400):
        whole = rng.normal(3, 1, size=40)
        part = 0.4 * whole + rng.normal(0, 0.5, size=40)
        found = ratio_interval(part, whole, n_resamples=400, seed=trial)
        held += bool(found.low <= 0.4 <= found.high)
    assert 0.91 <= held / 400 <= 0.98


def test_one_prompt_says_nothing_of_others() -> None:
    found = ratio_interval([[1.0, 2.0]], [4.0])
    np.testing.assert_array_equal(found.estimate, [0.25, 0.5])
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], []), "needs parts and a whole of each prompt"),
        (([1.0, 2.0], [1.0]), "needs parts and a whole of each prompt"),
        (([1.0, 2.0], [1.0, -1.0]), "The wholes sum to 0"),
    ],
)
def test_what_has_no_ratio_is_refused_in_words(arguments: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ratio_interval(*arguments)
