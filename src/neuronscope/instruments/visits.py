"""What happens to one tensor when a run reaches a site: the changes in their order, then the reading."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import columns_of, cut, without_padding
from neuronscope.instruments.writing import write
from neuronscope.models.attention import Place, Visit
from neuronscope.models.batch import Batch
from neuronscope.models.forward import Enough, fresh
from neuronscope.models.hooks import Watcher
from neuronscope.models.model import Model
from neuronscope.models.parts.derived import Derived
from neuronscope.models.sites import Site

_HEADS_FIRST = ("q", "k", "v")


def in_words(name: str, tensor: Tensor) -> Tensor:
    """Return a tensor, or a view of it, with its axes in the order of the site's words."""
    return tensor.transpose(1, 2) if name in _HEADS_FIRST else tensor


def place_of(site: Site) -> Place:
    """Return where the tensor of an address passes."""
    assert not isinstance(site.layer, str)
    return Place(site.name, site.layer, site.stack)


@dataclass
class Gathered:
    """What a run has collected so far; ``pending`` are the places still to be read.

    ``dtype`` and ``device`` are what readings are moved to at once; left out, they stay as they are.
    """

    pending: set[Place]
    values: dict[Site, Tensor] = field(default_factory=dict)
    roots: dict[Site, Tensor] = field(default_factory=dict)
    dtype: torch.dtype | None = None
    device: torch.device | str | None = None

    def kept(self, piece: Tensor, source: Tensor) -> Tensor:
        """Return a piece of what passes where nothing that the model goes on to do can reach it.

        It is copied where it shares memory with its source, or would keep more memory from being freed.
        """
        dtype = self.dtype if self.dtype is not None and piece.is_floating_point() else piece.dtype
        return piece.to(device=self.device, dtype=dtype, copy=_bound(piece, source))


def _bound(piece: Tensor, source: Tensor) -> bool:
    """Say whether a piece shares memory with its source, or keeps more than its own from being freed."""
    if piece is source:
        return True
    memory = piece.untyped_storage()
    return memory.nbytes() > piece.nbytes or memory._cdata == source.untyped_storage()._cdata


@dataclass
class SiteVisit(Watcher):
    """The visit of one place: ops first, then readings of what the model goes on with.

    ``first`` is the position of the text that the first column shows, where a text grows pass by pass.
    """

    place: Place
    gathered: Gathered
    reads: list[Site] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    with_graph: bool = False
    stop: bool = False
    batch: Batch | None = None
    first: int = 0

    @property
    def only_reads(self) -> bool:
        """Return whether nothing is changed here, and no gradient taken."""
        return not self.ops and not self.with_graph

    def __call__(self, tensor: Tensor) -> Tensor:
        """Do what is to be done with the tensor that passes, and return what the model goes on with."""
        if self.ops:
            tensor = fresh(tensor)
            shown = in_words(self.place.name, tensor)
            for op in self.ops:
                write(op, shown, self.batch, first=self.first)
        if self.reads and self.with_graph:
            tensor = self._rooted(tensor)
        elif self.reads:
            shown = in_words(self.place.name, tensor)
            for site in self.reads:
                self._keep(site, cut(shown, site, site.kind.words, self.batch), shown)
        self._done()
        return tensor

    def read(self, derived: Derived) -> None:
        """Work out the parts that are read, each alone."""
        for site in self.reads:
            self._keep(site, self._part(site, derived), derived.passing)
        self._done()

    def _keep(self, site: Site, piece: Tensor, source: Tensor) -> None:
        kept = self.gathered.kept(piece, source)
        if self.batch is not None:
            kept = without_padding(kept, site, site.kind.words, self.batch)
        self.gathered.values[site] = kept

    def _done(self) -> None:
        if self.reads:
            self.gathered.pending.discard(self.place)
            if self.stop and not self.gathered.pending:
                raise Enough

    def _part(self, site: Site, derived: Derived) -> Tensor:
        if site.position is None:
            return derived.part(unit=site.unit)
        single = isinstance(site.position, int)
        n_positions = derived.passing.shape[1]
        columns = columns_of(site, n_positions, self.batch)
        if isinstance(columns, Tensor):
            spans = columns.reshape(len(columns), -1)[:, [0, -1]].tolist()
            value = torch.cat(
                [
                    derived.part(rows=slice(row, row + 1), positions=slice(start, end + 1), unit=site.unit)
                    for row, (start, end) in enumerate(spans)
                ]
            )
        else:
            if isinstance(columns, int):
                start = columns % n_positions
                columns = slice(start, start + 1)
            value = derived.part(positions=columns, unit=site.unit)
        return value.select(1, 0) if single else value

    def _rooted(self, tensor: Tensor) -> Tensor:
        # The gradient is taken on what the model goes on with, and it goes on with a copy, so that a network
        # that adds in place changes neither the value read nor the meaning of the gradient.
        root = tensor if tensor.requires_grad else tensor.detach().requires_grad_()
        for site in self.reads:
            self.gathered.roots[site] = root
        return fresh(root)


def visits_of(
    model: Model,
    reads: Iterable[Site],
    ops: Iterable[Op],
    gathered: Gathered,
    *,
    with_graph: bool = False,
    stop: bool = False,
    batch: Batch | None = None,
) -> Mapping[Place, Visit]:
    """Return one visit for every place that is read or written, after checking each address on the model.

    ``batch`` says where the tokens of each prompt stand; left out, all prompts fill their rows.
    """
    visits: dict[Place, SiteVisit] = {}

    def visit(site: Site) -> SiteVisit:
        model.check(site)
        place = place_of(site)
        made = SiteVisit(place, gathered, with_graph=with_graph, stop=stop, batch=batch)
        return visits.setdefault(place, made)

    for site in reads:
        visit(site).reads.append(site)
        gathered.pending.add(place_of(site))
    for op in ops:
        visit(op.site).ops.append(op)
    return visits


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
