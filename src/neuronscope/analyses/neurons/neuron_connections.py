"""Neuron connections: which neurons does a neuron read from, and which read it, by weights alone?"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.instruments.meaning.alignment import alignment_p
from neuronscope.instruments.meaning.weights import branches, named_neurons, neuron_inputs, neuron_outputs
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label, track
from neuronscope.words import BadInput, TopK
from neuronscope.words.neurons import NeuronNames

_BRANCH = {"mlp_pre": "", "mlp_up": " (up)"}


class _Side(NamedTuple):
    """What a neuron has to do with all neurons before it, or after it."""

    name: str
    site: Site
    layer: np.ndarray
    neuron: np.ndarray
    product: np.ndarray
    cosine: np.ndarray


@analysis(kind="ranking", cites="elhage2021framework")
def neuron_connections(model: Model, *, neurons: NeuronNames = "", top_k: TopK = 20) -> xr.Dataset:
    """Find the neurons that a neuron reads from, and those that read what it writes, by weights alone.

    Returns over item and rank, the closest first: ``cosine``, of the vector that the neuron of the earlier
    layer writes to the stream with the one along which the later neuron reads it, below 0 where one quiets
    the other; the ``partner`` with ``partner_layer`` and ``partner_neuron``; the ``product`` of the two
    vectors; and ``p`` of a random direction, corrected over all neurons ``compared`` (Benjamini-Hochberg).
    An item is one side of a neuron: what it reads from earlier layers, or which later ones it writes to; a
    gate's linear branch apart. Gains and centring of the norms are in it, the scale that they divide by is
    not, nor what layers between do. Without names it takes the neuron of the middle layer that writes most.
    Raises `BadInput` for neurons that there are not, where they read or write through no plain matrix, and
    for a single layer.
    """
    layers = model.layers("mlp_act")
    if len(layers) < 2 or not branches(model):
        raise BadInput(
            f"No neuron of {model.name} is known to read another: choose a model of several layers."
        )
    chosen = named_neurons(model, neurons) if neurons else [_longest(model, layers[len(layers) // 2])]
    found = [side for site in track(list(chosen), "neurons") for side in _sides(model, site, layers)]
    depth = min(top_k, max(len(side.cosine) for side in found))
    best = [_closest(side.cosine)[:depth] for side in found]
    p = [benjamini_hochberg(alignment_p(side.cosine, model.width)) for side in found]

    def laid(columns: Sequence[np.ndarray], nothing: float | str) -> np.ndarray:
        rows = [column[order] for column, order in zip(columns, best, strict=True)]
        return np.stack([np.pad(row, (0, depth - len(row)), constant_values=nothing) for row in rows])

    names = [
        np.array([f"{layer}.{neuron}" for layer, neuron in zip(side.layer, side.neuron, strict=True)])
        for side in found
    ]
    said = {"long_name": "cosine of what is written with what is read", "units": "1", "signed": True}
    return label(
        {
            "item": ("item", [f"{_name(side.site)} {side.name}" for side in found], {"long_name": "neuron"}),
            "item_layer": ("item", [side.site.layer for side in found]),
            "item_neuron": ("item", [side.site.unit for side in found]),
            "rank": range(1, depth + 1),
        },
        cosine=("item rank", laid([side.cosine for side in found], np.nan), said),
        partner=("item rank", laid([name.astype(object) for name in names], "").astype(str)),
        p=("item rank", laid(p, np.nan), {"long_name": "p of a random direction, corrected"}),
        product=(
            "item rank",
            laid([side.product for side in found], np.nan),
            {"long_name": "product of the vectors", "units": "a.u.", "signed": True},
        ),
        partner_layer=("item rank", laid([side.layer for side in found], -1)),
        partner_neuron=("item rank", laid([side.neuron for side in found], -1)),
        compared=("item", [len(side.cosine) for side in found], {"long_name": "neurons compared"}),
    )


def _name(site: Site) -> str:
    return f"{site.layer}.{site.unit}"


def _longest(model: Model, layer: int) -> Site:
    return Site("mlp_act", layer, int(neuron_outputs(model, layer).norm(dim=-1).argmax()))


def _closest(cosine: np.ndarray) -> np.ndarray:
    return np.argsort(-np.nan_to_num(np.abs(cosine), nan=-1.0), kind="stable")


def _sides(model: Model, site: Site, layers: Sequence[int]) -> Iterator[_Side]:
    """Yield what a neuron reads from all earlier ones, and what all later ones read of it, by branch."""
    at = int(site.layer)  # pyright: ignore[reportArgumentType]
    own = int(site.unit)  # pyright: ignore[reportArgumentType]
    earlier = [layer for layer in layers if layer < at]
    later = [layer for layer in layers if layer > at]
    for branch in branches(model):
        if earlier:
            read = neuron_inputs(model, at, branch)[own]
            vectors = (neuron_outputs(model, layer) for layer in earlier)
            yield _compared(f"reads{_BRANCH[branch]}", site, read, earlier, vectors)
    for branch in branches(model):
        if later:
            written = neuron_outputs(model, at)[own]
            vectors = (neuron_inputs(model, layer, branch) for layer in later)
            yield _compared(f"is read{_BRANCH[branch]}", site, written, later, vectors)


def _compared(name: str, site: Site, own: Tensor, layers: Sequence[int], others: Iterator[Tensor]) -> _Side:
    """Compare one vector with those of all neurons of some layers."""
    vector = own.double()
    products, cosines, places = [], [], []
    for layer, matrix in zip(layers, others, strict=True):
        each = matrix.double()
        product = each @ vector
        products.append(product.numpy(force=True))
        cosines.append((product / (each.norm(dim=-1) * vector.norm())).numpy(force=True))
        places.append(np.full(len(each), layer))
    neuron = np.concatenate([np.arange(len(row)) for row in products])
    return _Side(
        name, site, np.concatenate(places), neuron, np.concatenate(products), np.concatenate(cosines)
    )
