"""Which direction of the normalised stream stands for a neuron? That of a result, or what it writes."""

from typing import NamedTuple, cast

import numpy as np
import xarray as xr
from jaxtyping import Float

from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.meaning.vocabulary import most_selective, written_tokens
from neuronscope.instruments.meaning.weights import named_neurons, neuron_outputs
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput


class Described(NamedTuple):
    """Neurons with the direction of each, and the same direction on resampled prompts where it is known."""

    sites: list[Site]
    vectors: Float[np.ndarray, "item width"]
    resampled: Float[np.ndarray, "item resample width"] | None


def described(model: Model, components: xr.Dataset | None, *, neurons: str, n: int) -> Described:
    """Return neurons with their directions: those of components, or what each writes straight to the stream.

    ``neurons`` names some, as `3.17, 5.94`; otherwise all of the components that have a direction, or
    without components the ``n`` whose written vectors single out tokens most. Raises `BadInput` for another
    result or model, and for neurons that the components do not have.
    """
    if components is None:
        return _written(model, neurons, n)
    held = components.get("component")
    if held is None or set(held.dims) != {"item", "width"} or "address" not in components.coords:
        raise BadInput(
            "components has no component over item and width: give a result of second_order_components."
        )
    if held.sizes["width"] != model.width:
        raise BadInput(
            f"The components have width {held.sizes['width']}, but {model.name} has {model.width}."
        )
    every = [str(address) for address in components["address"].values]
    named = [str(site) for site in named_neurons(model, neurons)] if neurons else every
    if unknown := [name for name in named if name not in every]:
        raise BadInput(f"components does not have {unknown[0]}: name neurons that it has, or none.")
    rows = np.array([every.index(name) for name in named])
    vectors = held.transpose("item", "width").values[rows].astype(float)
    there = np.isfinite(vectors).all(1) & vectors.any(1)
    if not there.any():
        raise BadInput("None of these neurons has a direction: name some that later heads read.")
    more = components.get("component_resampled")
    resampled = (
        None if more is None else more.transpose("item", ..., "width").values[rows[there]].astype(float)
    )
    return Described([Site.parse(every[row]) for row in rows[there]], vectors[there], resampled)


def _written(model: Model, neurons: str, n: int) -> Described:
    if neurons:
        sites = list(named_neurons(model, neurons))
    else:
        names = most_selective(model, written_tokens(model), model.layers("mlp_act"), n)
        sites = [Site.parse(name) for name in names]
    final = fixed(model).final
    rows = [
        final.forth(neuron_outputs(model, cast(int, site.layer)))[cast(int, site.unit)].double()
        for site in sites
    ]
    return Described(sites, np.stack([row.numpy(force=True) for row in rows]), None)
