"""Neuron map: which neurons are alike in what they do, seen as a picture?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.neurons.profiles import (
    Profiles,
    activation_profiles,
    described,
    layers_with_neurons,
    standardised,
    weight_profiles,
)
from neuronscope.maths.geometry.projection import principal_components, shuffled, trustworthiness, tsne, umap
from neuronscope.maths.geometry.sparsity import excess_kurtosis
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed
from neuronscope.words.neurons import (
    ComponentCount,
    MapColour,
    MapMethod,
    Neighbours,
    NeuronFeatures,
    NeuronLayers,
    Standardise,
)

BEFORE = 50
"""How many principal components t-SNE and UMAP are given."""
_SAMPLE = 1000


@analysis(kind="points", cites="pearson1901lines maaten2008visualizing mcinnes2018umap venna2001neighborhood")
def neuron_map(  # noqa: PLR0913 - each choice of a picture is one keyword
    model: Model,
    corpus: Corpus | None = None,
    *,
    layer: NeuronLayers = -1,
    features: NeuronFeatures = "activations",
    method: MapMethod = "pca",
    colour: MapColour = "layer",
    standardise: Standardise = "neuron",
    components: ComponentCount = 10,
    neighbours: Neighbours = 30,
    n_passages: PassageCount = 32,
    n_tokens: PassageLength = 32,
    seed: Seed = 0,
) -> xr.Dataset:
    """Place every neuron on a map where neurons that do alike lie near each other.

    Returns ``coordinates`` over item (a neuron, as LAYER.NEURON) and component; over item what can colour it:
    ``layer``, and over the tokens of the passages ``mean``, ``deviation``, ``kurtosis`` and ``share_active``
    (share of tokens above 0) of the activation, and ``output_length`` of the weights; and ``trustworthiness``
    of the first two components (1 = neighbours on the map are neighbours in truth), beside
    ``trustworthiness_null`` of a map with the neurons put down at random. For pca also
    ``explained_variance`` over component, and ``explained_variance_null`` of the same features with each
    shuffled over the neurons. The first token of each passage is left out. t-SNE and UMAP start from the
    first 50 principal components and give two components. Raises `BadInput` where the features are too large
    for memory or cannot be read, and for UMAP without its package.
    """
    layers = layers_with_neurons(model, layer)
    read = passages(model, corpus, n=n_passages, n_tokens=n_tokens, seed=seed)
    activity = activation_profiles(model, read, layers)
    base = activation_profiles(model, read, layers, effects=True) if features == "effects" else activity
    values = standardised(described(model, base, features).values, standardise)
    if method == "pca":
        found = principal_components(values, components, seed=seed)
        places, extra = found.coordinates, _variance(values, found.explained, seed)
    else:
        near = principal_components(values, BEFORE, seed=seed).coordinates
        draw = tsne if method == "tsne" else umap
        places, extra = draw(near, 2, neighbours=neighbours, seed=seed), {}
    trust = _trust(values, places, seed)
    title = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}[method]
    looks = {"long_name": title, "signed": True, "meaning": _told(trust, extra)}
    result = label(
        {"item": activity.names, "neuron": ("item", activity.neuron)},
        coordinates=("item component", places, looks),
        **_colours(model, activity, layers, colour),
        **trust,
        **extra,
    )
    return result.assign_attrs(features=features, method=method, n=n_passages, n_unit="passages")


def _told(trust: dict[str, Any], extra: dict[str, Any]) -> str:
    true, chance = (trust[name][1] for name in ("trustworthiness", "trustworthiness_null"))
    words = f"trustworthiness {true:.2f}, by chance {chance:.2f}"
    if not extra:
        return words
    held = 100 * extra["explained_variance"][1][:2].sum()
    return f"{words}; two components hold {held:.1f} % of the variance"


def _colours(model: Model, activity: Profiles, layers: list[int], first: str) -> dict[str, Any]:
    """Return what can colour the points, the chosen one first, since the view takes the first."""
    acts = activity.values
    known = {
        "layer": (activity.layer, {"long_name": "layer"}),
        "mean": (acts.mean(1), {"long_name": "mean activation"}),
        "deviation": (acts.std(1), {"long_name": "standard deviation of the activation"}),
        "share_active": ((acts > 0).mean(1), {"long_name": "share of tokens with activation above 0"}),
        "kurtosis": (
            excess_kurtosis(acts),
            {"long_name": "excess kurtosis of the activation", "signed": False},
        ),
    }
    try:
        rows = weight_profiles(model, layers, side="output").values
        known["output_length"] = (np.sqrt((rows**2).sum(1)), {"long_name": "length of the output weights"})
    except BadInput:
        if first == "output_length":
            raise
    order = sorted(known, key=lambda name: name != first)
    return {name: ("item", *known[name]) for name in order}


def _variance(values: np.ndarray, explained: np.ndarray, seed: int) -> dict[str, Any]:
    chance = principal_components(shuffled(values, np.random.default_rng(seed)), len(explained), seed=seed)
    return {
        "explained_variance": ("component", explained, {"long_name": "share of variance"}),
        "explained_variance_null": (
            "component",
            chance.explained,
            {"long_name": "share of variance by chance"},
        ),
    }


def _trust(values: np.ndarray, places: np.ndarray, seed: int) -> dict[str, Any]:
    """Say how far the picture may be trusted, on some neurons where there are many."""
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(values))[:_SAMPLE])
    seen, shown = values[some], places[some, :2]
    told = {"long_name": "trustworthiness of the picture", "n": len(some), "n_unit": "neurons"}
    return {
        "trustworthiness": ("", trustworthiness(seen, shown), told),
        "trustworthiness_null": ("", trustworthiness(seen, rng.permutation(shown)), told),
    }
