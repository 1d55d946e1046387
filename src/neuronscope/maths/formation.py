"""When did a curve over training rise the most? In which doubling of the steps, and how sure is that?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


class Rise(NamedTuple):
    """The doubling of training in which curves rose most, by how much, and an interval of its middle."""

    start: Float[ndarray, "*axes"]
    stop: Float[ndarray, "*axes"]
    size: Float[ndarray, "*axes"]
    low: Float[ndarray, "*axes"]
    high: Float[ndarray, "*axes"]


def sharpest_rise(
    curves: Float[ndarray, "prompt step *axes"],
    steps: Int[ndarray, " step"],
    *,
    n_resamples: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Rise:
    """Return in which doubling of step + 1 the mean curves rise most, for windows that end at a kept step.

    Windows have one width in the logarithm, so that steps kept close together do not turn rounding into a
    rise; between kept steps curves are straight. A training shorter than a doubling is one window. ``low``
    and ``high`` bound the middle of the window when prompts are drawn anew; they say how sure the place is,
    not that there was a sudden change.
    """
    place = np.log2(np.asarray(steps, dtype=float) + 1)
    width = min(1.0, place[-1] - place[0])
    starts = np.unique(np.concatenate([place, place - width]).clip(place[0], place[-1] - width))
    rows = _weights(place, starts + width) - _weights(place, starts)

    def rises(rows_of: ndarray) -> ndarray:
        return np.tensordot(rows, curves[rows_of].mean(0), 1)

    whole = rises(np.arange(len(curves)))
    best = whole.argmax(0)
    rng = np.random.default_rng(seed)
    drawn = [rises(rng.integers(len(curves), size=len(curves))).argmax(0) for _ in range(n_resamples)]
    middle = 2 ** (starts + width / 2) - 1
    tail = (1 - confidence) / 2
    low, high = np.quantile(middle[np.stack(drawn)], [tail, 1 - tail], axis=0, method="nearest")
    size = np.take_along_axis(whole, best[None], 0)[0]
    return Rise(2 ** starts[best] - 1, 2 ** (starts + width)[best] - 1, size, low, high)


def _weights(place: ndarray, at: ndarray) -> ndarray:
    """Return how much each kept step counts in the value of a curve at some places between them."""
    return np.stack([np.interp(at, place, one) for one in np.eye(len(place))], axis=1)
