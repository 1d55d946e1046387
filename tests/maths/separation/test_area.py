"""The area under the curve is a count of pairs, and its interval covers what chance would give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from neuronscope.maths.separation import auroc, auroc_interval
from neuronscope.words import BadInput

SCORES = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)


@given(SCORES)
def test_the_area_is_the_share_of_pairs_in_which_the_one_with_the_label_scores_above(
    rows: list[tuple[int, bool]],
) -> None:
    score, label = np.array([one for one, _ in rows], dtype=float), np.array([has for _, has in rows])
    with_, without = score[label], score[~label]
    pairs = [(one > other) + 0.5 * (one == other) for one in with_ for other in without]
    if pairs:
        assert auroc(score, label) == pytest.approx(np.mean(pairs))
        assert auroc(score, label) == pytest.approx(roc_auc_score(label, score))
        assert auroc(-score, label) == pytest.approx(1 - auroc(score, label))
    else:
        assert np.isnan(auroc(score, label))


def test_several_scores_and_labels_at_once_give_what_each_gives() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(4, 30)), rng.random((4, 30)) < 0.4
    each = [auroc(score, label) for score, label in zip(scores, labels, strict=True)]
    np.testing.assert_allclose(auroc(scores, labels), each)
    np.testing.assert_allclose(auroc(scores[0], labels)[1], auroc(scores[0], labels[1]))


def test_only_the_order_counts() -> None:
    rng = np.random.default_rng(1)
    score, label = rng.normal(size=50), rng.random(50) < 0.5
    assert auroc_interval(np.exp(score), label) == auroc_interval(score, label)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, truth = np.random.default_rng(2), 0.9213504  # Φ(2 / √2)
    label = np.arange(60) < 25
    ends = [auroc_interval(rng.normal(size=60) + 2 * label, label) for _ in range(1000)]
    assert 0.93 <= np.mean([one.low <= truth <= one.high for one in ends]) <= 0.98


def test_a_perfect_separation_leaves_some_doubt() -> None:
    found = auroc_interval(np.arange(10.0), np.arange(10) >= 5)
    assert found.estimate == found.high == 1
    assert 0.4 < found.low < 0.7


def test_scores_that_were_cross_fitted_have_the_wider_interval() -> None:
    rng = np.random.default_rng(3)
    score, label = rng.normal(size=80), np.arange(80) < 40
    one, other = (auroc_interval(score, label, cross_fitted=crossed) for crossed in (False, True))
    assert one.estimate == other.estimate
    assert (other.high - other.low) / (one.high - one.low) == pytest.approx(np.sqrt(2), rel=0.05)


def test_within_strata_what_the_strata_tell_is_gone() -> None:
    rng = np.random.default_rng(4)
    length = rng.integers(0, 5, size=1000)
    label = rng.random(1000) < 0.1 + 0.2 * length
    score = length + 0.01 * rng.normal(size=1000)  # a score that knows the length and nothing else
    assert auroc(score, label) > 0.7
    within = auroc_interval(score, label, strata=length)
    assert within.low < 0.5 < within.high
    assert within.high - within.low < 0.15


def test_one_stratum_is_none() -> None:
    rng = np.random.default_rng(5)
    score, label = rng.normal(size=40), np.arange(40) < 11
    assert auroc_interval(score, label, strata=np.ones(40)) == auroc_interval(score, label)


def test_strata_with_one_kind_alone_say_nothing() -> None:
    label = np.array([True, True, False, False])
    assert np.isnan(auroc_interval(np.arange(4.0), label, strata=label)).all()


def test_one_score_is_compared_at_a_time() -> None:
    with pytest.raises(BadInput, match="One score is compared at a time, a number for each of the 3 labels"):
        auroc_interval(np.ones((2, 3)), [True, False, True])
