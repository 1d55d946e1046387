"""Clusters, held to planted groups, to chance, and to scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from neuronscope.maths.geometry.clustering import (
    agreement,
    clusters,
    distance_to_middle,
    most_central,
    scan,
    silhouette_of,
    split_silhouettes,
    stability,
)
from neuronscope.words import BadInput

METHODS = ["kmeans", "hdbscan", "agglomerative"]


@pytest.fixture
def planted() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [30, 20, 12])
    return np.eye(3, 6)[truth] * 10 + rng.standard_normal((62, 6)) * 0.5, truth


@pytest.mark.parametrize("method", METHODS)
def test_planted_groups_are_found_and_numbered_by_size(planted: tuple, method: str) -> None:
    points, truth = planted
    np.testing.assert_array_equal(clusters(points, method, n_clusters=3), truth)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_points_changes_nothing(method: str) -> None:
    rng = np.random.default_rng(1)
    points = rng.standard_normal((80, 4))
    order = rng.permutation(80)
    np.testing.assert_array_equal(
        clusters(points, method, n_clusters=5)[order], clusters(points[order], method, n_clusters=5)
    )


def test_k_means_is_that_of_scikit_learn() -> None:
    points = np.random.default_rng(2).standard_normal((90, 3))
    points = points[np.lexsort(points.T[::-1])]
    theirs = KMeans(6, n_init=4, random_state=7).fit_predict(points)
    assert agreement(clusters(points, n_clusters=6, seed=7), theirs) == 1


def test_the_silhouette_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    points, labels = rng.standard_normal((50, 3)), rng.integers(0, 4, 50)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert silhouette_of(gaps, labels) == pytest.approx(silhouette_score(points, labels), abs=1e-12)


def test_points_in_no_cluster_have_no_silhouette() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1], [100.0]])
    gaps = np.abs(points - points.T)
    with_noise = silhouette_of(gaps, [0, 0, 1, 1, -1])
    assert with_noise == pytest.approx(silhouette_score(points[:4], [0, 0, 1, 1]), abs=1e-12)
    assert silhouette_of(gaps, [0, 0, 0, 0, -1]) == -1


def test_the_scan_finds_how_many_groups_were_planted(planted: tuple) -> None:
    found = scan(planted[0], range(2, 8), n_null=20)
    assert found.best == 3
    assert found.p == pytest.approx(1 / 21)
    assert found.silhouette[1] > found.null[1] + 0.3


def test_noise_has_no_cluster_better_than_chance() -> None:
    rng = np.random.default_rng(4)
    p = [scan(rng.standard_normal((30, 3)), [2, 3], n_null=9, seed=i).p for i in range(50)]
    # Uniform p-values in steps of 1/10 have the mean 0.55, here with a standard error of 0.04.
    assert abs(np.mean(p) - 0.55) < 0.12
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_small_sets_that_fall_in_two_have_a_silhouette_near_one() -> None:
    rng = np.random.default_rng(5)
    two = rng.standard_normal((4, 12, 5)) * 0.1 + np.where(np.arange(12) < 5, 0, 8)[None, :, None]
    one = rng.standard_normal((4, 12, 5))
    assert (split_silhouettes(two, 2) > 0.9).all()
    assert (split_silhouettes(one, 2) < 0.5).all()
    assert (split_silhouettes(two, 2) > split_silhouettes(two, 3)).all()


def test_a_set_of_equal_points_falls_into_nothing() -> None:
    np.testing.assert_array_equal(split_silhouettes(np.ones((2, 6, 3)), 3), 0)


def test_stability_is_one_for_the_same_and_like_chance_for_shuffled_labels(planted: tuple) -> None:
    rng = np.random.default_rng(6)
    _, truth = planted
    same = stability(truth, [truth, 5 - truth], rng, n_clusters=3)
    assert (same.mean, same.low, same.high) == (1, 1, 1)
    np.testing.assert_array_equal(same.recovery, 1)
    chance = stability(truth, [rng.permutation(truth) for _ in range(200)], rng, n_clusters=3)
    assert abs(chance.mean) < 0.02
    np.testing.assert_allclose(chance.recovery, chance.recovery_null, atol=0.03)


def test_a_cluster_of_which_nothing_was_looked_at_has_no_recovery() -> None:
    seen = np.array([0, 0, 1, 1])
    found = stability(seen, [seen], np.random.default_rng(0), n_clusters=4)
    assert found.mean == 1
    np.testing.assert_array_equal(found.recovery, [1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(np.isnan(found.recovery_null), [False, False, True, True])


def test_the_most_central_point_is_nearest_the_mean() -> None:
    points = np.array([[0.0], [1.0], [5.0], [9.0], [10.0]])
    labels = np.array([0, 0, 0, 1, -1])
    np.testing.assert_array_equal(most_central(points, labels, 2), [[1, 0], [3, -1]])
    np.testing.assert_allclose(distance_to_middle(points, labels), [2, 1, 3, 0, np.nan])


def test_more_clusters_than_points_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="There are 3 points, too few for 4 clusters"):
        clusters(np.eye(3), n_clusters=4)
