"""What do several methods say of the same prompts, and how well do their orders do?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.attributing.embeddings import EmbeddedPrompt, embedding_baseline
from neuronscope.instruments.attributing.faithfulness import areas, neurons_kept, random_orders, tokens_kept
from neuronscope.instruments.attributing.neurons import Method as NeuronMethod
from neuronscope.instruments.attributing.neurons import neuron_baselines, neuron_scores
from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.instruments.attributing.row_metrics import row_metric
from neuronscope.instruments.attributing.tokens import METHODS, token_scores
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.metrics import LastMetric
from neuronscope.models.model import Model
from neuronscope.results import track
from neuronscope.words import BadInput

NEURON_METHODS: tuple[NeuronMethod, ...] = ("integrated_gradients", "gradient_activation", "ablation")


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the same things by several methods, prompt by prompt, with the areas that their orders have.

    ``scores`` are [item candidate] for each prompt, methods by things; ``unsigned`` names methods that give
    sizes alone. ``areas`` are of deletion and insertion, those of random orders beside them, and ``whole`` is
    what all things together do, all in units of the metric.
    """

    methods: tuple[str, ...]
    unsigned: frozenset[str]
    scores: list[Float[np.ndarray, "item candidate"]]
    areas: Float[np.ndarray, "prompt item bound"]
    random_areas: Float[np.ndarray, "prompt cell bound"]
    whole: Float[np.ndarray, " prompt"]


def token_rankings(
    model: Model,
    pairs: PromptPairs,
    metric: str | LastMetric,
    baseline: str,
    *,
    n_steps: int,
    n_orders: int,
    n_random: int,
    seed: int,
) -> Scored:
    """Score the tokens of each prompt by every method, and measure their orders and random ones.

    Raises `BadInput` for a prompt of one token, where there is nothing to order.
    """
    start, measured = embedding_baseline(model, baseline), row_metric(pairs, metric)
    if min(map(len, pairs.clean)) < 2:
        raise BadInput("Methods are compared over two tokens or more; give a longer prompt.")
    every: list[np.ndarray] = []
    heights: list[tuple[np.ndarray, float]] = []
    for row in track(range(len(pairs)), "prompts"):
        prompt = EmbeddedPrompt(model, pairs, row, measured)
        given = [
            token_scores(prompt, start, method=one, n_steps=n_steps, n_orders=n_orders, seed=seed).scores
            for one in METHODS
        ]
        every.append(torch.stack(given).numpy())
        chance = random_orders(every[-1].shape[1], n_random, np.random.default_rng([seed, row]))
        kept = tokens_kept(prompt.score, prompt.actual, start)
        heights.append(areas(kept, np.concatenate([every[-1], chance])))
    return _scored(METHODS, frozenset({"saliency"}), every, heights)


def neuron_rankings(
    model: Model,
    pairs: PromptPairs,
    metric: str | LastMetric,
    baseline: str,
    layer: int,
    *,
    n_steps: int,
    n_random: int,
    seed: int,
) -> Scored:
    """Score the neurons of one layer at the last token by every method, as `token_rankings` does tokens.

    ``layer`` −1 is the last that has neurons.
    """
    there = model.layers("mlp_act") or [0]
    at, measured = there[-1] if layer < 0 else layer, row_metric(pairs, metric)
    neurons = PatchedNeurons(model, list(pairs.clean), layers=[at])
    baselines = neuron_baselines(model, [at], pairs, baseline=baseline, reference="prompts")
    given = [
        neuron_scores(neurons, measured, baselines, method=one, n_steps=n_steps).scores[:, 0]
        for one in NEURON_METHODS
    ]
    every = list(np.stack(given, 1))
    base = baselines[at].expand(every[0].shape[1])

    def after(held: Tensor, rows: Sequence[int]) -> Tensor:
        return measured(rows)(neurons.after(at, held, rows))

    heights: list[tuple[np.ndarray, float]] = []
    for row, scores in enumerate(track(every, "prompts")):
        chance = random_orders(scores.shape[1], n_random, np.random.default_rng([seed, row]))
        kept = neurons_kept(after, neurons.actual(at)[row], base, row)
        heights.append(areas(kept, np.concatenate([scores, chance])))
    return _scored(NEURON_METHODS, frozenset(), every, heights)


def _scored(
    methods: Sequence[str],
    unsigned: frozenset[str],
    scores: list[np.ndarray],
    heights: list[tuple[np.ndarray, float]],
) -> Scored:
    stacked, n = np.stack([area for area, _ in heights]), len(methods)
    whole = np.array([one for _, one in heights])
    return Scored(tuple(methods), unsigned, scores, stacked[:, :n], stacked[:, n:], whole)
