"""When a model is sure, is it right as often as it says? Reliability by bins, and its error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuronscope.words import BadInput

N_BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """What each bin of confidence holds: its middle, the mean confidence in it, the share right, the count.

    Means of an empty bin are NaN.
    """

    middle: Float[np.ndarray, " bin"]
    confidence: Float[np.ndarray, " bin"]
    share_right: Float[np.ndarray, " bin"]
    n_right: Int[np.ndarray, " bin"]
    n: Int[np.ndarray, " bin"]

    @property
    def error(self) -> float:
        """Return the expected calibration error: the mean gap between confidence and share, by the prompt."""
        gaps = np.abs(self.share_right - self.confidence)
        return float(np.nansum(gaps * self.n) / self.n.sum())


def reliability(confidence: Any, right: Any, *, n_bins: int = N_BINS) -> Reliability:
    """Sort answers into bins of equal width by their confidence, from 0 to 1.

    Raises ``BadInput`` without answers, where the two differ in length, and for a confidence outside 0 to 1.
    (Guo et al. 2017, section 2.)
    """
    stated, is_right = np.asarray(confidence, dtype=float), np.asarray(right, dtype=bool)
    if stated.ndim != 1 or stated.shape != is_right.shape or not len(stated):
        raise BadInput(
            f"Calibration needs one confidence and one verdict an answer, "
            f"not {stated.shape} and {is_right.shape}."
        )
    if not ((stated >= 0) & (stated <= 1)).all():
        raise BadInput("A confidence is a probability from 0 to 1; give probabilities, not logits.")
    which = np.minimum((stated * n_bins).astype(int), n_bins - 1)
    n = np.bincount(which, minlength=n_bins)
    n_right = np.bincount(which, weights=is_right, minlength=n_bins).astype(int)
    sums = np.bincount(which, weights=stated, minlength=n_bins)
    empty = np.full(n_bins, np.nan)
    return Reliability(
        middle=(np.arange(n_bins) + 0.5) / n_bins,
        confidence=np.divide(sums, n, out=empty.copy(), where=n > 0),
        share_right=np.divide(n_right, n, out=empty.copy(), where=n > 0),
        n_right=n_right,
        n=n,
    )


def expected_calibration_error(confidence: Any, right: Any, *, n_bins: int = N_BINS) -> float:
    """Return the mean gap between confidence and share right, each bin weighted by its answers.

    0 says that of the answers given with probability p a share p is right. Even a perfectly calibrated model
    is some way above 0 on few answers: `calibration_null` says how far. (Guo et al. 2017, eq. 3.)

    >>> expected_calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False])
    0.0
    """
    return reliability(confidence, right, n_bins=n_bins).error


def calibration_null(
    confidence: Any, *, n_bins: int = N_BINS, n_draws: int = 1000, seed: int = 0
) -> Float[np.ndarray, " cell"]:
    """Return the calibration errors of a model that is right exactly as often as it says, one a draw.

    Each draw makes an answer right with the probability that it was given with, so the spread is what chance
    alone gives on just these answers (consistency resampling: Bröcker and Smith 2007).
    """
    stated = np.asarray(confidence, dtype=float)
    rng = np.random.default_rng(seed)
    return np.array(
        [
            expected_calibration_error(stated, rng.random(len(stated)) < stated, n_bins=n_bins)
            for _ in range(n_draws)
        ]
    )


def p_value(observed: float, null: Any) -> float:
    """Return how often chance gives as much as was observed, the observation counted among the draws.

    >>> p_value(3.0, [0.0, 1.0, 2.0])
    0.25
    """
    drawn = np.asarray(null, dtype=float)
    return float((1 + (drawn >= observed - 1e-12).sum()) / (1 + len(drawn)))
