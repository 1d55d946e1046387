"""Polysemanticity: does a neuron answer to one thing or to several? Many measures, which disagree."""

from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.neurons.profiles import (
    Profiles,
    activation_profiles,
    layers_with_neurons,
    strongest,
)
from neuronscope.instruments.neurons.selectivity import EXPERIMENTAL, MEASURES, UNITS, neuron_measures
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed, TopK
from neuronscope.words.neurons import ExampleCount, NeuronLayers, NullCount, PolysemanticityMeasure


@analysis(
    kind="grid",
    cites="elhage2022superposition morcos2018importance hoyer2004nonnegative hurley2009comparing "
    "gurnee2023haystack dreyer2024pure",
)
def polysemanticity(  # noqa: PLR0913 - each choice of what is read and shown is one keyword
    model: Model,
    corpus: Corpus | None = None,
    *,
    layer: NeuronLayers = -1,
    order_by: PolysemanticityMeasure = "context_silhouette",
    top_k: TopK = 12,
    n_examples: ExampleCount = 12,
    n_null: NullCount = 200,
    n_passages: PassageCount = 48,
    n_tokens: PassageLength = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Measure in many ways whether a neuron answers to one thing or to several; there is no single index.

    Over layer and neuron come, of the activation over all tokens, ``kurtosis`` (excess), ``hoyer``, ``gini``
    and ``participation`` (share of tokens in its energy); ``class_selectivity`` for classes of tokens; of the
    strongest tokens, one of each passage, ``class_entropy`` and ``token_entropy`` in bits; of their contexts
    (what the MLP reads there, in eight principal components) ``context_clusters``, ``context_silhouette`` and
    ``context_p``, how seldom as many tokens drawn at random cluster as well; and ``input_norm_bias``, ‖w‖·b
    of the input. The last three are experimental. ``percentile`` over measure and item shows the neurons that
    are first by one measure beside all others, with the values in ``shown`` and their ``example`` tokens over
    item and rank; ``rank_correlation`` over measure and other says how far the measures agree. Raises
    `BadInput` for more examples than passages.
    """
    if n_examples > n_passages:
        raise BadInput(f"polysemanticity: n_examples={n_examples} needs as many passages, not {n_passages}.")
    layers = layers_with_neurons(model, layer)
    read = passages(model, corpus, n=n_passages, n_tokens=n_tokens, seed=seed)
    activity = activation_profiles(model, read, layers)
    rng = np.random.default_rng(seed)
    found = neuron_measures(model, activity, read, n_examples=n_examples, n_null=n_null, rng=rng)
    names = [name for name in MEASURES if name in found]
    if order_by not in names or np.isnan(found[order_by]).all():
        raise BadInput(f"polysemanticity: there is no {order_by} here: choose another measure to order by.")
    first = np.argsort(-np.nan_to_num(found[order_by], nan=-np.inf), kind="stable")[:top_k]
    place = strongest(activity, min(5, n_examples))[first]
    texts = [model.token_texts(row) for row in activity.tokens[place]]
    result = label(
        {
            "measure": names,
            "measure_name": ("measure", [name.replace("_", " ") for name in names]),
            "other": names,
            "item": ("item", np.array(activity.names)[first], {"long_name": "neuron"}),
            "layer": layers,
            "neuron": range(int(activity.neuron.max()) + 1),
        },
        percentile=("measure item", _percentiles(found, names)[:, first], _shown(order_by)),
        shown=("measure item", [[_figures(float(found[name][item])) for item in first] for name in names]),
        example=("item rank", texts, {"long_name": "strongest tokens, one a passage"}),
        rank_correlation=("measure other", _correlation(found, names), {"long_name": "rank correlation"}),
        **_grids(activity, layers, found),
    )
    return result.assign_attrs(n=n_passages, n_unit="passages", order_by=order_by)


def _figures(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3g}".replace("-", "−")


def _shown(order_by: str) -> dict[str, Any]:
    told = f"neurons first by {MEASURES[order_by]}; the numbers are the values"
    return {"long_name": "percentile among all neurons", "units": "%", "signed": False, "meaning": told}


def _percentiles(found: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """Return for each measure the share of neurons that are below, in per cent, ties halved."""
    ranks = [rankdata(found[name], nan_policy="omit") for name in names]
    return np.stack([100 * (rank - 0.5) / np.isfinite(rank).sum() for rank in ranks])


def _correlation(found: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """Return Spearman's correlation of the measures over the neurons that have all of them."""
    values = np.stack([found[name] for name in names])
    known = values[:, np.isfinite(values).all(0)]
    ranks = np.stack([rankdata(row) for row in known]) if known.shape[1] > 1 else np.zeros((len(names), 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.corrcoef(ranks))


def _grids(activity: Profiles, layers: list[int], found: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the measures over layer and neuron, NaN where a layer has fewer neurons than another."""
    parts: dict[str, Any] = {}
    rows = np.searchsorted(layers, activity.layer)
    for name, values in found.items():
        grid = np.full((len(layers), int(activity.neuron.max()) + 1), np.nan)
        grid[rows, activity.neuron] = values
        told = {"long_name": MEASURES.get(name, "p of the silhouette"), "units": UNITS.get(name, "1")}
        parts[name] = ("layer neuron", grid, told | {"experimental": name in EXPERIMENTAL})
    return parts
