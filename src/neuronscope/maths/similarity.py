"""How alike are two representations of the same things? Numbers that no rotation of either changes.

A representation is an array [item width]: what each of several things, such as the tokens of a text, is
inside a network.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import linear_sum_assignment

from neuronscope.words import BadInput

Representation = Float[np.ndarray, "item width"]


def gram(values: Representation) -> Float[np.ndarray, "item other"]:
    """Return the products of all pairs of items, the diagonal set to zero, as `cka` takes them."""
    rows = np.asarray(values, dtype=float)
    rows = rows - rows.mean(0)
    found = rows @ rows.T
    np.fill_diagonal(found, 0.0)
    return found


def cka(first: Float[np.ndarray, "item other"], second: Float[np.ndarray, "item other"]) -> float:
    """Return the debiased linear CKA of two representations, given by their `gram`.

    1 where one is a rotated and rescaled copy of the other; 0 on average where they have nothing in common,
    however wide they are. Below 0 by chance alone; NaN where a representation does not vary. (Kornblith et
    al. 2019, eq. 3, with the unbiased HSIC of Song et al. 2012, eq. 5.) Raises `BadInput` for fewer than 4
    items.

    >>> rows = np.random.default_rng(0).normal(size=(20, 3))
    >>> round(cka(gram(rows), gram(5 * rows[:, ::-1])), 6)
    1.0
    """
    if first.shape != second.shape or len(first) < 4:
        raise BadInput(
            f"CKA compares 4 or more items, the same on both sides, not {len(first)} and {len(second)}."
        )
    between = _hsic(first, second)
    within = _hsic(first, first) * _hsic(second, second)
    return float(between / np.sqrt(within)) if within > 0 else float("nan")


def _hsic(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased Hilbert-Schmidt independence criterion of two grams."""
    n = len(first)
    sums, others = first.sum(0), second.sum(0)
    total = (
        np.vdot(first, second)
        + sums.sum() * others.sum() / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (sums @ others)
    )
    return float(total / (n * (n - 3)))


class Jackknifed(NamedTuple):
    """An estimate with the ends of its 95 % interval by leaving groups of items out in turn."""

    estimate: float
    low: float
    high: float


def cka_interval(first: np.ndarray, second: np.ndarray, groups: Float[np.ndarray, " item"]) -> Jackknifed:
    """Return the CKA of two grams and its interval, whole groups of items being left out in turn.

    Items drawn with replacement would be alike to themselves and push CKA up, so the interval is that of the
    jackknife (Efron and Stein 1981). With one group the ends are NaN.
    """
    estimate = cka(first, second)
    member = (groups[:, None] == np.unique(groups)).astype(float)
    n_groups = member.shape[1]
    if n_groups < 2 or len(groups) - member.sum(0).max() < 4:
        return Jackknifed(estimate, float("nan"), float("nan"))
    between = _hsic_without(first, second, member)
    within = _hsic_without(first, first, member) * _hsic_without(second, second, member)
    without = between / np.sqrt(np.where(within > 0, within, np.nan))
    error = np.sqrt((n_groups - 1) / n_groups * ((without - without.mean()) ** 2).sum())
    return Jackknifed(estimate, float(estimate - 1.96 * error), float(estimate + 1.96 * error))


def _hsic_without(
    first: np.ndarray, second: np.ndarray, member: Float[np.ndarray, "item group"]
) -> Float[np.ndarray, " group"]:
    """Return `_hsic` with each group left out, from sums over the whole less those over the group."""
    n = len(first) - member.sum(0)
    product = first * second
    own = member.T @ product
    pairs = product.sum() - 2 * own.sum(1) + (own * member.T).sum(1)
    sums, others = ((side.sum(1)[:, None] - side @ member) * (1 - member) for side in (first, second))
    return (
        pairs + sums.sum(0) * others.sum(0) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (sums * others).sum(0)
    ) / (n * (n - 3))


def cca(
    first: tuple[Representation, Representation],
    second: tuple[Representation, Representation],
    *,
    n_components: int = 10,
) -> float:
    """Return the mean canonical correlation on held-out items; each side is items to fit and items to test.

    Both sides are first cut to their leading principal components, found on the items to fit (SVCCA, Raghu et
    al. 2017), so that directions that hardly vary count for nothing. Correlations of items that were fitted
    on are near 1 for any two representations with many directions; only the held-out ones say something.
    """
    (fit, test), (other_fit, other_test) = (_whitened(*side, n_components) for side in (first, second))
    left, _, right = np.linalg.svd(fit.T @ other_fit, full_matrices=False)
    found, others = test @ left, other_test @ right.T
    return float(np.mean([_correlation(a, b) for a, b in zip(found.T, others.T, strict=True)]))


def _whitened(fit: np.ndarray, test: np.ndarray, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    middle = fit.mean(0)
    _, sizes, directions = np.linalg.svd(fit - middle, full_matrices=False)
    kept = min(n_components, int((sizes > 1e-8 * sizes[0]).sum()) if sizes[0] > 0 else 0)
    if not kept:
        raise BadInput("A representation that is the same for every item has no direction to correlate.")
    turn = directions[:kept].T / sizes[:kept]
    return (fit - middle) @ turn, (test - middle) @ turn


def procrustes(
    first: tuple[Representation, Representation], second: tuple[Representation, Representation]
) -> float:
    """Return the share of the second side's variance that the first one, turned and scaled, explains.

    Each side is given as items to fit the rotation on and items to test it on; the narrower side is filled
    up with zeros. 1 is a rotated copy, 0 as good as the mean alone; below 0 it is worse. (Schönemann 1966.)
    """
    width = max(first[0].shape[1], second[0].shape[1])
    middle, aim = first[0].mean(0), second[0].mean(0)
    fit, test = (_filled(part - middle, width) for part in first)
    wanted, held_out = (_filled(part - aim, width) for part in second)
    turn, size = orthogonal_procrustes(fit, wanted)
    total, scale = (held_out**2).sum(), (fit**2).sum()
    if total == 0 or scale == 0:
        return float("nan")
    return float(1 - ((test @ turn * (size / scale) - held_out) ** 2).sum() / total)


def _filled(values: np.ndarray, width: int) -> np.ndarray:
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))


class UnitMatching(NamedTuple):
    """Which unit of the second side goes with each of the first (-1: none), and how they correlate."""

    match: np.ndarray
    correlation: np.ndarray


def unit_matching(
    first: tuple[Representation, Representation], second: tuple[Representation, Representation]
) -> UnitMatching:
    """Return the one-to-one matching of units with the largest summed correlation.

    It is found on the items to fit, and its correlations are those of the items to test, so that chance
    matches show as such. Units of the wider side may stay alone (-1, NaN). (Li et al. 2016.)
    """
    strength = correlations(first[0], second[0])
    rows, columns = linear_sum_assignment(-np.nan_to_num(strength, nan=-2.0))
    match = np.full(first[0].shape[1], -1)
    match[rows] = columns
    held_out = np.full(first[0].shape[1], np.nan)
    for row, column in zip(rows, columns, strict=True):
        held_out[row] = _correlation(first[1][:, row], second[1][:, column])
    return UnitMatching(match, held_out)


def correlations(first: Representation, second: Representation) -> Float[np.ndarray, "width other"]:
    """Return the correlation of every unit of one side with every unit of the other, NaN if constant."""
    return _standard(first).T @ _standard(second) / len(first)


def _standard(values: np.ndarray) -> np.ndarray:
    off = np.asarray(values, dtype=float) - values.mean(0)
    spread = np.sqrt((off**2).mean(0))
    return np.divide(off, spread, out=np.full_like(off, np.nan), where=spread > 0)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    off, other = first - first.mean(), second - second.mean()
    size = np.sqrt((off**2).sum() * (other**2).sum())
    return float((off * other).sum() / size) if size > 0 else float("nan")
