"""Neuron clusters: which neurons form groups, how many are there, and would other text give the same?"""

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
    resampled,
    standardised,
)
from neuronscope.maths.geometry.clustering import (
    NONE,
    Scan,
    Stability,
    clusters,
    distance_to_middle,
    middles,
    most_central,
    scan,
    stability,
)
from neuronscope.maths.geometry.projection import principal_components
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed, TopK
from neuronscope.words.neurons import (
    ClusterComponents,
    ClusterCount,
    ClusterMethod,
    NeuronFeatures,
    NeuronLayers,
    NullCount,
    ScanEnd,
    Standardise,
    TextResamples,
)

_SAMPLE = 300
"""How many neurons the scan and the resampling look at."""


@analysis(
    kind="points", cites="lloyd1982least campello2013density rousseeuw1987silhouettes hennig2007cluster"
)
def neuron_clusters(  # noqa: PLR0913 - each choice of a clustering is one keyword
    model: Model,
    corpus: Corpus | None = None,
    *,
    layer: NeuronLayers = -1,
    features: NeuronFeatures = "activations",
    method: ClusterMethod = "kmeans",
    n_clusters: ClusterCount = 0,
    most_clusters: ScanEnd = 8,
    standardise: Standardise = "neuron",
    components: ClusterComponents = 20,
    top_k: TopK = 10,
    n_null: NullCount = 20,
    n_resamples: TextResamples = 4,
    n_passages: PassageCount = 32,
    n_tokens: PassageLength = 32,
    seed: Seed = 0,
) -> xr.Dataset:
    """Sort neurons into clusters, and say whether these stand out from chance and come back on other text.

    Features become principal components, and these are clustered. Returns ``coordinates`` over item (a
    neuron, as LAYER.NEURON) and component, and over item its ``group`` in words, ``cluster_of_item`` (0 is
    the largest, -1 none) and ``distance`` to the middle of it. Over cluster: ``size``, ``recovery`` (overlap
    with its like on resampled passages, 1 = the same) beside ``recovery_null``, over component the
    ``centre``, and over rank ``top_neuron``, nearest the middle first. Over cluster_count the scan: mean
    ``silhouette`` of up to 300 neurons beside ``silhouette_null`` (each component shuffled over the neurons),
    with ``scan_p`` for the scan as a whole. ``stability`` is the mean adjusted Rand index with clusterings
    on resampled passages, ``stability_low`` and ``stability_high`` the least and the greatest; NaN where
    features are weights, which no text moves. With n_clusters 0 the number whose silhouette is furthest
    above chance is taken. Raises `BadInput` as `neuron_map` does, and for more clusters than neurons.
    """
    layers = layers_with_neurons(model, layer)
    read = passages(model, corpus, n=n_passages, n_tokens=n_tokens, seed=seed)
    activity = activation_profiles(model, read, layers, effects=features == "effects")

    def placed(on: Profiles) -> np.ndarray:
        values = standardised(described(model, on, features).values, standardise)
        return principal_components(values, components, seed=seed).coordinates if components else values

    points = placed(activity)
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(points))[:_SAMPLE])
    last = min(max(most_clusters, n_clusters), len(some) - 1)
    if n_clusters > last:
        raise BadInput(f"neuron_clusters: n_clusters={n_clusters} is too many; {last} is the most here.")
    scanned = scan(points[some], range(2, last + 1), method, n_null=n_null, seed=seed)
    chosen = n_clusters or scanned.best
    labels = clusters(points, method, n_clusters=chosen, seed=seed)
    moved = 0 if features.endswith("_weights") else n_resamples
    again = [
        clusters(placed(resampled(activity.of(some), rng)), method, n_clusters=chosen, seed=seed)
        for _ in track(range(moved), "resampled passages")
    ]
    stable = stability(labels[some], again, rng, n_clusters=int(labels.max()) + 1)
    result = label(
        {
            "item": activity.names,
            "layer": ("item", activity.layer),
            "neuron": ("item", activity.neuron),
            "cluster_count": scanned.n_clusters,
        },
        **_members(points, labels, _told(scanned, stable)),
        **_groups(np.array(activity.names), points, labels, top_k),
        **_scan(scanned),
        **_stable(stable, n=len(again)),
    )
    return result.assign_attrs(features=features, method=method, n=n_passages, n_unit="passages")


def _told(scanned: Scan, stable: Stability) -> str:
    place = int((scanned.silhouette - scanned.null).argmax()) if np.isfinite(scanned.p) else 0
    words = f"silhouette {scanned.silhouette[place]:.2f}"
    if np.isfinite(scanned.p):
        words += f", by chance {scanned.null[place]:.2f} (p = {scanned.p:.2g} for the scan)"
    return words if np.isnan(stable.mean) else f"{words}; stability on other text {stable.mean:.2f} of 1"


def _members(points: np.ndarray, labels: np.ndarray, told: str) -> dict[str, Any]:
    words = np.array(["none" if number == NONE else f"cluster {number}" for number in labels])
    away = distance_to_middle(points, labels)
    looks = {"long_name": "principal components", "signed": True, "meaning": told}
    return {
        "coordinates": ("item component", points, looks),
        "group": ("item", words, {"long_name": "cluster"}),
        "cluster_of_item": ("item", labels, {"long_name": "cluster, -1 for none"}),
        "distance": ("item", away, {"long_name": "distance to the middle of the cluster"}),
    }


def _groups(names: np.ndarray, points: np.ndarray, labels: np.ndarray, top_k: int) -> dict[str, Any]:
    """Return size, middle and the most central neurons of each cluster; words are empty beyond its size."""
    n = labels.max() + 1
    best = np.append(names, "")[most_central(points, labels, top_k)]
    return {
        "size": ("cluster", np.bincount(labels + 1, minlength=n + 1)[1:], {"long_name": "neurons"}),
        "centre": ("cluster component", middles(points, labels), {"long_name": "middle of the cluster"}),
        "top_neuron": ("cluster rank", best, {"long_name": "neuron"}),
    }


def _scan(scanned: Scan) -> dict[str, Any]:
    return {
        "silhouette": ("cluster_count", scanned.silhouette, {"long_name": "mean silhouette"}),
        "silhouette_null": ("cluster_count", scanned.null, {"long_name": "mean silhouette by chance"}),
        "scan_p": ("", scanned.p, {"long_name": "p that any number of clusters stands out so much"}),
    }


def _stable(stable: Stability, *, n: int) -> dict[str, Any]:
    told = {"long_name": "adjusted Rand index with resampled passages", "n": n, "n_unit": "resamples"}
    like = "overlap with its like on resampled passages"
    return {
        "recovery": ("cluster", stable.recovery, {"long_name": like}),
        "recovery_null": ("cluster", stable.recovery_null, {"long_name": f"{like} by chance"}),
        "stability": ("", stable.mean, told),
        "stability_low": ("", stable.low, told),
        "stability_high": ("", stable.high, told),
    }
