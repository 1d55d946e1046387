"""Correlated neurons: which neurons fire together, within a layer and across layers?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.neurons.profiles import Profiles, activation_profiles, layers_with_neurons
from neuronscope.maths.geometry.correlation import (
    Pairs,
    correlation_interval,
    shifted_correlations,
    strongest_pairs,
    unit_rows,
)
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed, TopK
from neuronscope.words.neurons import NeuronIndex, NeuronLayers, NullCount, PartnerLayers


@analysis(kind="ranking", cites="tusher2001significance")
def correlated_neurons(  # noqa: PLR0913 - which neurons, where partners are looked for, and on what text
    model: Model,
    corpus: Corpus | None = None,
    *,
    layer: NeuronLayers = -1,
    neuron: NeuronIndex = -1,
    partners: PartnerLayers = "all",
    top_k: TopK = 20,
    n_null: NullCount = 1,
    n_passages: PassageCount = 32,
    n_tokens: PassageLength = 32,
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the neurons whose activations go together most over text.

    With a neuron of a layer its partners are listed, otherwise the pairs that correlate most among all
    neurons of the layer or, for -1, of all layers. Returns over rank the ``correlation``, largest magnitude
    first, with ``low`` and ``high`` (95 %, passages resampled), the ``pair`` in words (the partner of a given
    neuron), its parts
    ``first_layer first_neuron second_layer second_neuron``, and the false discovery rate ``p`` beside the
    uncorrected ``single_p``. Chance is a circular shift of one neuron's activation along the text: every
    shift for a given neuron (corrected by Benjamini and Hochberg over all partners), and ``n_null`` random
    shifts of all pairs together otherwise. Neurons that never vary correlate with nothing. Passages are no
    longer than the context, and the first token of each is left out. Raises `BadInput` for a neuron without a
    layer or beyond the last, and where the activations do not fit in memory.
    """
    if neuron >= 0 and layer < 0:
        raise BadInput(f"correlated_neurons: neuron={neuron} needs a layer from 0; -1 is for all neurons.")
    layers = layers_with_neurons(model, layer)
    if neuron >= 0 and partners == "all":
        layers = layers_with_neurons(model, -1)
    n_tokens = min(n_tokens, model.n_positions)
    read = passages(model, corpus, n=n_passages, n_tokens=n_tokens, seed=seed)
    activity = activation_profiles(model, read, layers)
    units = unit_rows(activity.values)
    if neuron < 0:
        n_positions = units.shape[1]
        shifts = np.random.default_rng(seed).integers(
            n_tokens, max(n_tokens + 1, n_positions - n_tokens), n_null
        )
        found = strongest_pairs(units, top_k, shifts)
    else:
        found = _partners(activity, units, layer, neuron, top_k, tested=n_null > 0)
    low, high = correlation_interval(
        activity.values[found.first], activity.values[found.second], activity.passage, seed=seed
    )
    result = label(
        {"rank": range(1, len(found.first) + 1)},
        correlation=("rank", found.correlation, {"long_name": "correlation over tokens", "signed": True}),
        pair=("rank", _words(activity, found, alone=neuron >= 0), {"long_name": "neurons"}),
        low=("rank", low),
        high=("rank", high),
        p=("rank", found.q, {"long_name": "false discovery rate"}),
        single_p=("rank", found.p, {"long_name": "p of the pair by itself"}),
        **_addresses(activity, found),
    )
    return result.assign_attrs(n=n_passages, n_unit="passages", n_neurons=len(units))


def _partners(
    activity: Profiles, units: np.ndarray, layer: int, neuron: int, top_k: int, *, tested: bool
) -> Pairs:
    """Return the neurons that correlate most with one, each tested by every circular shift."""
    own = np.flatnonzero((activity.layer == layer) & (activity.neuron == neuron))
    if not len(own):
        last = int(activity.neuron[activity.layer == layer].max())
        raise BadInput(f"correlated_neurons: neuron={neuron} is beyond the last of layer {layer}, {last}.")
    others = np.delete(np.arange(len(units)), own[0])
    found = units[others] @ units[own[0]]
    p = np.full(len(others), np.nan)
    if tested:
        shifted = np.abs(shifted_correlations(units[own[0]], units[others]))
        p = (shifted >= np.abs(found) - 1e-6).mean(0)
    order = np.argsort(-np.abs(found), kind="stable")[:top_k]
    first = np.full(len(order), own[0])
    return Pairs(first, others[order], found[order], p[order], benjamini_hochberg(p)[order])


def _words(activity: Profiles, found: Pairs, *, alone: bool) -> list[str]:
    names = activity.names
    if alone:
        return [names[two] for two in found.second]
    return [f"{names[one]}–{names[two]}" for one, two in zip(found.first, found.second, strict=True)]


def _addresses(activity: Profiles, found: Pairs) -> dict[str, Any]:
    return {
        f"{side}_{part}": ("rank", getattr(activity, part)[rows], {"long_name": f"{part} of the {side}"})
        for side, rows in (("first", found.first), ("second", found.second))
        for part in ("layer", "neuron")
    }
