"""Vectors that were put together from few atoms are taken apart into the same ones."""

import numpy as np
import pytest

from neuronscope.maths.geometry.sparse_coding import coherence, matching_pursuit, shared_atoms, unit_rows
from neuronscope.words import BadInput


def dictionary(n_atoms: int, width: int, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).normal(size=(n_atoms, width)))


def planted(
    atoms: np.ndarray, n_items: int, size: int, *, signed: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    support = np.stack([rng.choice(len(atoms), size=size, replace=False) for _ in range(n_items)])
    weights = rng.uniform(1, 2, support.shape) * (rng.choice([-1, 1], support.shape) if signed else 1)
    return support, np.einsum("is,isd->id", weights, atoms[support])


@pytest.mark.parametrize("non_negative", [False, True])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_five_planted_atoms_are_found(non_negative: bool, precision: str) -> None:
    atoms = dictionary(2000, 256)
    support, rows = planted(atoms, 200, 5, signed=not non_negative)
    found = matching_pursuit(rows, atoms.astype(precision), size=5, non_negative=non_negative)
    share = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(support, found.atom, strict=True)])
    assert share >= 0.99


def test_atoms_of_other_lengths_are_refused_since_the_choice_would_depend_on_them() -> None:
    atoms = dictionary(50, 20) * np.random.default_rng(2).lognormal(size=(50, 1))
    with pytest.raises(BadInput, match=r"Atoms must be of length 1, but these go from .* unit_rows"):
        matching_pursuit(np.ones((1, 20)), atoms, size=3)


def test_what_is_left_stands_at_right_angles_to_every_atom_that_was_taken() -> None:
    atoms, rows = dictionary(300, 40), np.random.default_rng(3).normal(size=(20, 40))
    found = matching_pursuit(rows, atoms, size=12)
    left = rows - np.einsum("is,isd->id", found.weight, atoms[found.atom])
    assert np.abs(np.einsum("isd,id->is", atoms[found.atom], left)).max() < 1e-13
    np.testing.assert_allclose(found.reconstruction, rows - left, atol=1e-12)
    np.testing.assert_allclose(
        found.residual[:, -1], np.linalg.norm(left, axis=1) / np.linalg.norm(rows, axis=1)
    )


def test_the_weights_are_those_of_least_squares_on_the_same_atoms() -> None:
    atoms, rows = dictionary(100, 30), np.random.default_rng(4).normal(size=(5, 30))
    found = matching_pursuit(rows, atoms, size=6)
    for row, atom, weight in zip(rows, found.atom, found.weight, strict=True):
        np.testing.assert_allclose(np.linalg.lstsq(atoms[atom].T, row, rcond=None)[0], weight)


def test_weights_grow_with_the_vector_and_the_choice_stays() -> None:
    atoms, rows = dictionary(200, 30), np.random.default_rng(5).normal(size=(8, 30))
    one, other = (matching_pursuit(scale * rows, atoms, size=5) for scale in (1.0, 1e-6))
    assert (one.atom == other.atom).all()
    np.testing.assert_allclose(other.weight, 1e-6 * one.weight)
    np.testing.assert_allclose(other.residual, one.residual)


def test_a_rotation_of_space_changes_nothing() -> None:
    atoms, rows = dictionary(200, 30), np.random.default_rng(6).normal(size=(8, 30))
    turn = np.linalg.qr(np.random.default_rng(7).normal(size=(30, 30)))[0]
    one, other = matching_pursuit(rows, atoms, size=5), matching_pursuit(rows @ turn, atoms @ turn, size=5)
    assert (one.atom == other.atom).all()
    np.testing.assert_allclose(one.weight, other.weight)


def test_each_further_atom_leaves_no_more_and_the_first_ones_stay() -> None:
    atoms, rows = dictionary(400, 30), np.random.default_rng(8).normal(size=(8, 30))
    long, short = matching_pursuit(rows, atoms, size=20), matching_pursuit(rows, atoms, size=4)
    assert (np.diff(long.residual, axis=1) <= 1e-12).all()
    assert (long.atom[:, :4] == short.atom).all()
    np.testing.assert_allclose(long.residual[:, :4], short.residual)


def test_of_equal_atoms_the_first_is_taken_and_the_second_never() -> None:
    atoms = dictionary(50, 20)
    twice = np.concatenate([atoms, atoms[::-1]])
    _, rows = planted(atoms, 30, 3)
    for precision in ("float64", "float32"):
        found = matching_pursuit(rows, twice.astype(precision), size=3)
        assert (found.atom < 50).all()
        assert (np.sort(found.atom) == np.sort(matching_pursuit(rows, atoms, size=3).atom)).all()


def test_nothing_is_taken_once_nothing_is_left() -> None:
    atoms = np.eye(6)
    found = matching_pursuit(np.array([[0, 2.0, 0, -1, 0, 0], np.zeros(6)]), atoms, size=4)
    assert found.atom.tolist() == [[1, 3, -1, -1], [-1, -1, -1, -1]]
    assert found.weight.tolist() == [[2, -1, 0, 0], [0, 0, 0, 0]]
    assert found.residual[0, 1:].tolist() == [0, 0, 0]
    assert np.isnan(found.residual[1]).all()


def test_weights_that_may_not_fall_below_zero_solve_that_problem() -> None:
    atoms, rows = dictionary(100, 20), np.random.default_rng(9).normal(size=(10, 20))
    found = matching_pursuit(rows, atoms, size=8, non_negative=True)
    assert (found.weight >= 0).all()
    left = rows - np.einsum("is,isd->id", found.weight, atoms[found.atom])
    slope = np.einsum("isd,id->is", atoms[found.atom], left)
    assert (slope <= 1e-10).all()  # no weight could grow
    assert np.abs(slope * found.weight).max() < 1e-10  # and none above zero could shrink


def test_many_atoms_are_gone_through_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    atoms, rows = dictionary(300, 30), np.random.default_rng(10).normal(size=(7, 30))
    whole = matching_pursuit(rows, atoms, size=5), coherence(atoms)
    monkeypatch.setattr("neuronscope.maths.geometry.sparse_coding._HELD", 100)
    assert (matching_pursuit(rows, atoms, size=5).atom == whole[0].atom).all()
    assert coherence(atoms) == pytest.approx(whole[1], abs=1e-12)


def test_more_atoms_than_dimensions_are_refused() -> None:
    with pytest.raises(BadInput, match="4 atoms cannot be told apart: 9 of width 3 allow 1 to 3"):
        matching_pursuit(np.ones((1, 3)), dictionary(9, 3), size=4)


def test_vectors_and_atoms_have_one_width() -> None:
    with pytest.raises(BadInput, match=r"Vectors \[1, 3\] and atoms \[9, 4\] must be rows of one width"):
        matching_pursuit(np.ones((1, 3)), dictionary(9, 4), size=2)


def test_a_row_without_length_has_no_direction() -> None:
    with pytest.raises(BadInput, match="1 of 2 rows have no length"):
        unit_rows([[0.0, 0.0], [1.0, 0.0]])


def test_coherence_is_the_largest_cosine_and_a_sample_never_exceeds_it() -> None:
    atoms = dictionary(120, 16)
    cosine = np.abs(atoms @ atoms.T) - np.eye(120)
    assert coherence(atoms) == pytest.approx(cosine.max())
    assert coherence(atoms, n_sampled=10) <= cosine.max() + 1e-12
    assert coherence(np.concatenate([atoms, -atoms[:1]])) == pytest.approx(1)


def test_choices_without_an_atom_agree() -> None:
    assert shared_atoms([-1, -1], [-1, -1]).tolist() == [1, 1]
    assert shared_atoms([3, -1], [3, 5]).tolist() == [1, 0.5]
