"""Does what a neuron does through later heads keep to one direction, whatever the prompt?"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.linear import Direction
from neuronscope.instruments.second_order.chosen import Block, Chosen, held_strengths
from neuronscope.instruments.second_order.factored import paths, vectors
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.maths.geometry.rank_one import permuted_explained, principal, resampled
from neuronscope.models.model import Model

QUANTILES = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5)
"""Shares of the training prompts whose effect is shorter: what is above is kept, 1 to 50 % of them."""


@dataclass(frozen=True, eq=False)
class Sizes:
    """How many examples a component is found on, and how often chance and resamples are drawn.

    ``n_kept`` of the resamples give their component as a vector.
    """

    n_selected: int
    n_null: int
    n_resamples: int
    n_kept: int
    seed: int = 0


@dataclass(eq=False)
class RankOne:
    """The first component of each chosen neuron's effects, vectors of the normalised stream, and its shares.

    ``mean_strength`` lies along the paths from the lowest layer there is; a neuron of a later layer has NaN
    for the first of them. ``norm_quantile`` is the length that the shares `QUANTILES` of all examples are
    below. ``effect`` is what each example's vector gives along the reading, ``length`` how far it is from
    the mean. ``null`` and ``null_all`` are what chance explains, ``drawn`` what resamples do.
    """

    component: Float[np.ndarray, "item width"]
    mean_vector: Float[np.ndarray, "item width"]
    mean_strength: Float[np.ndarray, "item path"]
    paths: tuple[tuple[int, int], ...]
    explained: Float[np.ndarray, " item"]
    explained_all: Float[np.ndarray, " item"]
    null: Float[np.ndarray, "sample item"]
    null_all: Float[np.ndarray, "sample item"]
    drawn: Float[np.ndarray, "sample item"]
    resampled: Float[np.ndarray, "item sample width"]
    positive: Float[np.ndarray, " item"]
    threshold: Float[np.ndarray, " item"]
    norm_quantile: Float[np.ndarray, "item quantile"]
    effect: Float[np.ndarray, "item prompt"]
    length: Float[np.ndarray, "item prompt"]

    def strongest(self, n_prompts: int) -> Int[np.ndarray, "item rank"]:
        """Return the examples farthest from the mean, farthest first."""
        return np.argsort(-self.length, axis=1, kind="stable")[:, :n_prompts]


def neuron_components(
    model: Model, problems: Problems, direction: Direction, chosen: Chosen, sizes: Sizes
) -> RankOne:
    """Return the first component of each chosen neuron, by its strengths and the Gram matrix of its paths.

    ``direction`` is what ``effect`` reads. Vectors are written out for a block of neurons at a time, and only
    components and means become vectors of the stream.
    """
    lowest = int(chosen.layer.min())
    every = paths(model, lowest)
    found = _empty(model, (len(chosen), len(problems)), every, sizes)
    for block, strength in held_strengths(model, problems, chosen):
        _fill(found, model, block, strength, direction, sizes)
    return found


def _empty(model: Model, shape: tuple[int, int], every: tuple[tuple[int, int], ...], sizes: Sizes) -> RankOne:
    n_items, n_prompts = shape

    def room(*shape: int) -> np.ndarray:
        return np.full(shape, np.nan)

    return RankOne(
        component=room(n_items, model.width),
        mean_vector=room(n_items, model.width),
        mean_strength=room(n_items, len(every)),
        paths=every,
        explained=room(n_items),
        explained_all=room(n_items),
        null=room(sizes.n_null, n_items),
        null_all=room(sizes.n_null, n_items),
        drawn=room(sizes.n_resamples, n_items),
        resampled=room(n_items, min(sizes.n_kept, sizes.n_resamples), model.width),
        positive=room(n_items),
        threshold=room(n_items),
        norm_quantile=room(n_items, len(QUANTILES)),
        effect=room(n_items, n_prompts),
        length=room(n_items, n_prompts),
    )


def _fill(
    found: RankOne, model: Model, block: Block, strength: Tensor, direction: Direction, sizes: Sizes
) -> None:
    fixed = vectors(model, block.layer, block.numbers)
    held = strength.permute(2, 0, 1)
    gain = torch.einsum("npw,bw->nbp", fixed, direction.vectors.to(fixed.dtype))
    rows = block.items
    found.effect[rows] = (held * gain).sum(-1).double().cpu().numpy()
    values, written = held.double().cpu().numpy(), fixed.detach().double().cpu().numpy()
    gram = written @ np.swapaxes(written, 1, 2)
    first = principal(values, gram, n_selected=sizes.n_selected)
    mean = values.mean(1)
    found.component[rows] = (first.coefficient[:, None] @ written)[:, 0]
    found.mean_vector[rows] = (mean[:, None] @ written)[:, 0]
    found.mean_strength[rows, -values.shape[2] :] = mean
    for name in ("explained", "explained_all", "positive", "threshold", "length"):
        getattr(found, name)[rows] = getattr(first, name)
    found.norm_quantile[rows] = np.quantile(first.length, QUANTILES, axis=1).T
    seed = [sizes.seed, int(rows[0])]
    found.null[:, rows], found.null_all[:, rows] = permuted_explained(
        values, gram, n_selected=sizes.n_selected, n_null=sizes.n_null, seed=seed
    )
    again, found.drawn[:, rows] = resampled(
        values, gram, n_selected=sizes.n_selected, n_resamples=sizes.n_resamples, seed=seed
    )
    kept = np.einsum("snp,npw->nsw", again[: found.resampled.shape[1]], written)
    side = np.sign(kept @ found.component[rows][..., None])
    found.resampled[rows] = kept * np.where(side == 0, 1.0, side)
