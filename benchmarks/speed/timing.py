"""How long do several things take, beside one another, on a machine that is never quite still?"""

import gc
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians with its 95 % interval, from a bootstrap over repeats that were taken in turn."""

    value: float
    low: float
    high: float
    repeats: int


def interleaved(
    subjects: Mapping[str, Callable[[], object]],
    repeats: int,
    *,
    seldom: Collection[str] = (),
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Return the seconds of each subject by repeat, CPU seconds unless another clock is given.

    Subjects run in turn, each round begun by the next, so that a drift of the machine meets all alike. Each
    runs once unmeasured first. Those that run ``seldom`` have two repeats, for they take minutes.
    """
    names = list(subjects)
    for name in names:
        if name not in seldom:
            subjects[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repeats):
        turn = number % len(names)
        gc.collect()
        for name in names[turn:] + names[:turn]:
            if name in seldom and number >= min(2, repeats):
                continue
            begun = clock()
            subjects[name]()
            seconds[name].append(clock() - begun)
    return seconds


def ratio(above: Sequence[float], below: Sequence[float], *, seed: int = 0) -> Ratio:
    """Return the median of one series over the median of another, repeats resampled in pairs."""
    n = min(len(above), len(below))
    pairs = np.array([above[:n], below[:n]])
    picked = np.random.default_rng(seed).integers(n, size=(RESAMPLES, n))
    top, bottom = (np.median(row[picked], axis=1) for row in pairs)
    low, high = np.quantile(top / bottom, [0.025, 0.975])
    value = np.median(pairs[0]) / np.median(pairs[1])
    return Ratio(float(value), float(low), float(high), n)
