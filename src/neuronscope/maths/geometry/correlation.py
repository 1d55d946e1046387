"""Which of many series go together most, block by block, and would chance look as good?

Chance is a circular shift: one series moved against the other, so that each keeps its own course.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

BLOCK = 512
"""How many series are compared with all others at once."""
N_BINS = 2048


class Pairs(NamedTuple):
    """The pairs of series that correlate most, strongest first, and how many others reach as far.

    ``p`` is the share of all pairs that reach as far when one of each is shifted; ``q`` sets that against the
    share that does so in truth: the false discovery rate.
    """

    first: Int[np.ndarray, " rank"]
    second: Int[np.ndarray, " rank"]
    correlation: Float[np.ndarray, " rank"]
    p: Float[np.ndarray, " rank"]
    q: Float[np.ndarray, " rank"]


def unit_rows(values: Any) -> Float[np.ndarray, "item position"]:
    """Return series with mean 0 and length 1, whose products are correlations; 0 where one never varies."""
    rows = np.asarray(values)
    middle = rows - rows.mean(1, keepdims=True)
    length = np.sqrt((middle**2).sum(1, keepdims=True))
    still = length <= 1e-6 * np.abs(rows).max(1, keepdims=True, initial=0) * rows.shape[1] ** 0.5
    return np.divide(middle, length, out=np.zeros_like(middle), where=~still)


def strongest_pairs(units: Any, top_k: int, shifts: Any) -> Pairs:
    """Return the ``top_k`` pairs of `unit_rows` with the largest |correlation|, of all pairs.

    Every pair is compared, block by block, and never are all correlations held. The null is of all pairs
    together, each with one series moved by each of ``shifts`` in turn, counted in steps of 1/2048 with ties
    against the pair. (Circular shift; plug-in false discovery rate of Tusher et al. 2001.)
    """
    rows = np.asarray(units)
    real, null = np.zeros(N_BINS + 1), np.zeros(N_BINS + 1)
    kept: list[np.ndarray] = []
    for start, block in _blocks(rows):
        found = np.abs(block @ rows[start:].T)
        found[np.tril_indices(len(block), 0, found.shape[1])] = -1  # each pair once, none with itself
        real += _counts(found)
        flat = np.argpartition(-found, min(top_k, found.size) - 1, axis=None)[:top_k]
        first, second = np.unravel_index(flat, found.shape)
        kept.append(np.stack([found[first, second], first + start, second + start]))
        for shift in shifts:
            moved = np.abs(block @ np.roll(rows[start:], shift, axis=1).T)
            moved[np.tril_indices(len(block), 0, moved.shape[1])] = -1
            null += _counts(moved)
    size, first, second = np.concatenate(kept, axis=1)
    order = np.lexsort((second, first, -size))[:top_k]
    order = order[size[order] >= 0]
    first, second = first[order].astype(int), second[order].astype(int)
    place = np.clip((size[order] * N_BINS).astype(int), 0, N_BINS)
    chance = (1 + null[::-1].cumsum()[::-1]) / (1 + null.sum())
    discovered = chance * real.sum() / np.maximum(real[::-1].cumsum()[::-1], 1)
    rate = np.minimum.accumulate(np.minimum(discovered, 1.0))  # the least of any threshold that lets it in
    known = len(shifts) > 0
    p, q = (part[place] if known else np.full(len(order), np.nan) for part in (chance, rate))
    together = (rows[first] * rows[second]).sum(1)
    return Pairs(first, second, together, p, np.maximum.accumulate(q))


def shifted_correlations(one: Any, others: Any) -> Float[np.ndarray, "position item"]:
    """Return the correlation of one of `unit_rows` with others by every circular shift, 0 first."""
    alone, rows = np.asarray(one), np.asarray(others)
    turned = np.fft.rfft(alone) * np.conj(np.fft.rfft(rows, axis=1))
    return np.fft.irfft(turned, n=rows.shape[1], axis=1).T


def correlation_interval(
    first: Any, second: Any, groups: Any, *, n_resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> tuple[Float[np.ndarray, " rank"], Float[np.ndarray, " rank"]]:
    """Return the ends of the percentile bootstrap of correlations, over whole groups of positions.

    ``first`` and ``second`` are [rank position], and ``groups`` [position] are whole numbers from 0.
    """
    one, two, group = np.asarray(first, float), np.asarray(second, float), np.asarray(groups)
    one, two = one - one.mean(1, keepdims=True), two - two.mean(1, keepdims=True)
    member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    sums = np.stack([part @ member for part in (np.ones_like(one), one, two, one**2, two**2, one * two)])
    rng = np.random.default_rng(seed)
    n = member.shape[1]
    weight = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples).astype(float)
    count, x, y, xx, yy, xy = sums @ weight.T
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (xy - x * y / count) / np.sqrt((xx - x**2 / count) * (yy - y**2 / count))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=1)
    return low, high


def _blocks(rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    return ((start, rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK))


def _counts(found: np.ndarray) -> np.ndarray:
    """Count |correlations| by steps of 1/2048; what is below 0 is no pair."""
    place = np.minimum((found[found >= 0] * N_BINS).astype(np.int32), N_BINS)
    return np.bincount(place, minlength=N_BINS + 1).astype(float)
