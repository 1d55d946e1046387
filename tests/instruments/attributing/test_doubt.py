"""Doubt about means, held to chance: p-values are even where there is nothing."""

import numpy as np
from scipy.stats import kstest

from neuronscope.instruments.attributing.doubt import doubted


def test_p_values_are_even_where_there_is_nothing() -> None:
    noise = np.random.default_rng(0).standard_normal((24, 3, 100))
    found = doubted(noise)
    assert kstest(found.raw_p.ravel(), "uniform").pvalue > 0.01
    assert (found.p < 0.05).sum() == 0
    covered = (found.low <= 0) & (found.high >= 0)
    assert 0.89 < covered.mean() < 0.98


def test_what_is_there_is_found_among_much_that_is_not() -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal((24, 200))
    values[:, :20] += 2
    found = doubted(values)
    assert (found.p[:20] < 0.05).mean() > 0.9
    assert (found.p[20:] < 0.05).mean() < 0.05
    assert (np.abs(found.size[:20] - 2) < 1).all()
    assert (found.p >= found.raw_p).all()


def test_one_prompt_says_nothing_of_others() -> None:
    found = doubted(np.ones((1, 4)))
    assert found.mean.tolist() == [1, 1, 1, 1]
    for part in (found.low, found.high, found.p, found.raw_p, found.size):
        assert np.isnan(part).all()


def test_the_companions_of_a_variable_are_named_after_it() -> None:
    found = doubted(np.arange(12.0).reshape(4, 3)).variables("score", "rank", at=[2, 0], units="nats")
    assert list(found) == [
        "score", "score_low", "score_high", "score_p", "score_raw_p", "score_effect_size",
    ]  # fmt: skip
    assert found["score"][1].tolist() == [6.5, 4.5]
    assert found["score_low"][2]["units"] == "nats"
