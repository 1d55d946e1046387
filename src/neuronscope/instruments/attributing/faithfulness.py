"""Do the things that score highest matter most? Take them away first, or bring them back first, and see."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuronscope.maths.ranking_agreement import mean_height

Kept = Callable[[Bool[np.ndarray, "cell item"]], Float[np.ndarray, " cell"]]
"""The metric where these of the things are as they are and all others at their baseline, one number a row."""

_MOST_STEPS = 12


def sizes_of(n: int) -> list[int]:
    """Return how many things are changed at each point of a curve: none, then more and more, then all.

    Every number up to a dozen things; else a dozen numbers that grow evenly, for each order the same.
    """
    return sorted({round(n * step / min(n, _MOST_STEPS)) for step in range(min(n, _MOST_STEPS) + 1)})


def areas(
    kept: Kept, scores: Float[np.ndarray, "item candidate"]
) -> tuple[Float[np.ndarray, "item bound"], float]:
    """Return for each order of things its deletion and insertion area, and what all things together do.

    Orders are rows of scores, from the best down. Deletion puts the best at their baseline first, insertion
    brings them back first; each area is the mean height of the metric over the share of things changed, above
    the metric with all at the baseline, in its units. A good order has a small area of deletion and a large
    one of insertion (Samek et al. 2017; Petsiuk et al. 2018). What all do together is the metric as it is,
    less that with all at the baseline.
    """
    n_ways, n = scores.shape
    order = np.argsort(-scores, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(n), order.shape), axis=1)
    sizes = np.array(sizes_of(n))
    inserted = place[:, None, :] < sizes[None, :, None]
    masks = np.stack([~inserted, inserted], 1).reshape(-1, n)
    # All curves begin and end alike, and many meet between.
    different, back = np.unique(masks, axis=0, return_inverse=True)
    heights = kept(different)[back.ravel()].reshape(n_ways, 2, len(sizes))
    nothing = heights[0, 1, 0]
    return mean_height(heights - nothing, sizes / n), float(heights[0, 0, 0] - nothing)


def random_orders(n: int, n_orders: int, rng: np.random.Generator) -> Float[np.ndarray, "item candidate"]:
    """Return scores that put n things in random orders."""
    return rng.permuted(np.tile(np.arange(float(n)), (n_orders, 1)), axis=1)


def tokens_kept(
    score: Callable[[Tensor], Tensor], actual: Float[Tensor, "batch position width"], baseline: Tensor
) -> Kept:
    """Return the metric as a function of which tokens of a prompt are kept."""

    def kept(masks: np.ndarray) -> np.ndarray:
        mask = torch.as_tensor(masks, device=actual.device)[..., None]
        with torch.no_grad():
            return score(torch.where(mask, actual, baseline.to(actual))).double().cpu().numpy()

    return kept


def neurons_kept(
    after: Callable[[Tensor, Sequence[int]], Tensor],
    actual: Float[Tensor, "position neuron"],
    baseline: Tensor,
    row: int,
) -> Kept:
    """Return the metric as a function of which neurons of a layer are kept; ``after`` takes held and rows."""

    def kept(masks: np.ndarray) -> np.ndarray:
        found = []
        for part in np.array_split(masks, max(1, len(masks) * len(actual) // 2048)):
            mask = torch.as_tensor(part, device=actual.device)[:, None]
            with torch.no_grad():
                held = torch.where(mask, actual, baseline.to(actual))
                found.append(after(held, [row] * len(part)).double().cpu().numpy())
        return np.concatenate(found)

    return kept
