"""How much of a head's pattern follows from positions alone? Predicted from other prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from neuronscope.instruments.heads.reading import Patterns, attending_layers, head_patterns, measured_heads
from neuronscope.models.model import Model


@dataclass(frozen=True)
class PositionScores:
    """The share of a pattern's variance about even attention that positions explain, and their product.

    ``absolute`` and ``relative`` are that share for a mean pattern by query and key, and by their distance;
    below 0 where the mean misleads. The ``_together`` are products with what is predicted, which are 0 on the
    mean where positions say nothing.
    """

    absolute: Float[ndarray, "prompt layer head"]
    relative: Float[ndarray, "prompt layer head"]
    absolute_together: Float[ndarray, "prompt layer head"]
    relative_together: Float[ndarray, "prompt layer head"]


def position_scores(model: Model, prompts: Sequence[Tensor]) -> PositionScores:
    """Return the scores of the second half of some prompts of one length, predicted from the first half."""
    half = len(prompts) // 2
    layers = attending_layers(model)
    total: dict[int, ndarray] = {}
    visible: dict[int, ndarray] = {}
    for part in head_patterns(model, prompts[:half]):
        for place, layer in enumerate(part.layers):
            total[layer] = total.get(layer, 0.0) + part.pattern[place].sum(0)
            visible[layer] = part.visible[place]
    means = {layer: total[layer] / half for layer in layers}
    relative = {layer: by_distance(means[layer], visible[layer]) for layer in layers}

    def measure(part: Patterns) -> dict[str, ndarray]:
        found: dict[str, ndarray] = {}
        for kind, means_of in (("absolute", means), ("relative", relative)):
            expected = np.stack([means_of[layer] for layer in part.layers])[:, None]
            share, together = explained(part.pattern, expected, part.visible[:, None, None])
            found |= {kind: share, f"{kind}_together": together}
        return found

    return PositionScores(**measured_heads(model, prompts[half:], measure))


def explained(
    pattern: Float[ndarray, "*head query key"],
    expected: Float[ndarray, "*#head query key"],
    visible: Bool[ndarray, "*#head query key"],
) -> tuple[Float[ndarray, "*head"], Float[ndarray, "*head"]]:
    """Return the share of variance about even attention that an expected pattern explains, and the product.

    A pattern that is even has no such variance, and the share is 0.
    """
    even = visible / np.maximum(visible.sum(-1, keepdims=True), 1)
    off, guess = pattern - even, np.broadcast_to(expected - even, pattern.shape)
    whole = (off**2).sum((-2, -1))
    left = ((off - guess) ** 2).sum((-2, -1))
    share = 1 - np.divide(left, whole, out=np.ones_like(whole), where=whole > 1e-12)
    return share, (off * guess).sum((-2, -1))


def by_distance(
    mean: Float[ndarray, "*head query key"], visible: Bool[ndarray, "query key"]
) -> Float[ndarray, "*head query key"]:
    """Return the pattern in which only the distance of query and key counts, its rows summing to 1."""
    n_tokens = mean.shape[-1]
    found = np.zeros_like(mean)
    for back in range(1 - n_tokens, n_tokens):
        rows = np.arange(max(0, back), n_tokens + min(0, back))
        seen = rows[visible[rows, rows - back]]
        if len(seen):
            found[..., seen, seen - back] = mean[..., seen, seen - back].mean(-1, keepdims=True)
    return found / np.maximum(found.sum(-1, keepdims=True), 1e-300)
