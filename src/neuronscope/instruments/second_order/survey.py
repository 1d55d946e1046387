"""How large are the effects of all neurons on the prompts, and in which layers does their variance lie?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuronscope.instruments.linear import Direction
from neuronscope.instruments.second_order.effects import neuron_effects
from neuronscope.instruments.second_order.passes import held_passes
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.maths.ranking import ResampledSums
from neuronscope.models.model import Model


@dataclass(frozen=True, eq=False)
class Survey:
    """What all neurons of all layers do on the prompts: sums alone, so that no effect of a prompt is kept.

    ``magnitude`` is the mean |effect|; ``layer_share`` is each layer's share of the variance over prompts
    of the effects of all neurons, with the ends of its 95 % interval over resamples of the prompts;
    ``stronger_share`` is that of the layer and all stronger ones together.
    """

    magnitude: Float[np.ndarray, "layer neuron"]
    layer_share: Float[np.ndarray, " layer"]
    low: Float[np.ndarray, " layer"]
    high: Float[np.ndarray, " layer"]
    stronger_share: Float[np.ndarray, " layer"]
    stronger_low: Float[np.ndarray, " layer"]
    stronger_high: Float[np.ndarray, " layer"]


def survey(
    model: Model, problems: Problems, direction: Direction, *, n_resamples: int = 200, seed: int = 0
) -> Survey:
    """Return how large the effects of all neurons are, and how their variance lies over the layers."""
    sums = ResampledSums(len(problems), n_resamples=n_resamples, seed=seed)
    size = np.zeros((model.n_layers, model.n_neurons))
    for rows, seen in held_passes(model, problems):
        effect = neuron_effects(seen, direction.picked(rows)).double().cpu().numpy()
        size = size + np.abs(effect).sum(0)
        sums.add("effect", effect)
        sums.add("square", effect**2)
    n_prompts = sums.weights.sum(1)[:, None, None]
    mean = sums.sums["effect"] / n_prompts
    spread = np.maximum(sums.sums["square"] / n_prompts - mean**2, 0.0)
    by_layer = np.nansum(spread, -1)
    whole = by_layer.sum(-1, keepdims=True)
    share = np.divide(by_layer, whole, out=np.full_like(by_layer, np.nan), where=whole > 0)
    order = np.argsort(-share[0], kind="stable")
    together = np.empty_like(share)
    together[:, order] = share[:, order].cumsum(1)
    ends = np.full((2, 2, model.n_layers), np.nan)
    if len(problems) > 1 and whole[0] > 0:
        ends = np.nanquantile(np.stack([share, together])[:, 1:], [0.025, 0.975], axis=1).swapaxes(0, 1)
    (low, high), (stronger_low, stronger_high) = ends
    return Survey(size / len(problems), share[0], low, high, together[0], stronger_low, stronger_high)
