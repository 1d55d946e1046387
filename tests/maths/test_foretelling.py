"""Foretelling an outcome, held to one that was planted, and to chance."""

import numpy as np
import pytest

from neuronscope.maths.foretelling import Foretold, auroc_p, foretold, within_folds
from neuronscope.maths.separation import auroc
from neuronscope.maths.separation.directions import dealt, shuffled_labels


def learnt(rows: np.ndarray, has: np.ndarray, new: np.ndarray, *, n: int = 39, seed: int = 0) -> Foretold:
    folds = dealt(has, 4, seed=seed)
    return foretold(rows, has, new, folds=folds, dealt_anew=shuffled_labels(has, folds, n, seed=seed))


def test_a_planted_outcome_is_foretold_and_its_item_weighs_most() -> None:
    rng = np.random.default_rng(0)
    rows, new = rng.normal(size=(120, 6)), rng.normal(size=(80, 6))
    rows[:, 4] *= 1000  # an item of large numbers weighs no more for that
    found = learnt(rows, rows[:, 2] > 0, new)
    assert int(np.abs(found.weight).argmax()) == 2
    assert float(auroc(found.score, new[:, 2] > 0)) > 0.95
    assert found.held_out.low > 0.85
    assert found.p == 1 / 40


def test_noise_foretells_nothing_and_its_p_is_even() -> None:
    rng = np.random.default_rng(1)
    p, told = [], []
    for seed in range(60):
        rows, has = rng.normal(size=(32, 3)), rng.permutation(32) < 16
        found = learnt(rows, has, rows, n=19, seed=seed)
        p.append(found.p)
        told.append(found.held_out.estimate)
    assert 0.4 < np.mean(p) < 0.62
    assert np.mean(np.array(p) <= 0.1) < 0.2
    assert abs(np.mean(told) - 0.5) < 0.05


def test_an_item_that_never_varies_counts_for_nothing() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(40, 2))
    has = rows[:, 0] > 0
    bare, more = (
        learnt(given, has, given) for given in (rows, np.concatenate([rows, np.full((40, 1), 7.0)], 1))
    )
    np.testing.assert_allclose(more.score, bare.score)
    assert more.weight[2] == 0
    still = learnt(np.ones((40, 1)), has, np.ones((40, 1)))
    assert still.held_out.estimate == 0.5
    assert still.p == 1


def test_prompts_are_compared_within_their_fold_alone() -> None:
    score = np.array([[0.1, 0.2, 10.1, 10.2]])
    has = np.array([[True, False, False, True]])
    assert within_folds(score, has, np.array([0, 0, 1, 1])).tolist() == [0.5]
    assert within_folds(np.add(score, [5, 5, -5, -5]), has, np.array([0, 0, 1, 1])).tolist() == [0.5]


def test_the_p_of_an_auroc_is_even_where_there_is_nothing_to_tell() -> None:
    rng = np.random.default_rng(3)
    p = [auroc_p(rng.normal(size=20), rng.permutation(20) < 8, n_null=99, seed=seed) for seed in range(150)]
    assert 0.42 < np.mean(p) < 0.58
    assert np.mean(np.array(p) <= 0.05) < 0.1
    assert auroc_p(np.arange(20), np.arange(20) > 11, n_null=99) == pytest.approx(0.01)
    assert np.isnan(auroc_p(np.arange(4), np.ones(4), n_null=99))
