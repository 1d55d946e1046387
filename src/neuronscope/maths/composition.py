"""Does what one head writes lie where another reads? The overlap of two maps of low rank, and of chance.

Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import pearson3


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
    """Mean, variance and skewness of the squared composition of two maps that are turned at random."""

    mean: float
    variance: Float[ndarray, "*head #other"]
    skewness: Float[ndarray, "*head #other"]


def random_square(
    written: Float[ndarray, "*head rank width"], read: Float[ndarray, "*other width rank"], dimension: int
) -> RandomSquare:
    """Return what the squared composition of two maps of these spectra is by chance; heads before others.

    The reader is turned by a rotation that is uniform over all of ``dimension``; the spectra stay. These are
    the moments of tr(S Q T Qᵀ): the mean is 1 / d for any spectra; with the parts of no trace S₀ and T₀ the
    variance is 2 tr S₀² tr T₀² / ((d − 1)(d + 2)), and the third central moment
    8 d tr S₀³ tr T₀³ / ((d − 2)(d − 1)(d + 2)(d + 4)), by zonal polynomials (James 1964).
    """
    d = dimension
    own = _central(np.linalg.eigvalsh(written @ np.swapaxes(written, -1, -2)), d)
    their = _central(np.linalg.eigvalsh(np.swapaxes(read, -1, -2) @ read), d)
    variance = 2 * np.multiply.outer(own[0], their[0]) / ((d - 1) * (d + 2))
    third = np.multiply.outer(own[1], their[1]) * 8 * d / (max(d - 2, 1) * (d - 1) * (d + 2) * (d + 4))
    skewness = np.divide(third, variance**1.5, out=np.zeros_like(third), where=variance > 0)
    return RandomSquare(1 / d, variance, skewness)


def debiased(
    found: Float[ndarray, "*pair"], chance: RandomSquare
) -> tuple[Float[ndarray, "*pair"], Float[ndarray, "*pair"], Float[ndarray, "*pair"]]:
    """Return a composition less what chance gives, what chance gives, and the p of one as large.

    The mean of the root of the square is √m (1 − v / 8m²), to second order. p is that of a gamma distribution
    of the same mean, variance and skewness (Pearson's type III); it is within a tenth down to p = 0.01, and
    within a factor of about two at 0.0001.
    """
    mean, variance, skewness = chance
    expected = np.sqrt(mean) * (1 - variance / (8 * mean**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (found**2 - mean) / np.sqrt(variance)
    p = np.where(variance > 0, pearson3.sf(far, skewness), 1.0)
    return found - expected, np.broadcast_to(expected, found.shape), np.where(np.isnan(found), np.nan, p)


def _root(square: ndarray) -> ndarray:
    """Return the symmetric root of a matrix that has no negative eigenvalue but by rounding."""
    values, vectors = np.linalg.eigh(square)
    return (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def _scaled(factor: ndarray) -> ndarray:
    size = np.linalg.norm(factor, axis=(-2, -1), keepdims=True)
    return np.divide(factor, size, out=np.zeros_like(factor), where=size > 0)


def _central(spectrum: ndarray, dimension: int) -> tuple[ndarray, ndarray]:
    """Return tr S₀² and tr S₀³ of the part without trace; all eigenvalues beyond those given are 0."""
    middle = spectrum.sum(-1, keepdims=True) / dimension
    off, rest = spectrum - middle, dimension - spectrum.shape[-1]
    return tuple((off**power).sum(-1) + rest * (-middle[..., 0]) ** power for power in (2, 3))  # pyright: ignore[reportReturnType]
