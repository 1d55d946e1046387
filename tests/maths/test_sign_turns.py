"""The law of a sum under all turns of sign, from its moments."""

import numpy as np
import pytest

from neuronscope.maths.sign_turns import turned_sum_p
from neuronscope.maths.significance import sign_flip_p

DRAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(2, size=shape),
    "mostly zero": lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.1),
    "one size": lambda rng, shape: np.ones(shape),
}


def p_of(values: np.ndarray) -> np.ndarray:
    return turned_sum_p(values.sum(0), np.abs(values).sum(0), (values**2).sum(0))


@pytest.mark.parametrize("law", DRAWS)
@pytest.mark.parametrize("n_prompts", [12, 30, 300])
def test_small_p_are_no_commoner_than_chance_where_signs_are_chance(law: str, n_prompts: int) -> None:
    rng = np.random.default_rng(n_prompts)
    size = (n_prompts, 20_000)
    p = p_of(DRAWS[law](rng, size) * rng.choice([-1.0, 1.0], size=size))
    for level in (0.001, 0.01, 0.05, 0.2):
        assert (p <= level).mean() <= 1.25 * level + 0.001
    if law == "normal":
        assert (p <= 0.05).mean() > 0.035


def test_it_agrees_with_turning_signs_in_truth() -> None:
    values = np.random.default_rng(1).normal(0.15, 1, size=(60, 40))
    turned = sign_flip_p(values, n_resamples=20_000)
    np.testing.assert_allclose(p_of(values), turned, atol=0.012)


def test_a_lone_value_is_no_evidence_and_nothing_at_all_is_none() -> None:
    values = np.zeros((50, 2))
    values[7, 0] = 3.0
    assert p_of(values).tolist() == [1.0, 1.0]
    assert np.isnan(turned_sum_p(np.nan, 1.0, 1.0))


def test_the_unit_of_the_effects_is_of_no_matter() -> None:
    values = np.random.default_rng(2).normal(0.3, 1, size=(40, 9))
    np.testing.assert_allclose(p_of(values * 1e-3), p_of(values), rtol=1e-9)
