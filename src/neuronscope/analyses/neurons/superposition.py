"""Superposition: how many neurons share how few dimensions of the residual stream?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments.neurons.profiles import layers_with_neurons, weight_profiles
from neuronscope.maths.geometry.superposition import (
    MEASURES,
    OVERLAP_BINS,
    feature_dimensionality,
    measures,
    overlap_counts,
    overlaps,
    random_measures,
)
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import Seed
from neuronscope.words.neurons import NeuronLayers, NullCount, WeightSide


@analysis(kind="profile", cites="elhage2022superposition scherlis2022polysemanticity")
def superposition(
    model: Model,
    *,
    layer: NeuronLayers = -1,
    weights: WeightSide = "output",
    n_null: NullCount = 40,
    seed: Seed = 0,
) -> xr.Dataset:
    """Measure how crowded the directions are that the neurons of a layer write, or read.

    Returns over layer the mean ``dimensionality`` of its neurons, the share of a dimension that each has to
    itself (1 = at right angles to all others, 1/2 = one of a pair that points opposite ways), and its sum
    ``dimensions_held``; ``participation``, how many dimensions the spectrum fills; ``interference``, the mean
    squared cosine of two neurons; ``largest_cosine``, the mean over neurons of the largest |cosine| with
    another. Each has its mean over random directions of the same lengths (``null``, or NAME_null) and a
    two-sided ``p`` (NAME_p). Over layer and neuron: ``neuron_dimensionality``, ``neuron_largest_cosine`` and
    ``neuron_length``. Over layer and bin: ``overlap_count``, how many neurons have a largest |cosine| between
    ``bin_low`` and ``bin_high``, beside what random directions have, ``overlap_count_null``, with the ends
    that 95 % of the draws lie within. Raises `BadInput` where a layer's weights are hidden.
    """
    layers = layers_with_neurons(model, layer)
    found = weight_profiles(model, layers, side=weights)
    sets = [found.values[found.layer == each] for each in layers]
    seen = [measures(rows) for rows in track(sets, "layers")]
    chance = random_measures(sets, n_null, seed=seed)
    n_neurons, width = max(map(len, sets)), model.width
    each = {
        "neuron_dimensionality": (_filled(sets, n_neurons, feature_dimensionality), "share of a dimension"),
        "neuron_largest_cosine": (
            _filled(sets, n_neurons, lambda rows: overlaps(rows)[0]),
            "largest |cosine|",
        ),
        "neuron_length": (_filled(sets, n_neurons, lambda rows: np.sqrt((rows**2).sum(1))), "length"),
    }
    result = label(
        {"layer": layers, "neuron": range(n_neurons)},
        **_measured(seen, chance),
        **{name: ("layer neuron", values, {"long_name": words}) for name, (values, words) in each.items()},
        **_overlap_histogram(each["neuron_largest_cosine"][0], chance),
    )
    room = f"{n_neurons} vectors in {width} dimensions: {width / n_neurons:.2g} each at most on the mean"
    result["dimensionality"].attrs["meaning"] = room
    return result.assign_attrs(weights=weights, n=n_neurons, n_unit="neurons a layer")


def _measured(seen: list[dict[str, float]], chance: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return each measure over layers with what chance gives and how seldom it gives as much."""
    parts: dict[str, Any] = {}
    for number, (name, words) in enumerate(MEASURES.items()):
        values = np.array([one[name] for one in seen])
        null = np.stack([one[name] for one in chance], axis=1)
        some = len(null) > 0
        before = f"{name}_" if number else ""
        parts[name] = ("layer", values, {"long_name": words})
        parts[f"{before}null"] = ("layer", null.mean(0) if some else np.full(len(values), np.nan))
        parts[f"{before}p"] = ("layer", rank_p(values, null) if some else np.full(len(values), np.nan))
    return parts


def _overlap_histogram(largest: np.ndarray, chance: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return over layer and bin how many neurons overlap so much, and how many random directions do."""
    counts = np.stack([overlap_counts(row) for row in largest])
    null = (
        np.stack([one["overlap_counts"] for one in chance], axis=1)
        if len(chance[0]["dimensionality"])
        else None
    )
    ends = [np.full(counts.shape, np.nan)] * 3
    if null is not None:
        ends = [null.mean(0), *np.quantile(null, [0.025, 0.975], axis=0)]
    told = {"long_name": "neurons by their largest |cosine| with another", "units": "neurons"}
    names = ("overlap_count_null", "overlap_count_null_low", "overlap_count_null_high")
    return {
        "overlap_count": ("layer bin", counts, told),
        **{name: ("layer bin", end) for name, end in zip(names, ends, strict=True)},
        "bin_low": ("bin", OVERLAP_BINS[:-1]),
        "bin_high": ("bin", OVERLAP_BINS[1:]),
    }


def _filled(sets: list[np.ndarray], n_neurons: int, measure: Any) -> np.ndarray:
    """Return a measure of each neuron [layer neuron], NaN where a layer has fewer."""
    values = np.full((len(sets), n_neurons), np.nan)
    for row, rows in zip(values, sets, strict=True):
        row[: len(rows)] = measure(rows)
    return values
