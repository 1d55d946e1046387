"""Quadrature, held to integrals that are known."""

import numpy as np
import pytest

from neuronscope.maths.quadrature import nodes
from neuronscope.words import BadInput


@pytest.mark.parametrize("rule", ["midpoint", "gauss_legendre", "right"])
@pytest.mark.parametrize("n_steps", [1, 2, 7, 32])
def test_weights_sum_to_one_and_points_lie_in_the_range(rule: str, n_steps: int) -> None:
    points, weights = nodes(rule, n_steps)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert ((points >= 0) & (points <= 1)).all()
    assert (np.diff(points) > 0).all()


def test_the_midpoint_rule_is_exact_for_a_straight_line() -> None:
    points, weights = nodes("midpoint", 3)
    assert weights @ (2 * points + 1) == pytest.approx(2, abs=1e-14)


def test_gauss_legendre_is_exact_up_to_twice_its_points() -> None:
    points, weights = nodes("gauss_legendre", 4)
    assert weights @ points**7 == pytest.approx(1 / 8, abs=1e-14)
    assert abs(weights @ points**8 - 1 / 9) > 1e-8


def test_errors_fall_with_the_order_of_the_rule() -> None:
    def error(rule: str, n_steps: int) -> float:
        points, weights = nodes(rule, n_steps)
        return abs(float(weights @ np.exp(points)) - (np.e - 1))

    assert error("right", 8) / error("right", 16) == pytest.approx(2, rel=0.05)
    assert error("midpoint", 8) / error("midpoint", 16) == pytest.approx(4, rel=0.05)
    assert error("midpoint", 8) < error("right", 8) / 4


def test_no_steps_and_no_rule_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="0 steps measure nothing"):
        nodes("midpoint", 0)
    with pytest.raises(BadInput, match="no quadrature rule 'simpson'"):
        nodes("simpson", 3)
