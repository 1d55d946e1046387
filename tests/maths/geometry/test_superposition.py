"""Shares of dimensions, held to figures whose shares are known."""

import numpy as np
import pytest

from neuronscope.maths.geometry import superposition
from neuronscope.maths.geometry.superposition import (
    feature_dimensionality,
    measures,
    overlaps,
    random_measures,
    spectrum_participation,
)


def polygon(n: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
FIGURES = {
    "orthonormal": (np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0], 1.0),
    "digon": (np.array([[1.0], [-1.0]]), 1 / 2),
    "triangle": (polygon(3), 2 / 3),
    "tetrahedron": (TETRAHEDRON, 3 / 4),
    "pentagon": (polygon(5), 2 / 5),
    "square antiprism": (
        np.concatenate([np.c_[polygon(4), np.ones(4) / 2**0.5],
                        np.c_[polygon(8)[1::2], -np.ones(4) / 2**0.5]]) / 1.5**0.5, 3 / 8),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_known_figures_have_their_known_shares(name: str) -> None:
    vectors, share = FIGURES[name]
    np.testing.assert_allclose(feature_dimensionality(vectors), share, atol=1e-12)
    np.testing.assert_allclose(feature_dimensionality(7 * vectors), share, atol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(9, 4), (30, 7)])
def test_a_tight_frame_of_unit_vectors_gives_each_m_of_n(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    rows = rng.standard_normal((n, m))
    for _ in range(3000):  # turns by turns equal lengths and an even spectrum
        rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows)).T
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(rows.T @ rows, np.eye(m) * n / m, atol=1e-6)
    np.testing.assert_allclose(feature_dimensionality(rows), m / n, atol=1e-6)


def test_the_shares_are_the_sum_over_pairs_that_defines_them_and_fill_no_more_than_the_rank() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((40, 8)) * rng.uniform(0.1, 3, (40, 1))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    by_pairs = (rows**2).sum(1) / ((unit @ rows.T) ** 2).sum(1)
    np.testing.assert_allclose(feature_dimensionality(rows), by_pairs, rtol=1e-12)
    assert feature_dimensionality(rows).sum() <= 8


def test_a_turn_of_all_directions_changes_no_measure() -> None:
    rng = np.random.default_rng(2)
    rows, turn = rng.standard_normal((12, 5)), np.linalg.qr(rng.standard_normal((5, 5)))[0]
    assert measures(rows @ turn) == pytest.approx(measures(rows), rel=1e-10)
    assert measures(rows[::-1]) == pytest.approx(measures(rows), rel=1e-10)


def test_a_vector_of_length_zero_counts_for_nothing() -> None:
    rows = np.concatenate([polygon(3), np.zeros((1, 2))])
    assert np.isnan(feature_dimensionality(rows)[3])
    assert measures(rows) == pytest.approx(measures(polygon(3)))


def test_overlaps_block_by_block_are_those_of_the_whole_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(3).standard_normal((23, 6))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosine = np.abs(unit @ unit.T) - np.eye(23)
    monkeypatch.setattr(superposition, "_HELD", 23 * 4)
    largest, square = overlaps(rows)
    np.testing.assert_allclose(largest, cosine.max(1), atol=1e-12)
    np.testing.assert_allclose(square, (cosine**2).sum(1) / 22, atol=1e-12)


def test_the_spectrum_of_an_even_frame_fills_the_width_and_of_a_line_one() -> None:
    assert spectrum_participation(TETRAHEDRON) == pytest.approx(3)
    assert spectrum_participation(np.outer([1, 2, 3, 4, 5, 6], [1.0, 2, 0, 1])) == pytest.approx(1)


def test_random_directions_are_among_random_directions() -> None:
    rng = np.random.default_rng(4)
    above = []
    for seed in range(60):
        rows = rng.standard_normal((30, 10)) * 2
        (null,) = random_measures([rows], 9, seed=seed)
        above.append(sum(null["dimensionality"] >= measures(rows)["dimensionality"]))
    # The rank of one among ten alike is uniform from 0 to 9: mean 4.5, standard error 0.37 over 60.
    assert abs(np.mean(above) - 4.5) < 1.3
