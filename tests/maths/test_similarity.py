"""Similarities, held to copies that are turned, to pairs with nothing in common, and to closed forms."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from neuronscope.maths.similarity import (
    cca,
    cka,
    cka_interval,
    correlations,
    gram,
    procrustes,
    unit_matching,
)
from neuronscope.words import BadInput

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(80, 12)) * np.linspace(0.5, 3, 12)
HALVES = slice(0, 40), slice(40, 80)


def halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values[HALVES[0]], values[HALVES[1]]


def turned(values: np.ndarray, seed: int = 1) -> np.ndarray:
    turn = ortho_group.rvs(values.shape[1], random_state=np.random.default_rng(seed))
    return 2.5 * values @ turn + 7


def test_a_turned_scaled_and_shifted_copy_is_the_same() -> None:
    assert cka(gram(ROWS), gram(turned(ROWS))) == pytest.approx(1, abs=1e-12)
    assert procrustes(halves(ROWS), halves(turned(ROWS))) == pytest.approx(1, abs=1e-12)
    assert cca(halves(ROWS), halves(turned(ROWS)), n_components=12) == pytest.approx(1, abs=1e-9)


def test_cka_is_the_ratio_of_its_sums_over_distinct_items() -> None:
    first, second = ROWS[:7], np.random.default_rng(2).normal(size=(7, 4))
    centred = (values - values.mean(0) for values in (first, second))
    one, two = (values @ values.T for values in centred)
    n = len(first)

    def hsic(a: np.ndarray, b: np.ndarray) -> float:
        total = 0.0
        for i in range(n):
            for j in range(n):
                for q in range(n):
                    for r in range(n):
                        if len({i, j, q, r}) == 4:
                            total += a[i, j] * (b[i, j] + b[q, r] - 2 * b[i, q])
        return total

    assert cka(gram(first), gram(second)) == pytest.approx(
        hsic(one, two) / np.sqrt(hsic(one, one) * hsic(two, two)), rel=1e-10
    )


def test_wide_representations_with_nothing_in_common_have_no_similarity() -> None:
    rng = np.random.default_rng(3)
    found = [cka(gram(rng.normal(size=(40, 200))), gram(rng.normal(size=(40, 200)))) for _ in range(60)]
    assert abs(np.mean(found)) < 0.02
    one, two = (values @ values.T for values in rng.normal(size=(2, 40, 200)))
    plain = np.vdot(one, two) / np.sqrt(np.vdot(one, one) * np.vdot(two, two))
    assert plain > 0.5
    pairs = [(rng.normal(size=(80, 30)), rng.normal(size=(80, 30))) for _ in range(20)]
    assert abs(np.mean([cca(halves(a), halves(b)) for a, b in pairs])) < 0.05
    assert np.mean([procrustes(halves(a), halves(b)) for a, b in pairs]) < 0.05


def test_the_interval_holds_the_similarity_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    mix = rng.normal(size=(6, 5))

    def draw(n_groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        groups = np.repeat(np.arange(n_groups), 4)
        first = rng.normal(size=(n_groups, 6))[groups] + rng.normal(size=(len(groups), 6))
        return first, first @ mix + 2 * rng.normal(size=(len(groups), 5)), groups

    first, second, _ = draw(1000)
    truth = cka(gram(first), gram(second))
    held = 0
    for _ in range(120):
        first, second, groups = draw(20)
        found = cka_interval(gram(first), gram(second), groups)
        held += found.low <= truth <= found.high
    assert 0.88 <= held / 120 <= 1.0


def test_the_interval_is_that_of_leaving_out_each_group() -> None:
    groups = np.repeat(np.arange(10), 8)
    other = RNG.normal(size=(80, 5)) + ROWS[:, :5]
    without = [cka(gram(ROWS[groups != g]), gram(other[groups != g])) for g in range(10)]
    error = np.sqrt(9 / 10 * np.sum((without - np.mean(without)) ** 2))
    found = cka_interval(gram(ROWS), gram(other), groups)
    assert found.estimate == pytest.approx(cka(gram(ROWS), gram(other)))
    assert found.high - found.estimate == pytest.approx(1.96 * error)
    assert found.estimate - found.low == pytest.approx(1.96 * error)


def test_a_shuffled_copy_is_matched_unit_by_unit() -> None:
    order = np.random.default_rng(5).permutation(12)
    noisy = ROWS[:, order] + 0.1 * RNG.normal(size=ROWS.shape)
    found = unit_matching(halves(ROWS), halves(noisy))
    assert (order[found.match] == np.arange(12)).all()
    assert found.correlation.min() > 0.9
    other = unit_matching(halves(RNG.normal(size=(80, 12))), halves(RNG.normal(size=(80, 12))))
    assert abs(np.mean(other.correlation)) < 0.15


def test_units_without_a_partner_stay_alone() -> None:
    found = unit_matching(halves(ROWS), halves(ROWS[:, :9]))
    assert (found.match[:9] == np.arange(9)).all()
    assert (found.match[9:] == -1).all()
    assert np.isnan(found.correlation[9:]).all()


def test_the_order_of_items_changes_nothing() -> None:
    order = np.random.default_rng(6).permutation(80)
    other = RNG.normal(size=(80, 5)) + ROWS[:, :5]
    assert cka(gram(ROWS[order]), gram(other[order])) == pytest.approx(cka(gram(ROWS), gram(other)))


def test_correlations_are_those_of_numpy_and_constant_units_have_none() -> None:
    other = RNG.normal(size=(80, 3))
    np.testing.assert_allclose(correlations(ROWS, other), np.corrcoef(ROWS.T, other.T)[:12, 12:])
    assert np.isnan(correlations(np.ones((80, 1)), other)).all()


def test_what_cannot_be_compared_is_refused_or_missing() -> None:
    with pytest.raises(BadInput, match="4 or more items"):
        cka(gram(ROWS[:3]), gram(ROWS[:3]))
    with pytest.raises(BadInput, match="the same for every item"):
        cca(halves(np.ones((80, 3))), halves(ROWS))
    assert np.isnan(cka(gram(np.ones((8, 2))), gram(ROWS[:8])))
    assert np.isnan(procrustes(halves(np.ones((80, 2))), halves(ROWS)))
