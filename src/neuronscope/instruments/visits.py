"""What happens to one tensor when a run reaches a site: the changes in their order, then the reading."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import cut, selection
from neuronscope.models.attention import Place, Visit
from neuronscope.models.forward import Enough, fresh
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

_HEADS_FIRST = ("q", "k", "v")


def in_words(name: str, tensor: Tensor) -> Tensor:
    """Return a tensor, or a view of it, with its axes in the order of the site's words."""
    return tensor.transpose(1, 2) if name in _HEADS_FIRST else tensor


@dataclass
class Gathered:
    """What a run has collected so far; ``pending`` are the places still to be read."""

    pending: set[Place]
    values: dict[Site, Tensor] = field(default_factory=dict)
    roots: dict[Site, Tensor] = field(default_factory=dict)
    versions: dict[Site, int] = field(default_factory=dict)

    def check_unchanged(self) -> None:
        """Raise `RuntimeError` when something wrote to a tensor after it was read."""
        for site, version in self.versions.items():
            if self.values[site]._version != version:
                raise RuntimeError(f"{site} was modified in place by the model after it was read.")


@dataclass
class SiteVisit:
    """The visit of one place: ops first, then readings of what the model goes on with."""

    place: Place
    gathered: Gathered
    reads: list[Site] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    with_graph: bool = False
    stop: bool = False

    def __call__(self, tensor: Tensor) -> Tensor:
        if self.ops:
            tensor = self._changed(tensor)
        if self.reads:
            tensor = self._rooted(tensor) if self.with_graph else self._kept(tensor)
            self.gathered.pending.discard(self.place)
            if self.stop and not self.gathered.pending:
                raise Enough
        return tensor

    def _changed(self, tensor: Tensor) -> Tensor:
        name = self.place.name
        tensor = fresh(tensor)
        shown = in_words(name, tensor)
        for op in self.ops:
            index = _index(op, shown)
            shown[index] = op.changed(shown[index])
        return tensor

    def _kept(self, tensor: Tensor) -> Tensor:
        shown = in_words(self.place.name, tensor)
        for site in self.reads:
            piece = cut(shown, site, site.kind.words)
            if piece.untyped_storage().nbytes() > piece.numel() * piece.element_size():
                piece = piece.clone()  # so that the larger tensor around it can go
            self.gathered.values[site] = piece
            self.gathered.versions[site] = piece._version
        return tensor

    def _rooted(self, tensor: Tensor) -> Tensor:
        # The gradient is taken on the very tensor that the model goes on with; addresses are cut afterwards.
        root = tensor if tensor.requires_grad else tensor.detach().requires_grad_()
        for site in self.reads:
            self.gathered.roots[site] = root
        return root


def _index(op: Op, shown: Tensor) -> tuple[int | slice | list[int], ...]:
    site = op.site
    if site.unit is None and site.position is None:
        index: list[int | slice | list[int]] = [slice(None)] * shown.dim()
    else:
        index = [*selection(site, site.kind.words, tuple(shown.shape))]
    if op.rows is not None:
        rows = op.rows
        first = (
            slice(rows, rows + 1)
            if isinstance(rows, int)
            else list(rows)
            if isinstance(rows, tuple)
            else rows
        )
        picked = range(shown.shape[0])[first] if isinstance(first, slice) else first
        if not picked or max(picked) >= shown.shape[0] or min(picked) < 0:
            raise BadInput(f"{op} names rows outside the batch: rows run from 0 to {shown.shape[0] - 1}.")
        index[0] = first
    return tuple(index)


def visits_of(
    model: Model,
    reads: Iterable[Site],
    ops: Iterable[Op],
    gathered: Gathered,
    *,
    with_graph: bool = False,
    stop: bool = False,
) -> Mapping[Place, Visit]:
    """Return one visit for every place that is read or written, after checking each address on the model."""
    visits: dict[Place, SiteVisit] = {}

    def visit(site: Site) -> SiteVisit:
        model.check(site)
        place = _place(site)
        return visits.setdefault(place, SiteVisit(place, gathered, with_graph=with_graph, stop=stop))

    for site in reads:
        visit(site).reads.append(site)
        gathered.pending.add(_place(site))
    for op in ops:
        visit(op.site).ops.append(op)
    return visits


def _place(site: Site) -> Place:
    assert not isinstance(site.layer, str)
    return Place(site.name, site.layer, site.stack)


def gradients(
    gathered: Gathered, score: Tensor, finish: Callable[[Site, Tensor], Tensor]
) -> tuple[dict[Site, Tensor], dict[Site, Tensor]]:
    """Return values and gradients of the score by site, each finished to the part that its address names."""
    roots = list(gathered.roots.items())
    found = torch.autograd.grad(score, [root for _, root in roots], allow_unused=True)
    values = {site: finish(site, root.detach()) for site, root in roots}
    slopes = {
        site: finish(site, torch.zeros_like(root) if slope is None else slope)
        for (site, root), slope in zip(roots, found, strict=True)
    }
    return values, slopes
