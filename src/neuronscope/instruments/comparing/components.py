"""Which parts of a model are compared one by one? Heads, attention and MLP outputs, neurons, in one order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuronscope.instruments.trials import each
from neuronscope.models.model import Model
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput

_ORDER = {name: place for place, name in enumerate(SITES)}


@dataclass(frozen=True)
class Components(Sequence[Site]):
    """Parts of a model by their addresses, in the order in which a token passes them: by layer, site, unit.

    They lie on a grid of ``layer`` and the unit of their site (`head`, `key_head`, `neuron`), along ``layer``
    alone where they are of one site without units, on ``layer`` and ``site`` where of several such; streams
    between blocks lie along ``depth``, and parts of several sorts together along ``site``.
    """

    sites: tuple[Site, ...]

    def __len__(self) -> int:
        return len(self.sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    def __getitem__(self, index: Any) -> Any:
        return self.sites[index]

    @property
    def labels(self) -> list[str]:
        """Return the address of each, such as ``z.2.4``, ``mlp_add.3`` or ``mlp_act.3.40``."""
        return [str(site) for site in self.sites]

    @property
    def layers(self) -> list[int]:
        """Return the layer of each."""
        return [_layer(site) for site in self.sites]

    @property
    def whole(self) -> list[Site]:
        """Return the sites to read so that every part is among what was read, each once."""
        return list(dict.fromkeys(site.whole for site in self.sites))

    @property
    def axes(self) -> str:
        """Return the words of the axes along which `laid` lays values."""
        names, units = {site.name for site in self.sites}, {site.unit is None for site in self.sites}
        if names <= {"resid_pre", "resid_post"}:
            return "depth"
        if units == {True}:
            return "layer" if len(names) == 1 else "layer site"
        return f"layer {self.sites[0].kind.unit}" if len(names) == 1 and units == {False} else "site"

    @property
    def site(self) -> str:
        """Return which part a cell of the grid is, as `placed` takes it: an address with axes in braces."""
        words = self.axes.split()
        if words in (["depth"], ["site"]):
            return {"depth": "{address}", "site": "{site}"}[words[0]]
        if words == ["layer", "site"]:
            return "{site}.{layer}"
        return ".".join([self.sites[0].name, *(f"{{{word}}}" for word in words)])

    @property
    def coords(self) -> dict[str, Any]:
        """Return the coordinates of these axes, as `label` takes them."""
        words = self.axes.split()
        if words == ["site"]:
            return {"site": self.labels, "layer": ("site", self.layers)}
        found: dict[str, Any] = {
            word: list(dict.fromkeys(sorted(map(_KEYS[word], self.sites), key=_rank))) for word in words
        }
        if words == ["depth"]:
            by_depth = {_KEYS["depth"](site): str(site) for site in self.sites}
            found["address"] = ("depth", [by_depth[depth] for depth in found["depth"]])
        return found

    def laid(self, values: Any) -> np.ndarray:
        """Return values over the parts, and any further axes, on the grid; NaN where there is none."""
        given = np.asarray(values, dtype=float)
        words, coords = self.axes.split(), self.coords
        if words == ["site"]:
            return given
        grid = np.full([*(len(coords[word]) for word in words), *given.shape[1:]], np.nan)
        places = {word: {value: at for at, value in enumerate(coords[word])} for word in words}
        for site, value in zip(self.sites, given, strict=True):
            grid[tuple(places[word][_KEYS[word](site)] for word in words)] = value
        return grid


def components(model: Model, *patterns: str | Site) -> Components:
    """Return the parts that address patterns name, in one order, each once.

    ``"z.*.*"`` is every head, ``"attn_add.*"`` and ``"mlp_add.*"`` the outputs, ``"mlp_act.3.*"`` the neurons
    of a layer; single addresses such as ``"mlp_act.3.40"`` go beside them. Raises `BadInput` where the model
    lacks a site, for an address with a position, and where nothing is named.

    >>> from neuronscope import open_model
    >>> components(open_model("builtin:scribe"), "mlp_add.*", "z.0.1").labels[:3]
    ['z.0.1', 'mlp_add.0', 'mlp_add.1']
    """
    found: dict[Site, None] = {}
    for pattern in patterns:
        for site in each(model, str(pattern)):
            if site.position is not None or site.layer is None:
                raise BadInput(
                    f"{site} is not a part of a layer: write it as z.2.4, mlp_add.3 or mlp_act.3.40."
                )
            found[site] = None
    if not found:
        raise BadInput("No part of the model is named: give addresses such as z.2.4, mlp_add.3.")
    return Components(tuple(sorted(found, key=_place)))


def streams(model: Model) -> Components:
    """Return the residual stream at every depth: what enters each block, and what leaves the last."""
    return components(model, "resid_pre.*", f"resid_post.{model.n_layers - 1}")


def heads(model: Model) -> Components:
    """Return every attention head, as what it averages before the output matrix: ``z.LAYER.HEAD``."""
    return components(model, "z.*.*")


def attention_outputs(model: Model) -> Components:
    """Return what the attention of each layer adds to the residual stream: ``attn_add.LAYER``."""
    return components(model, "attn_add.*")


def mlp_outputs(model: Model) -> Components:
    """Return what the MLP of each layer adds to the residual stream: ``mlp_add.LAYER``."""
    return components(model, "mlp_add.*")


def neurons(model: Model, layers: Iterable[int] | None = None) -> Components:
    """Return every neuron of some layers, of all that have any by default: ``mlp_act.LAYER.NEURON``."""
    return components(model, *(["mlp_act.*.*"] if layers is None else [f"mlp_act.{at}.*" for at in layers]))


def listed(model: Model, text: str) -> Components:
    """Return the parts that a text lists, spaces or commas between; raises as `components` does."""
    return components(model, *text.replace(",", " ").split())


def _layer(site: Site) -> int:
    assert isinstance(site.layer, int)
    return site.layer


def _place(site: Site) -> tuple[int, int, int]:
    return _layer(site), _ORDER[site.name], -1 if site.unit is None else site.unit


def _rank(value: int | str) -> int:
    return _ORDER[value] if isinstance(value, str) else value


_KEYS: dict[str, Any] = {
    "layer": _layer,
    "depth": lambda site: _layer(site) + (site.name == "resid_post"),
    "site": lambda site: site.name,
    **dict.fromkeys(("head", "key_head", "neuron", "expert"), lambda site: site.unit),
}
