"""P-values of means are spread evenly where there is nothing but chance."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm

from neuronscope.maths.chance_of_means import effective_size, mean_chance, unit_correlation, value_chance
from neuronscope.maths.log_bins import counts_of


def moments(values: np.ndarray) -> tuple[float, float, float]:
    standard = (values - values.mean()) / values.std()
    return float(values.mean()), float(values.var()), float((standard**3).mean())


def gelu(values: np.ndarray) -> np.ndarray:
    return values * norm.cdf(values)


@pytest.mark.parametrize(
    ("draw", "size"),
    [
        (lambda rng, n: rng.standard_normal(n), 7),
        (lambda rng, n: rng.exponential(1.0, n), 5),
        (lambda rng, n: np.where(rng.random(n) < 0.1, rng.exponential(1.0, n), 0.0), 60),
    ],
)
def test_p_is_uniform_for_means_of_random_values(draw, size: int) -> None:
    rng = np.random.default_rng(0)
    corpus = draw(rng, 200_000)
    means = draw(rng, size * 1500).reshape(1500, size).mean(1)
    p = mean_chance(means, size, *moments(corpus))
    assert kstest(p, "uniform").pvalue > 0.01


def test_a_sparse_neuron_is_called_active_by_chance_no_more_often_than_said() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random((4000, 10)) < 0.02, rng.exponential(1.0, (4000, 10)), 0.0)
    p = mean_chance(values.mean(1), 10, *moments(values))
    assert (p < 0.05).mean() < 0.07
    assert (p < 0.01).mean() < 0.02


@pytest.mark.parametrize("size", [2, 4, 10])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, shape: rng.lognormal(0, 1, shape),
        lambda rng, shape: gelu(rng.normal(-1, 1, shape)),
    ],
)
def test_means_beyond_the_end_of_a_gamma_distribution_do_not_surprise(draw, sign: int, size: int) -> None:
    rng = np.random.default_rng(4)
    corpus = sign * draw(rng, 200_000)
    p = mean_chance(
        sign * draw(rng, (4000, size)).mean(1), size, *moments(corpus), low=corpus.min(), high=corpus.max()
    )
    assert 0.01 < (p < 0.05).mean() < 0.05
    assert (p < 0.01).mean() < 0.01
    assert p.min() > 0


def test_p_is_uniform_for_single_values_of_a_histogram() -> None:
    rng = np.random.default_rng(2)
    corpus = rng.gamma(0.7, 2.0, 100_000).astype(np.float32)
    counts = counts_of(torch.from_numpy(corpus)[None])[0]
    p = value_chance(rng.gamma(0.7, 2.0, 1500), counts, corpus.min(), corpus.max())
    assert kstest(p, "uniform").pvalue > 0.01


def test_p_is_uniform_for_values_that_come_in_units_that_agree_among_themselves() -> None:
    rng = np.random.default_rng(3)

    def units(n: int, size: int) -> np.ndarray:
        return 0.7 * rng.standard_normal((n, 1)) + rng.standard_normal((n, size))

    corpus = units(20_000, 16)
    error = corpus.mean(1).std(ddof=1) / np.sqrt(len(corpus))
    correlation = unit_correlation(error, corpus.var(), corpus.size, len(corpus))
    assert correlation == pytest.approx(0.49 / 1.49, abs=0.02)
    means = units(1500 * 3, 4).reshape(1500, -1).mean(1)  # twelve values in three units
    p = mean_chance(means, effective_size(12, 3, correlation), *moments(corpus))
    assert kstest(p, "uniform").pvalue > 0.01
    naive = mean_chance(means, 12, *moments(corpus))
    assert kstest(naive, "uniform").pvalue < 1e-6  # what ignoring the units would do


def test_what_does_not_vary_is_never_surprising() -> None:
    assert mean_chance(3.0, 5, 3.0, 0.0, np.nan) == 1


def test_the_far_tail_keeps_its_order() -> None:
    p = mean_chance(np.array([5.0, 10.0, 20.0]), 50, 0.0, 1.0, 2.0)
    assert (np.diff(p) <= 0).all()
    assert p[0] < 1e-12
