"""Which part of a tensor belongs to which token, while a text grows and each pass computes its end only?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import position_axis
from neuronscope.instruments.visits import Gathered, SiteVisit, in_words
from neuronscope.models.attention import Place, Visit
from neuronscope.models.sites import Site

READ_ONCE = ("encoder", "vision")
"""Stacks that read the whole prompt in the first pass and none of what is written."""


@dataclass
class Moment:
    """How far a text has come: how many tokens it has after this pass, and what this pass read.

    ``waiting`` holds the addresses with a position that no pass has computed yet.
    """

    waiting: set[Site]
    length: int = 0
    gathered: list[tuple[Gathered, Mapping[Site, Site]]] = field(default_factory=list)

    def begin(self, new: int) -> range:
        """Start a pass over so many new tokens and return their positions."""
        self.length += new
        return range(self.length - new, self.length)

    def readings(self) -> dict[Site, Tensor]:
        """Hand over what this pass read, by the address that was asked for, and forget it."""
        found: dict[Site, Tensor] = {}
        for gathered, local in self.gathered:
            found.update((asked, gathered.values[here]) for asked, here in local.items())
        self.gathered.clear()
        return found


@dataclass
class MomentVisit:
    """The visit of one place in every pass of a text, its addresses counted from the text's beginning."""

    place: Place
    moment: Moment
    reads: list[Site] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)

    def __call__(self, tensor: Tensor) -> Tensor:
        """Change and read the part of this pass that the addresses name."""
        here = self._span(tensor)
        reads = {site: at for site in self.reads if (at := self._reached(site, here)) is not None}
        ops = [_cut_to(op, at, here) for op in self.ops if (at := self._reached(op.site, here)) is not None]
        if not reads and not ops:
            return tensor
        gathered = Gathered({self.place})
        self.moment.gathered.append((gathered, reads))
        local = list(dict.fromkeys(reads.values()))
        return SiteVisit(self.place, gathered, local, ops, first=here.start)(tensor)

    def _span(self, tensor: Tensor) -> range:
        """Return which tokens of the text the tensor shows: always the last ones up to the newest."""
        words = Site(self.place.name).kind.words
        if not words:
            return range(self.moment.length)
        axis = words.index(position_axis(Site(self.place.name).kind))
        shown = in_words(self.place.name, tensor).shape[axis]
        end = shown if self.place.stack in READ_ONCE else self.moment.length
        return range(end - shown, end)

    def _reached(self, site: Site, here: range) -> Site | None:
        found = _local(site, here)
        if found is not None and self.moment.waiting:
            self.moment.waiting.discard(site)
        return found


def _local(site: Site, here: range) -> Site | None:
    """Return the address within this pass, or None where the pass computes no such position."""
    asked = site.position
    assert not isinstance(asked, str)
    if asked is None or (asked == -1 and not isinstance(asked, slice)):
        return site
    if isinstance(asked, slice):
        span = range(here.stop)[asked]
        first, last = max(span.start, here.start), min(span.stop, here.stop)
        return replace(site, position=slice(first - here.start, last - here.start)) if first < last else None
    absolute = asked if asked >= 0 else here.stop + asked
    return replace(site, position=absolute - here.start) if absolute in here else None


def _cut_to(op: Op, at: Site, here: range) -> Op:
    """Return the op for this pass: its address, and the rows of its value that belong to these positions."""
    if at == op.site:
        return op
    return replace(op, site=at, value=_cut_value(op, at, here))


def _cut_value(op: Op, at: Site, here: range) -> Any:
    value, asked = op.value, op.site.position
    if op.kind == "project_out":
        return value
    if not (isinstance(value, Tensor) and isinstance(asked, slice) and isinstance(at.position, slice)):
        return value
    if asked.start is None or asked.stop is None or min(asked.start, asked.stop) < 0:
        return value
    words = [word for word in at.kind.words if at.unit is None or word != at.kind.unit]
    axis = words.index(position_axis(at.kind)) - len(words)
    if value.dim() < -axis or value.shape[axis] != asked.stop - asked.start:
        return value
    return value.narrow(
        axis, at.position.start + here.start - asked.start, at.position.stop - at.position.start
    )


def moment_visits(reads: Iterable[Site], ops: Iterable[Op], moment: Moment) -> Mapping[Place, Visit]:
    """Return one visit for every place that is read or written, good for all passes of one text."""
    visits: dict[Place, MomentVisit] = {}

    def visit(site: Site) -> MomentVisit:
        assert not isinstance(site.layer, str)
        place = Place(site.name, site.layer, site.stack)
        return visits.setdefault(place, MomentVisit(place, moment))

    for site in reads:
        visit(site).reads.append(site)
    for op in ops:
        visit(op.site).ops.append(op)
    return visits
