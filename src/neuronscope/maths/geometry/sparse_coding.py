"""Of which few atoms of a dictionary is a vector put together? Orthogonal matching pursuit."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from neuronscope.words import BadInput

_EXPLAINED = 1e-5  # of a vector's length: what is left then is rounding of a dictionary in single precision
_TIE = 1e-6
_HELD = 2**23


class SparseCode(NamedTuple):
    """Which atoms each vector is made of, in the order in which they were found, and their weights.

    ``atom`` is −1 and ``weight`` 0 where nothing was left to explain. ``residual`` is the length of what is
    left after the first, the first two … atoms, fitted together, as a share of the vector's own; NaN for a
    vector of no length. ``reconstruction`` is the sum of all of them.
    """

    atom: Int[np.ndarray, "item rank"]
    weight: Float[np.ndarray, "item rank"]
    residual: Float[np.ndarray, "item rank"]
    reconstruction: Float[np.ndarray, "item width"]


def unit_rows(rows: Any) -> Float[np.ndarray, "item width"]:
    """Return rows at length 1; raises `BadInput` where one has no length.

    >>> unit_rows([[3.0, 4.0]]).tolist()
    [[0.6, 0.8]]
    """
    given = np.asarray(rows)
    given = given if given.dtype.kind == "f" else given.astype(float)
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    if not (length > 0).all():
        raise BadInput(f"{int((~(length > 0)).sum())} of {len(given)} rows have no length: leave them out.")
    return given / length


def matching_pursuit(vectors: Any, atoms: Any, *, size: int, non_negative: bool = False) -> SparseCode:
    """Return the ``size`` atoms that orthogonal matching pursuit finds for each vector, with their weights.

    Each step takes the atom that goes best along what is left, then fits all that were taken anew by least
    squares, so that what is left stands at right angles to them. With ``non_negative`` no atom is taken that
    goes against what is left, and no weight falls below zero (scipy's nnls). Of equal atoms the first is
    taken. The products of all atoms with each other are never formed, so that 50,000 atoms fit. (Pati et al.
    1993; with weights above zero, Bruckstein et al. 2008.) Raises `BadInput` for atoms that are not of
    length 1, on which the choice would depend, and for more atoms than there are or than the space has
    dimensions.
    """
    rows, dictionary = np.asarray(vectors, dtype=float), np.asarray(atoms)
    _check(rows, dictionary, size)
    length = np.linalg.norm(rows, axis=1)
    atom = np.full((len(rows), size), -1)
    weight, residual = np.zeros(atom.shape), np.empty(atom.shape)
    basis, corner = np.zeros((*atom.shape, rows.shape[1])), np.zeros((*atom.shape, size))
    left = rows.copy()
    for step in range(size):
        found, along = _best(left, dictionary, signed=not non_negative)
        for item in np.flatnonzero(along > _EXPLAINED * length):
            atom[item, step] = found[item]
            own, triangle = basis[item, : step + 1], corner[item, : step + 1, : step + 1]
            _join(own, triangle, dictionary[found[item]].astype(float))
            target = own @ rows[item]
            fitted = nnls(triangle, target)[0] if non_negative else solve_triangular(triangle, target)
            weight[item, : step + 1] = fitted
            left[item] = rows[item] - (triangle @ fitted) @ own
        residual[:, step] = np.linalg.norm(left, axis=1)
    shares = np.divide(
        residual, length[:, None], out=np.full_like(residual, np.nan), where=length[:, None] > 0
    )
    return SparseCode(atom, weight, shares, rows - left)


def coherence(atoms: Any, *, n_sampled: int = 2048, seed: int = 0) -> float:
    """Return the largest |cosine| of two atoms of a dictionary: 0 at right angles, 1 where two are the same.

    A dictionary of more than ``n_sampled`` atoms is sampled: that many are compared with all, and the number
    is then a lower bound. (Donoho and Huo 2001.)

    >>> round(coherence([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), 4)
    0.7071
    """
    unit = unit_rows(atoms)
    chosen = np.arange(len(unit))
    if len(unit) > n_sampled:
        chosen = np.sort(np.random.default_rng(seed).choice(len(unit), size=n_sampled, replace=False))
    most = 0.0
    for part in _parts(len(unit), len(chosen)):
        cosine = np.abs(unit[chosen] @ unit[part].T)
        cosine[chosen[:, None] == np.arange(len(unit))[part]] = 0.0
        most = max(most, float(cosine.max(initial=0.0)))
    return min(most, 1.0)


def shared_atoms(first: Any, other: Any) -> Float[np.ndarray, " rank"]:
    """Return how far two choices of atoms agree after the first, the first two … of each: Jaccard's share.

    −1 is no atom; two empty choices agree.

    >>> shared_atoms([4, 7], [7, 2]).round(4).tolist()
    [0.0, 0.3333]
    """
    one, two = np.asarray(first), np.asarray(other)
    found = []
    for size in range(1, len(one) + 1):
        here, there = set(one[:size].tolist()) - {-1}, set(two[:size].tolist()) - {-1}
        found.append(len(here & there) / len(here | there) if here | there else 1.0)
    return np.array(found)


def _check(rows: np.ndarray, atoms: np.ndarray, size: int) -> None:
    if rows.ndim != 2 or atoms.ndim != 2 or rows.shape[1] != atoms.shape[1]:
        raise BadInput(f"Vectors {list(rows.shape)} and atoms {list(atoms.shape)} must be rows of one width.")
    most = min(atoms.shape)
    if not 1 <= size <= most:
        raise BadInput(
            f"{size} atoms cannot be told apart: {len(atoms)} of width {atoms.shape[1]} allow 1 to {most}."
        )
    lengths = np.linalg.norm(atoms, axis=1)
    if np.abs(lengths - 1).max() > 1e-3:
        raise BadInput(
            f"Atoms must be of length 1, but these go from {lengths.min():.3g} to {lengths.max():.3g}: "
            "bring them there with unit_rows."
        )


def _best(
    left: Float[np.ndarray, "item width"], atoms: np.ndarray, *, signed: bool
) -> tuple[Int[np.ndarray, " item"], Float[np.ndarray, " item"]]:
    """Return the atom that goes best along each remainder, the first of equals, and how far it goes."""
    here = left.astype(atoms.dtype)
    best, along = np.zeros(len(left), dtype=int), np.zeros(len(left))
    for part in _parts(len(atoms), len(left)):
        products = here @ atoms[part].T
        products = np.abs(products) if signed else products
        top = products.max(1)
        better = top > along * (1 + _TIE)
        first: Bool[np.ndarray, " item"] = (products[better] >= top[better, None] * (1 - _TIE)).argmax(1)
        best[better], along[better] = part.start + first, top[better]
    return best, along


def _join(
    basis: Float[np.ndarray, "rank width"], corner: Float[np.ndarray, "rank other"], atom: np.ndarray
) -> None:
    """Write a new atom into the last row of an orthonormal basis, and its coordinates into the corner."""
    before, left = basis[:-1], atom
    for _ in range(2):  # once leaves rounding that grows with the number of atoms
        share = before @ left
        left = left - share @ before
        corner[:-1, -1] += share
    corner[-1, -1] = np.linalg.norm(left)
    basis[-1] = left / corner[-1, -1]


def _parts(n: int, n_rows: int) -> Iterator[slice]:
    size = max(1, _HELD // max(1, n_rows))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
