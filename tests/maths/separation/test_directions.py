"""A direction that was planted is found; where nothing is, held-out prompts say so."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kstest, ortho_group
from sklearn.linear_model import LogisticRegression

from neuronscope.maths.separation import auroc, auroc_interval
from neuronscope.maths.separation.directions import (
    cross_fitted,
    dealt,
    direction_of,
    middle_of,
    scores_along,
    shuffled_labels,
)
from neuronscope.maths.significance import rank_p
from neuronscope.words import BadInput

METHODS = ("mean_difference", "shrunken_lda", "logistic")


def planted(n: int, width: int, size: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that part along a direction, with their labels and the direction."""
    rng = np.random.default_rng(seed)
    way = rng.normal(size=width)
    way /= np.linalg.norm(way)
    label = rng.random(n) < 0.4
    return rng.normal(size=(n, width)) + size * np.outer(label, way) + 5, label, way


@pytest.mark.parametrize("method", METHODS)
def test_a_planted_direction_is_found_with_its_sign(method: str) -> None:
    rows, label, way = planted(4000, 30, 3.0)
    found = direction_of(rows, label, method)
    assert np.linalg.norm(found[0]) == pytest.approx(1)
    assert found[0] @ way > 0.99
    assert direction_of(rows, ~label, method)[0] @ way < -0.99


@pytest.mark.parametrize("method", METHODS)
def test_a_rotation_of_the_rows_rotates_the_direction(method: str) -> None:
    rows, label, _ = planted(60, 12, 1.0)
    turn = ortho_group.rvs(12, random_state=0)
    one, other = direction_of(rows, label, method), direction_of(7 * rows @ turn - 3, label, method)
    np.testing.assert_allclose(other, one @ turn, atol=1e-5)


def test_lda_finds_the_better_direction_where_the_spread_is_uneven() -> None:
    rng = np.random.default_rng(1)
    spread, way = np.geomspace(30, 0.3, 20), np.full(20, 0.5)
    label = np.arange(3000) % 2 == 0
    rows = rng.normal(size=(3000, 20)) * spread + np.outer(label, way)
    best = way / spread**2
    lda, plain = (direction_of(rows, label, method)[0] for method in ("shrunken_lda", "mean_difference"))
    assert lda @ best / np.linalg.norm(best) > 0.9 > plain @ best / np.linalg.norm(best)
    folds = dealt(label, 5)
    areas = [auroc(cross_fitted(rows, label, folds, method).score[0], label) for method in METHODS[:2]]
    assert areas[1] > areas[0] + 0.1


def test_lda_is_the_mean_difference_over_the_spread_within_the_groups_with_a_ridge() -> None:
    rows, label, _ = planted(50, 8, 1.0, seed=2)
    rows = rows * np.geomspace(5, 0.5, 8)
    found = direction_of(rows, label, "shrunken_lda")[0]
    within = np.concatenate([rows[kind] - rows[kind].mean(0) for kind in (label, ~label)])
    within = within.T @ within / len(rows)
    difference = rows[label].mean(0) - rows[~label].mean(0)
    # For the right ridge within @ found + ridge * found points along the difference.
    turned, flat = within @ found, difference / np.linalg.norm(difference)
    off = np.stack([found - (found @ flat) * flat, turned - (turned @ flat) * flat])
    ridge = -(off[0] @ off[1]) / (off[0] @ off[0])
    assert ridge > 0
    np.testing.assert_allclose(ridge * off[0] + off[1], 0, atol=1e-10)


def test_logistic_is_the_ridge_regression_that_scikit_learn_fits() -> None:
    rows, label, _ = planted(80, 10, 1.0, seed=3)
    ridge = np.square(rows - rows.mean(0)).sum() / len(rows)
    theirs = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=1000).fit(rows, label).coef_[0]
    ours = direction_of(rows, label, "logistic")[0]
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_many_labellings_at_once_give_what_each_gives(method: str) -> None:
    rows, label, _ = planted(40, 60, 1.0, seed=4)
    labels = np.concatenate([label[None], shuffled_labels(label, np.zeros(40), 3)])
    folds = dealt(label, 4)
    labels[1:] = shuffled_labels(label, folds, 3)
    whole = cross_fitted(rows, labels, folds, method)
    for number, one in enumerate(labels):
        np.testing.assert_allclose(
            whole.score[number], cross_fitted(rows, one, folds, method).score[0], atol=1e-4
        )


def test_what_is_seen_through_some_directions_is_put_together_from_them() -> None:
    rows, label, way = planted(500, 20, 3.0, seed=5)
    through = np.random.default_rng(6).normal(size=(4, 20))
    found = direction_of(rows, label, "logistic", through=through)[0]
    assert np.linalg.lstsq(through.T, found, rcond=None)[1] < 1e-20
    weights = direction_of(rows @ through.T, label, "logistic")[0] @ through
    np.testing.assert_allclose(found, weights / np.linalg.norm(weights))
    assert direction_of(rows, label, "logistic", through=[way])[0] @ way == pytest.approx(1)


def test_groups_that_do_not_differ_have_no_direction() -> None:
    assert not direction_of(np.ones((6, 3)), np.arange(6) < 2, "shrunken_lda").any()
    found = cross_fitted(np.ones((6, 3)), np.arange(6) < 2, dealt(np.arange(6) < 2, 2), "mean_difference")
    assert not found.score.any()
    assert np.isnan(found.agreement).all()


def test_the_middle_of_the_two_means_scores_nothing() -> None:
    rows, label, _ = planted(30, 5, 1.0, seed=7)
    direction, middle = direction_of(rows, label, "mean_difference"), middle_of(rows, label)
    np.testing.assert_allclose(middle[0], (rows[label].mean(0) + rows[~label].mean(0)) / 2)
    np.testing.assert_allclose(scores_along(middle, direction, middle), 0, atol=1e-12)


def test_the_agreement_of_folds_is_the_mean_cosine_of_two_of_their_directions() -> None:
    rows, label, _ = planted(60, 9, 1.0, seed=8)
    folds = dealt(label, 4)
    found = [direction_of(rows[folds != one], label[folds != one], "logistic")[0] for one in range(4)]
    cosines = [one @ other for one, other in combinations(found, 2)]
    assert cross_fitted(rows, label, folds, "logistic").agreement[0] == pytest.approx(np.mean(cosines))


def test_a_prompt_has_no_part_in_the_direction_that_scores_it() -> None:
    rows, label, _ = planted(60, 9, 1.0, seed=9)
    folds = dealt(label, 4)
    before = cross_fitted(rows, label, folds, "mean_difference").score[0]
    out = folds == 1
    flipped = np.where(out, np.roll(label, 1), label)
    same_counts = label[out].sum() == flipped[out].sum()
    after = cross_fitted(rows, flipped, folds, "mean_difference").score[0]
    np.testing.assert_allclose(after[out], before[out])
    assert same_counts or not np.allclose(after[~out], before[~out])


@pytest.mark.parametrize("method", METHODS[:2])
def test_the_interval_of_pure_noise_covers_one_half(method: str) -> None:
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows, label = rng.normal(size=(60, 40)), rng.permutation(60) < 25
        score = cross_fitted(rows, label, dealt(label, 5, seed=seed), method).score[0]
        found = auroc_interval(score, label, cross_fitted=True)
        covered.append(found.low <= 0.5 <= found.high)
    assert 0.90 <= np.mean(covered) <= 0.99


def test_in_sample_pure_noise_looks_perfect_and_held_out_it_does_not() -> None:
    rng = np.random.default_rng(10)
    rows, label = rng.normal(size=(60, 768)), np.arange(60) % 2 == 0
    own = scores_along(rows, direction_of(rows, label, "mean_difference"), middle_of(rows, label))
    assert auroc(own[0], label) == 1
    assert (
        abs(auroc(cross_fitted(rows, label, dealt(label, 5), "mean_difference").score[0], label) - 0.5) < 0.2
    )


@pytest.mark.parametrize("method", METHODS)
def test_p_is_uniform_where_the_labels_mean_nothing(method: str) -> None:
    p = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        rows, label = rng.normal(size=(30, 12)), rng.permutation(30) < 12
        folds = dealt(label, 3, seed=seed)
        labels = np.concatenate([label[None], shuffled_labels(label, folds, 49, seed=seed)])
        areas = auroc(cross_fitted(rows, labels, folds, method).score, labels)
        p.append(rank_p(areas[0], areas[1:], tail="above"))
    assert kstest(p, "uniform").pvalue > 0.05
    assert np.mean(np.array(p) <= 0.1) <= 0.16


def test_every_fold_holds_its_share_of_either_kind_and_groups_stay_together() -> None:
    label = np.arange(50) < 20
    folds = dealt(label, 5)
    assert [int(label[folds == fold].sum()) for fold in range(5)] == [4] * 5
    groups = np.arange(50) % 10
    apart = dealt(label, 5, groups=groups)
    assert all(len(set(apart[groups == group])) == 1 for group in range(10))


def test_shuffled_labels_keep_their_number_within_each_part() -> None:
    label, parts = np.arange(30) < 11, np.arange(30) % 4
    found = shuffled_labels(label, parts, 20)
    for part in range(4):
        assert (found[:, parts == part].sum(1) == label[parts == part].sum()).all()
    assert len({row.tobytes() for row in found}) > 15


def test_too_few_of_a_kind_are_refused_with_their_counts() -> None:
    with pytest.raises(
        BadInput, match="17 prompts have the label and 3 have not, but 5 folds need 5 of each"
    ):
        dealt(np.arange(20) < 17, 5)
    with pytest.raises(BadInput, match="2 groups cannot be dealt to 5 folds"):
        dealt(np.arange(20) < 10, 5, groups=np.arange(20) % 2)
    with pytest.raises(BadInput, match="4 of 4 prompts have the label"):
        direction_of(np.ones((4, 2)), np.ones(4, dtype=bool), "logistic")
    with pytest.raises(BadInput, match=r"3 labels need as many rows, not the shape \[4, 2\]"):
        direction_of(np.ones((4, 2)), [True, False, True], "logistic")
    with pytest.raises(BadInput, match="method is 'lda', but must be one of mean_difference"):
        direction_of(np.eye(4), np.arange(4) < 2, "lda")  # type: ignore[arg-type]
