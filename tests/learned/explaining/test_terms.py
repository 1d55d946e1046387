"""Explanations that need no model, and their score, held to planted neurons."""

import numpy as np
import pytest
from scipy.stats import kstest, pearsonr

from neuronscope.learned.explaining.protocols import Excerpt, Explanation, Term
from neuronscope.learned.explaining.scoring import pooled_correlation, scored
from neuronscope.learned.explaining.terms import PhraseRule, TermSimulator, TokenTable
from neuronscope.words import BadInput

WORDS = [f" {letter}" for letter in "abcdefghij"]


def texts(n: int, *, seed: int, length: int = 24) -> list[tuple[str, ...]]:
    return [tuple(row) for row in np.random.default_rng(seed).choice(WORDS, size=(n, length)).tolist()]


def indicator(tokens: tuple[str, ...]) -> Excerpt:
    return Excerpt(tokens, np.array([3.0 * (token in (" b", " e")) for token in tokens]))


def after(tokens: tuple[str, ...]) -> Excerpt:
    pairs = zip(("", *tokens), tokens, strict=False)
    return Excerpt(tokens, np.array([2.0 * (pair == (" a", " b")) for pair in pairs]))


def test_a_token_table_explains_the_indicator_of_a_token_set_entirely() -> None:
    table = TokenTable()
    explanation = table.explain([indicator(tokens) for tokens in texts(8, seed=0)])
    held_out = [indicator(tokens) for tokens in texts(6, seed=1)]
    simulated = [table.simulate(explanation, one.tokens) for one in held_out]
    found = scored(simulated, [one.activations for one in held_out], n_resamples=200)
    assert found.estimate == pytest.approx(1.0, abs=1e-12)
    assert found.low == pytest.approx(1.0, abs=1e-12)
    assert found.p == pytest.approx(1 / 201)
    assert explanation.text.startswith("Most active on ' b' (3), ' e' (3)")


def test_a_rule_finds_the_phrase_that_a_token_table_cannot_tell() -> None:
    rule, table = PhraseRule(), TokenTable()
    examples, held_out = ([after(tokens) for tokens in texts(30, seed=seed)] for seed in (2, 3))
    explanation = rule.explain(examples)
    assert explanation.terms[0] == Term((" a", " b"), 2.0)
    assert "Active at the end of (?: a b" in explanation.text
    actual = [one.activations for one in held_out]
    by_rule = pooled_correlation([rule.simulate(explanation, one.tokens) for one in held_out], actual)
    by_table = pooled_correlation(
        [table.simulate(table.explain(examples), one.tokens) for one in held_out], actual
    )
    assert by_rule > 0.99
    assert by_table < 0.5


def test_later_terms_go_before_earlier_ones_and_the_rest_is_otherwise() -> None:
    said = Explanation("", (Term((" a",), 1.0), Term((" b", " a"), 5.0)), otherwise=0.25)
    found = TermSimulator().simulate(said, (" a", " b", " a", " c"))
    np.testing.assert_array_equal(found, [1, 0.25, 5, 0.25])


def test_a_token_that_was_not_seen_gets_the_mean() -> None:
    explanation = TokenTable().explain([Excerpt((" a", " b"), np.array([1.0, 0.0]))])
    np.testing.assert_allclose(TokenTable().simulate(explanation, (" z",)), [0.5])


def test_the_score_is_the_correlation_over_all_tokens_and_no_calibration_moves_it() -> None:
    rng = np.random.default_rng(4)
    simulated = [rng.normal(size=n) for n in (5, 9, 7)]
    actual = [one + rng.normal(size=len(one)) for one in simulated]
    plain = pooled_correlation(simulated, actual)
    truth, _ = pearsonr(np.concatenate(simulated), np.concatenate(actual))
    assert plain == pytest.approx(truth)
    calibrated = [0.3 * one + 100 for one in simulated]
    assert pooled_correlation(calibrated, actual) == pytest.approx(plain, abs=1e-9)
    before, now = scored(simulated, actual), scored(calibrated, actual)
    np.testing.assert_allclose(before, now, atol=1e-9)


def test_on_shuffled_activations_the_interval_covers_zero() -> None:
    rng = np.random.default_rng(5)
    table, rows = TokenTable(), texts(40, seed=6)
    shuffled = [Excerpt(tokens, rng.exponential(size=len(tokens))) for tokens in rows]
    explanation = table.explain(shuffled[:20])
    simulated = [table.simulate(explanation, one.tokens) for one in shuffled[20:]]
    found = scored(simulated, [one.activations for one in shuffled[20:]])
    assert found.low < 0 < found.high
    assert found.p > 0.05


def test_the_p_of_simulations_that_know_nothing_is_uniform() -> None:
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(300):
        # Neighbours are alike, as activations are, so that tokens do not count as independent.
        simulated, actual = ([np.repeat(rng.normal(size=4), 5) for _ in range(8)] for _ in range(2))
        drawn.append(scored(simulated, actual, n_resamples=99).p)
    assert kstest(drawn, "uniform").pvalue > 0.01


def test_a_constant_neuron_or_simulation_has_no_score() -> None:
    constant, course = [np.full(4, 2.0)], [np.arange(4.0)]
    assert np.isnan(pooled_correlation(constant, course))
    assert np.isnan(scored(course, constant)).all()


def test_what_cannot_be_explained_or_scored_is_refused_in_words() -> None:
    for explainer in (TokenTable(), PhraseRule()):
        with pytest.raises(BadInput, match="needs examples"):
            explainer.explain([])
    with pytest.raises(BadInput, match="a simulated activation for each token"):
        pooled_correlation([np.zeros(2)], [np.zeros(3)])
