"""Composition is the ratio of norms, and random heads have none beyond chance."""

import numpy as np
import pytest
from scipy.stats import kstest, ortho_group, skew

from neuronscope.maths.composition import composition, debiased, random_square, reading, writing

WIDTH, RANK = 24, 5


def random_map(rng: np.random.Generator, *, n: int = 1) -> tuple[np.ndarray, np.ndarray]:
    first = rng.standard_normal((n, WIDTH, RANK))
    return first, rng.standard_normal((n, RANK, WIDTH)) * np.geomspace(0.1, 3, RANK)[:, None]


def test_the_factors_give_the_ratio_of_the_whole_matrices() -> None:
    rng = np.random.default_rng(0)
    (a, b), (c, d) = random_map(rng), random_map(rng)
    whole = np.linalg.norm(a @ b @ c @ d) / np.linalg.norm(a @ b) / np.linalg.norm(c @ d)
    assert composition(writing(a, b), reading(c, d))[0] == pytest.approx(whole, rel=1e-12)


def test_a_reader_of_what_is_written_composes_and_one_of_nothing_written_does_not() -> None:
    basis = np.eye(WIDTH)
    out, there, elsewhere = basis[:2], basis[:, :2], basis[:, 5:7]
    wrote = writing(basis[:, 8:10], out)
    assert composition(wrote, reading(there, out)) == pytest.approx(1 / np.sqrt(2))
    assert composition(wrote, reading(elsewhere, out)) == 0


def test_a_head_of_zeros_has_no_composition() -> None:
    rng = np.random.default_rng(0)
    a, b = random_map(rng)
    assert np.isnan(composition(writing(0 * a, b), reading(a, b))).all()


def test_the_moments_of_a_random_turn_are_the_ones_stated() -> None:
    rng = np.random.default_rng(1)
    (a, b), (c, d) = random_map(rng), random_map(rng)
    wrote, read = writing(a, b)[0], reading(c, d)[0]
    mean, variance, skewness = random_square(wrote, read, WIDTH)
    turns = ortho_group.rvs(WIDTH, size=4000, random_state=2)
    squares = composition(wrote, turns @ read) ** 2
    assert squares.mean() == pytest.approx(mean, abs=4 * squares.std() / np.sqrt(len(squares)))
    assert squares.var() == pytest.approx(float(variance), rel=0.1)
    assert skew(squares) == pytest.approx(float(skewness), rel=0.15)


@pytest.mark.parametrize("spread", [1.0, 0.2, 0.02])
def test_small_p_are_as_seldom_as_they_say(spread: float) -> None:
    rng = np.random.default_rng(5)
    scale = np.geomspace(spread, 1, RANK)[:, None]
    first, second = rng.standard_normal((2, WIDTH, RANK)), rng.standard_normal((2, RANK, WIDTH)) * scale
    wrote, read = writing(first[0], second[0]), reading(first[1], second[1])
    turns, _ = np.linalg.qr(rng.standard_normal((40_000, WIDTH, RANK)))
    found = composition(wrote, turns @ np.linalg.qr(read)[1])  # a reader of that spectrum, anyhow turned
    p = debiased(found, random_square(wrote, read, WIDTH))[2]
    for level in (0.05, 0.01, 0.002):
        error = 3 * np.sqrt(level / len(p))
        assert (p < level).mean() == pytest.approx(level, abs=0.15 * level + error)


def test_random_heads_are_debiased_to_nought_and_their_p_is_uniform() -> None:
    rng = np.random.default_rng(3)
    wrote, read = writing(*random_map(rng, n=400)), reading(*random_map(rng, n=400))
    found = composition(wrote, read)
    pairs = [debiased(one, random_square(w, r, WIDTH)) for one, w, r in zip(found, wrote, read, strict=True)]
    excess, _, p = np.array(pairs).T
    assert abs(excess.mean()) < 3 * excess.std() / np.sqrt(len(excess))
    assert kstest(p, "uniform").pvalue > 0.01


def test_variances_of_all_pairs_are_those_of_each_pair() -> None:
    rng = np.random.default_rng(4)
    wrote, read = writing(*random_map(rng, n=2)), reading(*random_map(rng, n=3))
    together = random_square(wrote, read, WIDTH).variance
    assert together.shape == (2, 3)
    assert together[1, 2] == pytest.approx(float(random_square(wrote[1], read[2], WIDTH).variance))
