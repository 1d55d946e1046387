"""How do many directions share few dimensions? Feature dimensionality, interference and the spectrum."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

_HELD = 2**24
"""How many cosines are held at once."""


def feature_dimensionality(vectors: Any) -> Float[np.ndarray, " feature"]:
    """Return the share of a dimension that each vector has to itself: ‖W_i‖² / Σ_j (Ŵ_i · W_j)².

    ``vectors`` is [feature width]. 1 for a vector at right angles to all others, 1/2 for each of a pair that
    points opposite ways; the sum over vectors is the rank at most. NaN for a vector of length 0. The capacity
    of Scherlis et al. 2022 is the same number. (Elhage et al. 2022, "Feature dimensionality".)

    >>> feature_dimensionality([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0]]).tolist()
    [0.5, 0.5, 1.0]
    """
    rows = np.asarray(vectors)
    squares = (rows**2).sum(1)
    # Σ_j (W_i · W_j)² = W_i (WᵀW) W_i: no matrix of pairs is made.
    shared = ((rows @ (rows.T @ rows)) * rows).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return squares**2 / shared


def spectrum_participation(vectors: Any) -> float:
    """Return how many dimensions the vectors fill: (Σλ)² / Σλ² over the squared singular values λ.

    From 1, where all lie on one line, to the width, where they fill all directions alike.

    >>> spectrum_participation([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 0.0]])
    2.0
    """
    rows = np.asarray(vectors)
    moment = rows.T @ rows if rows.shape[1] <= rows.shape[0] else rows @ rows.T
    return float(np.trace(moment) ** 2 / (moment**2).sum())


def overlaps(vectors: Any) -> tuple[Float[np.ndarray, " feature"], Float[np.ndarray, " feature"]]:
    """Return for each vector the largest |cosine| with another, and the mean squared cosine with the others.

    Worked out block by block, so that memory stays small. Vectors of length 0 have NaN and count for nothing.

    >>> [part.round(2).tolist() for part in overlaps([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])]
    [[0.71, 0.71, 0.71], [0.25, 0.5, 0.25]]
    """
    rows = np.asarray(vectors)
    length = np.sqrt((rows**2).sum(1))
    there = length > 0
    unit = rows[there] / length[there, None]
    largest, mean_square = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    if len(unit) < 2:
        return largest, mean_square
    most, square = np.empty(len(unit)), np.empty(len(unit))
    for part in _blocks(len(unit)):
        cosine = np.abs(unit[part] @ unit.T)
        cosine[np.arange(len(cosine)), np.arange(len(unit))[part]] = 0
        most[part] = cosine.max(1)
        square[part] = (cosine**2).sum(1) / (len(unit) - 1)
    largest[there], mean_square[there] = most, square
    return largest, mean_square


MEASURES = {
    "dimensionality": "mean share of a dimension",
    "dimensions_held": "dimensions held, the sum of the shares",
    "participation": "dimensions that the spectrum fills",
    "interference": "mean squared cosine of two vectors",
    "largest_cosine": "mean of the largest |cosine| with another",
}
"""What says how crowded a set of directions is; the last two do not depend on the lengths."""


OVERLAP_BINS = np.linspace(0, 1, 41)
"""Edges between which the largest |cosine| of each vector with another is counted."""


def measures(vectors: Any) -> dict[str, float]:
    """Return the `MEASURES` of vectors [feature width]; those of length 0 count for nothing."""
    return _of_lengths(np.asarray(vectors)) | _of_angles(*overlaps(vectors))


def overlap_counts(largest: Any) -> Float[np.ndarray, " bin"]:
    """Return how many of some largest |cosine|s lie between the `OVERLAP_BINS`; NaN counts for nothing.

    >>> overlap_counts([0.01, 0.02, 1.0, float("nan")])[[0, 1, -1]].tolist()
    [2.0, 0.0, 1.0]
    """
    known = np.asarray(largest)
    # Rounding may put a cosine of 1 just beyond the last edge.
    return np.histogram(known[~np.isnan(known)].clip(0, 1), OVERLAP_BINS)[0].astype(float)


def random_measures(sets: Sequence[Any], n_null: int, *, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Return the `MEASURES` of vectors of the same lengths that point anywhere, for several sets of vectors.

    Each measure has one value for every draw, and ``overlap_counts`` has one row [bin]. Sets of one shape
    share their draws.
    """
    rng = np.random.default_rng(seed)
    drawn: list[list[dict[str, Any]]] = [[] for _ in sets]
    for _ in range(n_null):
        known: dict[tuple[int, ...], tuple[np.ndarray, dict[str, Any]]] = {}
        for number, vectors in enumerate(sets):
            rows = np.asarray(vectors)
            length = np.sqrt((rows**2).sum(1))
            shape = (int((length > 0).sum()), rows.shape[1])
            if shape not in known:
                unit = random_directions(np.ones((shape[0], 1)), shape[1], rng)
                largest, square = overlaps(unit)
                counts = {"overlap_counts": overlap_counts(largest)}
                known[shape] = unit, _of_angles(largest, square) | counts
            unit, angles = known[shape]
            drawn[number].append(_of_lengths(unit * length[length > 0, None].astype(unit.dtype)) | angles)
    names = [*MEASURES, "overlap_counts"]
    return [{name: np.array([each[name] for each in one]) for name in names} for one in drawn]


def random_directions(
    lengths: Any, width: int, rng: np.random.Generator
) -> Float[np.ndarray, "feature width"]:
    """Return vectors of some lengths [feature 1] that point anywhere, as where nothing was learned."""
    drawn = rng.standard_normal((len(lengths), width), dtype=np.float32)
    return drawn * (np.asarray(lengths, dtype=np.float32) / np.sqrt((drawn**2).sum(1, keepdims=True)))


def _of_lengths(rows: np.ndarray) -> dict[str, float]:
    share = feature_dimensionality(rows)
    return {
        "dimensionality": float(np.nanmean(share)),
        "dimensions_held": float(np.nansum(share)),
        "participation": spectrum_participation(rows),
    }


def _of_angles(largest: np.ndarray, square: np.ndarray) -> dict[str, float]:
    return {"interference": float(np.nanmean(square)), "largest_cosine": float(np.nanmean(largest))}


def _blocks(n: int) -> Iterator[slice]:
    size = max(1, _HELD // n)
    return (slice(start, min(n, start + size)) for start in range(0, n, size))
