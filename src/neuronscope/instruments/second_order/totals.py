"""What do all neurons do through later heads, on all prompts together? Sums, so that no prompt is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear import Direction, Linearised
from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.second_order.captured import all_orders, captured_sites
from neuronscope.instruments.second_order.effects import kept_layers
from neuronscope.instruments.second_order.factored import later_layers
from neuronscope.instruments.second_order.later_heads import LaterHeads, later_heads
from neuronscope.instruments.second_order.passes import held_passes
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.instruments.second_order.terms import nine_terms, term_sites
from neuronscope.maths.ranking import ResampledSums
from neuronscope.maths.sign_turns import turned_sum_p
from neuronscope.maths.significance import sign_flip_p
from neuronscope.models.model import Model

_EXACT_UP_TO = 10


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over prompts of what each neuron adds: straight, through one later head, along all ways.

    ``drawn`` holds sums over resamples of the prompts too, the plain ones first; ``powers`` the sums of the
    effect, its size and its square; ``by_path`` the sum of the effect through each later
    head, ``by_position`` that of all neurons of a layer from the last positions of the prompts.
    """

    n_prompts: int
    drawn: ResampledSums
    paths: tuple[tuple[int, int], ...]
    powers: Float[np.ndarray, "measure layer neuron"]
    first_order: Float[np.ndarray, "layer neuron"]
    every_order: Float[np.ndarray, "layer neuron"]
    every_square: Float[np.ndarray, "layer neuron"]
    missed_square: Float[np.ndarray, "layer neuron"]
    by_path: Float[np.ndarray, "layer neuron path"]
    by_position: Float[np.ndarray, "layer position"]
    terms: Float[np.ndarray, "prompt item"]
    totals: Float[np.ndarray, " prompt"]
    few: list[np.ndarray] = field(default_factory=list)

    @property
    def captured(self) -> Float[np.ndarray, "layer neuron"]:
        """Return the share of the squares of what a neuron adds along all ways that two orders explain.

        1 where they are all of it, below 0 where they are farther from it than nothing would be.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1 - self.missed_square / np.where(self.every_square > 0, self.every_square, np.nan)

    @property
    def p(self) -> Float[np.ndarray, "layer neuron"]:
        """Return how often turning the signs of whole prompts gives so large a mean effect; exact for ten."""
        if self.few:
            return sign_flip_p(np.concatenate(self.few))
        return turned_sum_p(*self.powers)


def effect_totals(
    model: Model,
    problems: Problems,
    direction: Direction,
    *,
    n_positions: int = 0,
    n_resamples: int = 100,
    seed: int = 0,
) -> Totals:
    """Return the sums over the problems of the second-order effects of all neurons, and what goes with them.

    At most the last ``n_positions`` of the shortest prompt are told apart. Raises `BadInput` as
    `held_passes` does.
    """
    parts, n_problems = fixed(model), len(problems)
    shape = (len(parts.layers), parts.n_neurons)
    paths = tuple((at, head) for at in later_layers(parts, -1) for head in range(parts.layers[at].heads))
    n_last = min(n_positions, *map(len, problems.prompts))
    sums = ResampledSums(n_problems, n_resamples=n_resamples, seed=seed)
    first, every, squares, missed = (np.zeros(shape) for _ in range(4))
    powers, by_path = np.zeros((3, *shape)), np.full((*shape, len(paths)), np.nan)
    by_position, few, terms, totals = np.zeros((shape[0], n_last)), [], [], []
    keep = [*term_sites(model), *captured_sites(model)]
    for rows, seen in held_passes(model, problems, keep=keep):
        read = direction.picked(rows)
        heads = later_heads(seen, read)
        effect, through = _effects(seen, heads, by_path, n_last)
        straight = _wide(seen.direct(read).neuron, shape[1])
        whole = all_orders(seen, read).double()
        named = nine_terms(seen, read)
        values = effect.numpy()
        sums.add("effect", values)
        powers += np.stack([values.sum(0), np.abs(values).sum(0), (values**2).sum(0)])
        first += straight.sum(0).numpy()
        every += whole.sum(0).numpy()
        squares += whole.square().sum(0).numpy()
        missed += (whole - straight - effect).square().sum(0).numpy()
        by_position += through
        terms.append(named.value.double().numpy())
        totals.append(named.total.double().numpy())
        few += [values] if n_problems <= _EXACT_UP_TO else []
    return Totals(
        n_problems, sums, paths, powers, first, every, squares, missed, by_path, by_position,
        np.concatenate(terms), np.concatenate(totals), few,
    )  # fmt: skip


def _effects(
    seen: Linearised, heads: LaterHeads, by_path: np.ndarray, n_last: int
) -> tuple[Float[Tensor, "prompt layer neuron"], Float[np.ndarray, "layer position"]]:
    """Return the effects of a batch, and by position those of a layer; add to the sums by path."""
    n_prompts, (n_layers, n_neurons, _) = len(seen.final_scale), by_path.shape
    effect = torch.full((n_prompts, n_layers, n_neurons), torch.nan, dtype=torch.float64)
    by_position = np.zeros((n_layers, n_last))
    for layer in kept_layers(seen):
        after = heads.after(layer)
        active, vectors = seen.neuron_writers(layer)
        each = after.by_path(active, vectors).double()
        effect[:, layer, : len(vectors)] = each.sum(1)
        if after.layers:
            own = by_path[layer, : len(vectors), -len(after.layers) :]
            own[...] = np.nan_to_num(own) + each.sum(0).T.numpy()
        if after.layers and n_last:
            columns = last_columns(seen, n_last)
            rows = torch.arange(n_prompts)[:, None]
            written = active[rows, columns] @ vectors
            by_position[layer] = (written * after.together[rows, columns]).sum((0, 2)).double().numpy()
    return effect, by_position


def last_columns(seen: Linearised, n_last: int) -> Tensor:
    """Return the columns of the last tokens of each prompt: [prompt position]."""
    ends = torch.tensor(seen.seen.batch.last)[:, None]
    return ends + torch.arange(1 - n_last, 1)


def _wide(values: Tensor, n_neurons: int) -> Tensor:
    """Return values over neurons in double precision, NaN where a layer has fewer."""
    return torch.nn.functional.pad(values.double(), (0, n_neurons - values.shape[-1]), value=torch.nan)


@dataclass(frozen=True, eq=False)
class Listed:
    """The second-order effects of a few neurons on every prompt, and from where in the prompts they come."""

    effect: Float[np.ndarray, "prompt rank"]
    by_position: Float[np.ndarray, "rank position"]


def listed_effects(
    model: Model,
    problems: Problems,
    direction: Direction,
    layers: Sequence[int],
    neurons: Sequence[int],
    *,
    n_positions: int = 0,
) -> Listed:
    """Return what each of a few neurons does on each prompt, and its mean effect from the last positions."""
    n_last = min(n_positions, *map(len, problems.prompts))
    effect, by_position = np.full((len(problems), len(layers)), np.nan), np.zeros((len(layers), n_last))
    at, number = np.asarray(layers, dtype=int), np.asarray(neurons, dtype=int)
    for rows, seen in held_passes(model, problems, layers=np.unique(at).tolist()):
        heads = later_heads(seen, direction.picked(rows))
        every = torch.arange(len(seen.final_scale))[:, None]
        for layer in np.unique(at).tolist():
            own = np.flatnonzero(at == layer)
            active, vectors = seen.neuron_writers(layer)
            few, after = torch.from_numpy(number[own]), heads.after(layer)
            active, vectors = active[..., few], vectors[few]
            each = active * (after.together @ vectors.T) if after.layers else torch.zeros_like(active)
            effect[rows, own] = each.sum(1).double().numpy()
            if n_last:
                by_position[own] += each[every, last_columns(seen, n_last)].sum(0).T.double().numpy()
    return Listed(effect, by_position / len(problems))
