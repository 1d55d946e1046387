"""How is a tensor that was read found again by its address, and cut to a head, a neuron or a position?"""

from collections.abc import Mapping

import torch
from torch import Tensor

from neuronscope.models.sites import Site, SiteKind
from neuronscope.words import BadInput, nearest


def position_axis(kind: SiteKind) -> str:
    """Return the axis that a position of an address picks: the query for scores and patterns."""
    return "query" if "query" in kind.words else "position"


def selection(site: Site, words: tuple[str, ...], sizes: tuple[int, ...]) -> list[int | slice]:
    """Return the index of an address into a tensor with these axis words and sizes.

    Raises `BadInput` when the position lies outside, or a slice of positions picks nothing.
    """
    index: list[int | slice] = [slice(None)] * len(sizes)
    if site.unit is not None:
        index[words.index(site.kind.unit or "")] = site.unit
    if site.position is not None:
        axis = words.index(position_axis(site.kind))
        length = sizes[axis]
        outside = not -length <= site.position < length if isinstance(site.position, int) else False
        if outside:
            raise BadInput(
                f"{site} is out of range: the prompt has {length} positions, from 0 to {length - 1}."
            )
        if isinstance(site.position, slice) and not range(length)[site.position]:
            raise BadInput(
                f"{site} picks no token: the prompt has {length} positions, from 0 to {length - 1}."
            )
        index[axis] = site.position
    return index


def cut(tensor: Tensor, site: Site, words: tuple[str, ...]) -> Tensor:
    """Return the part of a tensor that an address names; a single head, neuron or position loses its axis."""
    if site.unit is None and site.position is None:
        return tensor
    return tensor[tuple(selection(site, words, tuple(tensor.shape)))]


class Readings:
    """Tensors by address, batch axis first.

    An address finds what was read under it, or a part of something larger that was read. A wildcard layer
    gives all layers stacked along a new first axis. Anything else raises `BadInput` and says what was read.
    """

    def __init__(self, values: Mapping[Site, Tensor], n_layers: int) -> None:
        self._values, self._n_layers = dict(values), n_layers

    @property
    def sites(self) -> list[str]:
        """Return the addresses that were read, wildcards spelt out."""
        return [str(site) for site in self._values]

    def __contains__(self, address: str | Site) -> bool:
        try:
            self[address]
        except BadInput:
            return False
        return True

    def __getitem__(self, address: str | Site) -> Tensor:
        site = Site.parse(address)
        if site.layer == "*":
            return torch.stack([self._one(site.at(layer)) for layer in range(self._n_layers)])
        return self._one(site)

    def _one(self, site: Site) -> Tensor:
        words = site.kind.words
        if site in self._values:
            return self._values[site]
        unit_only = Site(site.name, site.layer, site.unit, None, site.stack)
        if site.unit is not None and unit_only in self._values:
            rest = tuple(word for word in words if word != site.kind.unit)
            return cut(self._values[unit_only], Site(site.name, site.layer, None, site.position), rest)
        if site.whole in self._values:
            return cut(self._values[site.whole], site, words)
        near = nearest(str(site), self.sites) or f"; read were {', '.join(self.sites[:8]) or 'no sites'}"
        raise BadInput(f"{site} was not read in this run: ask for it with get{near}")
