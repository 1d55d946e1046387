"""Which part of a tensor belongs to which token, while a text grows and each pass computes its end only?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import position_axis
from neuronscope.instruments.visits import Gathered, SiteVisit, in_words
from neuronscope.models.attention import Place, Visit
from neuronscope.models.hooks import Watcher
from neuronscope.models.parts.derived import Derived
from neuronscope.models.sites import Site

READ_ONCE = ("encoder", "vision")
"""Stacks that read the whole prompt in the first pass and none of what is written."""


@dataclass
class Moment:
    """How far a text has come: how many tokens it has after this pass, and what this pass read.

    ``waiting`` holds the addresses with a position that no pass has computed yet, ``spans`` the start and
    stop of each named part of the prompt.
    """

    waiting: set[Site]
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    length: int = 0
    gathered: Gathered = field(default_factory=lambda: Gathered(set()))

    def begin(self, new: int) -> range:
        """Start a pass over so many new tokens and return their positions."""
        self.length += new
        return range(self.length - new, self.length)

    def asked(self, site: Site) -> int | slice | None:
        """Return the position of an address in numbers."""
        position = site.position
        return slice(*self.spans[position]) if isinstance(position, str) else position

    def readings(self) -> dict[Site, Tensor]:
        """Hand over what this pass read, by the address that was asked for, and forget it."""
        found, self.gathered.values = self.gathered.values, {}
        return {site: value.clone() if value.is_inference() else value for site, value in found.items()}


@dataclass
class MomentVisit(Watcher):
    """The visit of one place in every pass of a text, its addresses counted from the text's beginning."""

    place: Place
    moment: Moment
    reads: list[Site] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)

    @cached_property
    def _always(self) -> SiteVisit | None:
        """Return the visit that serves every pass, where no address waits for a position of its own."""
        if any(map(waits, (*self.reads, *(op.site for op in self.ops)))):
            return None
        return SiteVisit(self.place, self.moment.gathered, self.reads, self.ops)

    @property
    def only_reads(self) -> bool:
        """Return whether every pass reads the same here, and changes nothing."""
        return self._always is not None and self._always.only_reads

    def read(self, derived: Derived) -> None:
        """Work out the parts that are read, or all where it depends on the pass which these are."""
        if self._always is None:
            self(derived.part())
        else:
            self._always.read(derived)

    def __call__(self, tensor: Tensor) -> Tensor:
        """Change and read the part of this pass that the addresses name."""
        visit = self._always
        if visit is None:
            return self._now(tensor)
        if self.ops:
            visit.first = self._span(tensor).start
        return visit(tensor)

    def _now(self, tensor: Tensor) -> Tensor:
        here = self._span(tensor)
        reads = {site: at for site in self.reads if (at := self._reached(site, here)) is not None}
        ops = [self._cut(op, at, here) for op in self.ops if (at := self._reached(op.site, here)) is not None]
        if not reads and not ops:
            return tensor
        gathered = Gathered(set())
        local = list(dict.fromkeys(reads.values()))
        given = SiteVisit(self.place, gathered, local, ops, first=here.start)(tensor)
        self.moment.gathered.values |= {asked: gathered.values[at] for asked, at in reads.items()}
        return given

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
        """Return the address within this pass, or None where the pass computes no such position."""
        if not waits(site):
            return site
        asked = self.moment.asked(site)
        if isinstance(asked, slice):
            span = range(here.stop)[asked]
            first, last = max(span.start, here.start), min(span.stop, here.stop)
            local = slice(first - here.start, last - here.start) if first < last else None
        else:
            assert asked is not None
            absolute = asked if asked >= 0 else here.stop + asked
            local = absolute - here.start if absolute in here else None
        if local is None:
            return None
        self.moment.waiting.discard(site)
        return replace(site, position=local)

    def _cut(self, op: Op, at: Site, here: range) -> Op:
        """Return the op for this pass: its address, and the part of its value for these positions."""
        if at == op.site:
            return op
        return replace(op, site=at, value=_cut_value(op, self.moment.asked(op.site), at, here))


def waits(site: Site) -> bool:
    """Return whether an address names a place in the text, not all of a pass or its newest token."""
    return site.position is not None and site.position != -1


def _cut_value(op: Op, asked: int | slice | None, at: Site, here: range) -> Any:
    value = op.value
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
