"""How is a tensor that was read found again by its address, and cut to a head, a neuron or a position?"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from neuronscope.models.batch import Batch, Columns
from neuronscope.models.sites import Site, SiteKind
from neuronscope.words import BadInput, nearest


def position_axis(kind: SiteKind) -> str:
    """Return the axis that a position of an address picks: the query for scores and patterns."""
    return "query" if "query" in kind.words else "position"


def words_left(site: Site) -> list[str]:
    """Return the axis words of what an address names: a single unit or position has lost its axis."""
    words = [word for word in site.kind.words if site.unit is None or word != site.kind.unit]
    if isinstance(site.position, int):
        words.remove(position_axis(site.kind))
    return words


def columns_of(site: Site, size: int, batch: Batch | None) -> Columns:
    """Return where the position of an address lies along an axis of this size.

    An index or slice that is the same in every row, or columns by row, as `Batch.columns` says. Raises
    `BadInput` when the position lies outside, and when a slice picks nothing.
    """
    asked = site.position
    by_row = batch is not None and batch.counts_tokens(site) and (batch.padded or isinstance(asked, str))
    if by_row:
        assert batch is not None
        if size != batch.width:
            raise BadInput(f"{site} shows {size} positions of {batch.width}, so none can be picked by row.")
        return batch.columns(site)
    if isinstance(asked, str):
        raise BadInput(f"{site} names the span {asked!r}, but no spans were given here: give spans=.")
    if isinstance(asked, int) and not -size <= asked < size:
        raise BadInput(f"{site} is out of range: the prompt has {size} positions, from 0 to {size - 1}.")
    if isinstance(asked, slice) and not range(size)[asked]:
        raise BadInput(f"{site} picks no token: the prompt has {size} positions, from 0 to {size - 1}.")
    return slice(None) if asked is None else asked


def cut(tensor: Tensor, site: Site, words: tuple[str, ...], batch: Batch | None = None) -> Tensor:
    """Return the part of a tensor that an address names; a single head, neuron or position loses its axis.

    Raises `BadInput` as `columns_of` does.
    """
    if site.unit is None and site.position is None:
        return tensor
    left = list(words)
    if site.unit is not None:
        tensor = tensor.select(left.index(site.kind.unit or ""), site.unit)
        left.remove(site.kind.unit or "")
    if site.position is None:
        return tensor
    axis = left.index(position_axis(site.kind))
    columns = columns_of(site, tensor.shape[axis], batch)
    if isinstance(columns, int):
        return tensor.select(axis, columns)
    moved = tensor.movedim(axis, 1)
    if isinstance(columns, slice):
        return moved[:, columns].movedim(1, axis)
    columns = columns.to(tensor.device)
    rows = torch.arange(len(columns), device=tensor.device)
    if columns.dim() == 1:
        return moved[rows, columns]
    return moved[rows[:, None], columns].movedim(1, axis)


def without_padding(tensor: Tensor, site: Site, words: tuple[str, ...], batch: Batch | None) -> Tensor:
    """Return a tensor with NaN in the columns of padding, so that nothing is worked out from them unseen.

    It is written in place, but for one that a gradient needs.
    """
    if site.position is not None or batch is None or not batch.padded or not batch.counts_tokens(site):
        return tensor
    axis = _axis_of_positions(site, words)
    counted = axis is not None and axis < tensor.dim() and tensor.dim() > 1 and tensor.is_floating_point()
    if axis is None or not counted or tensor.shape[axis] != batch.width:
        return tensor
    fill = tensor.masked_fill if tensor.requires_grad else tensor.masked_fill_
    return fill(~_own(batch, axis, tensor.dim()).to(tensor.device), torch.nan)


def _axis_of_positions(site: Site, words: tuple[str, ...]) -> int | None:
    left = [word for word in words if site.unit is None or word != site.kind.unit]
    named = position_axis(site.kind)
    return left.index(named) if named in left else None


def _own(batch: Batch, axis: int, n_axes: int) -> Tensor:
    column = torch.arange(batch.width)
    starts, lengths = torch.tensor(batch.starts)[:, None], torch.tensor(batch.lengths)[:, None]
    own = (column >= starts) & (column < starts + lengths)
    return own.reshape([len(batch), *(batch.width if here == axis else 1 for here in range(1, n_axes))])


class Readings:
    """Tensors by address, batch axis first.

    An address finds what was read under it, or a part of something larger that was read. A wildcard layer
    gives all layers that have the site, stacked along a new first axis. Positions count each prompt's own
    tokens; where a whole site of padded prompts is asked for, its padding is NaN. Anything else raises
    `BadInput` and says what was read, and so does a tensor that was changed in place since.
    """

    def __init__(
        self,
        values: Mapping[Site, Tensor],
        layers: int | Mapping[tuple[str, str | None], Sequence[int]],
        batch: Batch | None = None,
    ) -> None:
        self._values, self._layers, self._batch = dict(values), layers, batch
        self._versions = {site: _version(value) for site, value in self._values.items()}

    @property
    def sites(self) -> list[str]:
        """Return the addresses that were read, wildcards spelt out."""
        return [str(site) for site in self._values]

    def each(self, address: str | Site) -> list[Tensor]:
        """Return what was read prompt by prompt, each without its padding and without the batch axis.

        Raises `BadInput` for a wildcard layer.
        """
        site = Site.parse(address)
        if site.layer == "*":
            raise BadInput(f"{site} names every layer: ask for one layer at a time, such as {site.at(0)}.")
        value, places = self[site], self.places(site)
        if places is None:
            return list(value)
        axis = words_left(site).index(position_axis(site.kind)) - 1
        return [row.narrow(axis, *place) for row, place in zip(value, places, strict=True)]

    def places(self, site: Site) -> tuple[tuple[int, int], ...] | None:
        """Return start and length of each prompt in a reading with padding; None where it has none."""
        batch = self._batch
        counted = batch is not None and batch.padded and batch.counts_tokens(site)
        if not counted or site.position is not None or position_axis(site.kind) not in site.kind.words:
            return None
        assert batch is not None
        return tuple(zip(batch.starts, batch.lengths, strict=True))

    def own(self, site: Site) -> Tensor | None:
        """Return which entries of a reading are tokens, not padding, ready to broadcast; None for all."""
        if self.places(site) is None:
            return None
        assert self._batch is not None
        words = words_left(site)
        return _own(self._batch, words.index(position_axis(site.kind)), len(words)).to(self[site].device)

    def __contains__(self, address: str | Site) -> bool:
        try:
            self[address]
        except BadInput:
            return False
        return True

    def __getitem__(self, address: str | Site) -> Tensor:
        site = Site.parse(address)
        if site.layer == "*":
            if isinstance(self._layers, int):
                layers = range(self._layers)
            else:
                layers = self._layers.get((site.name, site.stack), (0,))
            return torch.stack([self._one(site.at(layer)) for layer in layers])
        return self._one(site)

    def _one(self, site: Site) -> Tensor:
        if site in self._values:
            return self._held(site)
        words = site.kind.words
        unit_only = Site(site.name, site.layer, site.unit, None, site.stack)
        if site.unit is not None and unit_only in self._values:
            rest = tuple(word for word in words if word != site.kind.unit)
            place = Site(site.name, site.layer, None, site.position, site.stack)
            return cut(self._held(unit_only), place, rest, self._batch)
        if site.whole in self._values:
            return cut(self._held(site.whole), site, words, self._batch)
        near = nearest(str(site), self.sites) or f"; read were {', '.join(self.sites[:8]) or 'no sites'}"
        raise BadInput(f"{site} was not read in this run: ask for it with get{near}")

    def _held(self, site: Site) -> Tensor:
        value = self._values[site]
        if _version(value) != self._versions[site]:
            raise BadInput(
                f"The reading of {site} was changed in place after the run: change a clone() of it instead."
            )
        return value


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
