"""Does what one head writes lie where another reads? The overlap of two maps of low rank, and of chance.

Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import beta


def writing(
    first: Float[ndarray, "*head width rank"], second: Float[ndarray, "*head rank width"]
) -> Float[ndarray, "*head rank width"]:
    """Return a factor of norm 1 that says where ``first @ second`` writes: the rows of its Gram matrix.

    A map of zeros gives zeros.
    """
    return _scaled(_root(np.swapaxes(first, -1, -2) @ first) @ second)


def reading(
    first: Float[ndarray, "*head width rank"], second: Float[ndarray, "*head rank width"]
) -> Float[ndarray, "*head width rank"]:
    """Return a factor of norm 1 that says where ``first @ second`` reads; a map of zeros gives zeros."""
    return _scaled(first @ _root(second @ np.swapaxes(second, -1, -2)))


def composition(
    written: Float[ndarray, "*pair rank width"], read: Float[ndarray, "*pair width rank"]
) -> Float[ndarray, "*pair"]:
    """Return ‖WR‖ / (‖W‖ ‖R‖) in the Frobenius norm, for factors from `writing` and `reading`; 0 to 1.

    NaN where a map is zero. (Elhage et al. 2021, "Composition of attention heads".)
    """
    found = np.linalg.norm(written @ read, axis=(-2, -1))
    nothing = (np.linalg.norm(written, axis=(-2, -1)) == 0) | (np.linalg.norm(read, axis=(-2, -1)) == 0)
    return np.where(nothing, np.nan, found)


class RandomSquare(NamedTuple):
    """Mean and variance of the squared composition of two maps that are turned at random, and some draws."""

    mean: float
    variance: Float[ndarray, "*head #other"]
    drawn: Float[ndarray, " trial *head #other"]


def random_square(
    written: Float[ndarray, "*head rank width"],
    read: Float[ndarray, "*other width rank"],
    dimension: int,
    *,
    n_turns: int = 500,
    seed: int = 0,
) -> RandomSquare:
    """Return what the squared composition of two maps of these spectra is by chance; heads before others.

    The reader is turned by a rotation that is uniform over all of ``dimension``; the spectra stay. The mean
    is 1 / dimension for any spectra; the variance is that of tr(S Q T Qᵀ), 2 ‖S₀‖² ‖T₀‖² / ((d − 1)(d + 2))
    with the parts of no trace. All pairs are drawn with the same ``n_turns`` rotations.
    """
    own = np.linalg.eigvalsh(written @ np.swapaxes(written, -1, -2))
    their = np.linalg.eigvalsh(np.swapaxes(read, -1, -2) @ read)
    variance = np.multiply.outer(_without_trace(own, dimension), _without_trace(their, dimension))
    variance = 2 * variance / ((dimension - 1) * (dimension + 2))
    squares = _turned(own.shape[-1], their.shape[-1], dimension, n_turns, seed) ** 2
    flat = own.reshape(-1, own.shape[-1]) @ (squares @ their.reshape(-1, their.shape[-1]).T)
    return RandomSquare(1 / dimension, variance, flat.reshape(n_turns, *own.shape[:-1], *their.shape[:-1]))


def debiased(
    found: Float[ndarray, "*pair"], chance: RandomSquare
) -> tuple[Float[ndarray, "*pair"], Float[ndarray, "*pair"], Float[ndarray, "*pair"]]:
    """Return a composition less what chance gives, what chance gives, and the p of one as large.

    The mean of the root of the square is √m (1 − v / 8m²), to second order. p counts the draws as large;
    where fewer than ten are, it is the tail of the beta distribution of the same mean and variance, which
    is exact for maps of rank one.
    """
    mean, variance = chance.mean, chance.variance
    expected = np.sqrt(mean) * (1 - variance / (8 * mean**2))
    as_large = (chance.drawn >= found**2).sum(0)
    counted = (1 + as_large) / (1 + len(chance.drawn))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = mean * (1 - mean) / variance - 1
        tail = beta.sf(found**2, mean * size, (1 - mean) * size)
    p = np.where(as_large < 10, np.minimum(tail, counted), counted)
    return found - expected, np.broadcast_to(expected, found.shape), np.where(np.isnan(found), np.nan, p)


def _root(square: ndarray) -> ndarray:
    """Return the symmetric root of a matrix that has no negative eigenvalue but by rounding."""
    values, vectors = np.linalg.eigh(square)
    return (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def _scaled(factor: ndarray) -> ndarray:
    size = np.linalg.norm(factor, axis=(-2, -1), keepdims=True)
    return np.divide(factor, size, out=np.zeros_like(factor), where=size > 0)


def _without_trace(spectrum: ndarray, dimension: int) -> ndarray:
    return np.maximum((spectrum**2).sum(-1) - spectrum.sum(-1) ** 2 / dimension, 0.0)


@lru_cache(maxsize=4)
def _turned(rows: int, columns: int, dimension: int, n_turns: int, seed: int) -> ndarray:
    """Return the corners [turn row column] of rotations that are uniform over all."""
    drawn = np.random.default_rng(seed).standard_normal((n_turns, dimension, min(columns, dimension)))
    turns, triangle = np.linalg.qr(drawn)
    turns = turns * np.sign(np.diagonal(triangle, axis1=-2, axis2=-1))[:, None]
    found = np.zeros((n_turns, rows, columns))
    found[:, : min(rows, dimension), : turns.shape[-1]] = turns[:, :rows]
    return found
