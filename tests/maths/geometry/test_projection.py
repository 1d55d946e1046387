"""Pictures of few dimensions, held to numpy's singular values and to scikit-learn."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.manifold import TSNE

from neuronscope.maths.geometry.projection import principal_components, shuffled, trustworthiness, tsne, umap
from neuronscope.words import BadInput


@pytest.mark.parametrize("shape", [(40, 12), (12, 40), (300, 260)])  # the last is not solved in full
def test_principal_components_are_the_singular_vectors_of_numpy(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).standard_normal(shape) * np.linspace(1, 4, shape[1])
    found = principal_components(rows, 3)
    left, size, right = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    np.testing.assert_allclose(found.explained, (size**2 / (size**2).sum())[:3], rtol=1e-8)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(left * size)[:, :3], atol=1e-6)
    np.testing.assert_allclose(np.abs(found.directions), np.abs(right[:3]), atol=1e-6)


@pytest.mark.parametrize("shape", [(30, 8), (260, 300)])
def test_the_order_of_the_items_changes_no_coordinate(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    rows, order = rng.standard_normal(shape), rng.permutation(shape[0])
    np.testing.assert_allclose(
        principal_components(rows, 2).coordinates[order],
        principal_components(rows[order], 2).coordinates,
        atol=1e-6,
    )


def test_equal_rows_lie_in_one_place() -> None:
    found = principal_components(np.ones((5, 4)), 2)
    assert not found.coordinates.any()
    assert not found.explained.any()


def test_shuffled_features_keep_their_values_and_lose_their_ties() -> None:
    one = np.random.default_rng(2).standard_normal(500)
    rows = np.stack([one, one], axis=1)
    mixed = shuffled(rows, np.random.default_rng(3))
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(rows, axis=0))
    assert abs(np.corrcoef(mixed.T)[0, 1]) < 0.15


def test_t_sne_is_that_of_scikit_learn() -> None:
    points = np.random.default_rng(4).standard_normal((30, 5))
    theirs = TSNE(2, perplexity=5, init="pca", random_state=3).fit_transform(points)
    np.testing.assert_array_equal(tsne(points, 2, neighbours=5, seed=3), theirs)


def test_a_true_picture_is_trusted_and_a_random_one_is_not() -> None:
    rng = np.random.default_rng(5)
    flat = rng.standard_normal((200, 2))
    points = flat @ rng.standard_normal((2, 9))
    assert trustworthiness(points, principal_components(points, 2).coordinates) > 0.999
    assert abs(trustworthiness(points, rng.permutation(flat)) - 0.5) < 0.05
    assert np.isnan(trustworthiness(points[:2], flat[:2]))


def test_umap_is_refused_in_words_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(BadInput, match="needs the package umap-learn"):
        umap(np.eye(9), 2, neighbours=3)


def test_umap_is_asked_with_seed_and_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class Stand:
        def __init__(self, **options: Any) -> None:
            asked.update(options)

        def fit_transform(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, : asked["n_components"]]

    package = ModuleType("umap")
    monkeypatch.setattr(package, "UMAP", Stand, raising=False)
    monkeypatch.setitem(sys.modules, "umap", package)
    np.testing.assert_array_equal(umap(np.eye(9), 2, neighbours=3, seed=4), np.eye(9)[:, :2])
    assert asked == {"n_components": 2, "n_neighbors": 3, "random_state": 4}


def test_too_many_neighbours_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="neighbours=5 is too many for 12 points: give 4 or less"):
        tsne(np.eye(12), 2, neighbours=5)
