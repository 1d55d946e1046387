"""What do receivers read when senders change and all that is held writes what it wrote before?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from neuronscope.instruments.metrics import Metric, last_logits, with_answers
from neuronscope.instruments.ops import Op
from neuronscope.instruments.paths.edges import ENDS
from neuronscope.instruments.readings import Readings, cut, position_axis
from neuronscope.instruments.run import check_fired
from neuronscope.instruments.trials import Changes, apply, trial_of
from neuronscope.instruments.visits import in_words, place_of
from neuronscope.models.attention import Place
from neuronscope.models.batch import Batch
from neuronscope.models.forward import Enough, Resume, forward, fresh
from neuronscope.models.model import Model
from neuronscope.models.shortcuts import shortcuts
from neuronscope.models.sites import Site
from neuronscope.words import BadInput


@dataclass(frozen=True, eq=False)
class Unchanged:
    """The base run: its prompts, with answers behind them where these are measured, and what passed there.

    ``held`` are the places that write the same again, ``kept`` the last positions whose logits are measured.
    ``local`` says that a change at one position reaches no other, ``causal`` that it reaches no earlier one.
    """

    model: Model
    prompts: Batch
    inputs: Batch
    kept: int
    held: frozenset[Place]
    values: Mapping[Place, Tensor]
    logits: Tensor
    local: bool
    causal: bool


@dataclass(frozen=True, eq=False)
class Sender:
    """Changes made together, all that reads them, the block where they begin, and the columns they reach."""

    ops: tuple[Op, ...]
    receivers: tuple[Site, ...]
    start: int
    steady: bool
    columns: Bool[Tensor, "batch position"]

    @property
    def prompts(self) -> list[int]:
        """Return the prompts in which anything changes."""
        return self.columns.any(-1).nonzero()[:, 0].tolist()

    def within(self, layer: int | None) -> bool:
        """Return whether neurons of this layer are among what changes."""
        return any(op.site.name == "mlp_act" and op.site.layer == layer for op in self.ops)


Row = tuple[Sender, int]
"""The change of one sender in one prompt."""


class Carried:
    """What the receivers of one sender read, and the logits at the last positions, prompt by prompt.

    Both begin as in the base run.
    """

    def __init__(self, base: Unchanged, sender: Sender) -> None:
        self.sender, self._base, self.logits = sender, base, base.logits.clone()
        width = base.prompts.width
        self._read = {
            site: cut(base.values[place_of(site)][:, :width], site, site.kind.words, base.prompts).clone()
            for site in sender.receivers
            if site.name not in ENDS
        }

    @property
    def reached(self) -> Readings:
        """Return what the receivers read."""
        return Readings(self._read, self._base.model.n_layers, self._base.prompts)

    @property
    def n_numbers(self) -> int:
        """Return how many numbers they read."""
        return sum(value.numel() for value in self._read.values())

    def note(self, place: Place, shown: Tensor, prompts: Sequence[int]) -> None:
        """Keep what passes at a place in these prompts, which the tensor shows row by row."""
        batch = self._base.prompts.picked(prompts)
        for site in self._read:
            if place_of(site) == place:
                self._read[site][prompts] = cut(shown, site, site.kind.words, batch)

    def answered(self, logits: Tensor, prompts: Sequence[int]) -> None:
        """Keep the logits of those of these prompts whose last positions the change reaches."""
        base = self._base
        last = last_logits(logits, base.inputs.picked(prompts), base.kept)
        for row, prompt in enumerate(prompts):
            end = base.inputs.last[prompt] + 1
            if bool(self.sender.columns[prompt, end - base.kept : end].any()):
                self.logits[prompt] = last[row]


def base_run(
    model: Model,
    prompts: Batch,
    metric: Metric,
    *,
    held: Collection[Place],
    seen: Collection[Place],
    local: bool,
) -> Unchanged:
    """Run the base prompts, and keep what passed at the places that are held or seen."""
    inputs, kept = with_answers(model, prompts, metric)
    values: dict[Place, Tensor] = {}
    can = shortcuts(model.anatomy)
    streams = {Place("resid_pre", layer) for layer in range(1, model.n_layers)} if can.grows else set()
    visits = {place: _Keeping(place, values) for place in {*held, *seen, *streams}}
    done = forward(model.anatomy, inputs.inputs, visits)
    check_fired(visits, done.fired, stopped=False)
    if done.logits is None:
        raise BadInput(f"{model.name} gives no logits, so there is nothing for a metric to measure.")
    logits = last_logits(done.logits, inputs, kept)
    return Unchanged(model, prompts, inputs, kept, frozenset(held), values, logits, local, can.drops)


@dataclass(frozen=True)
class _Keeping:
    place: Place
    values: dict[Place, Tensor]

    def __call__(self, tensor: Tensor) -> Tensor:
        self.values[self.place] = in_words(self.place.name, tensor).clone()
        return tensor


def sender_of(base: Unchanged, ops: tuple[Op, ...], receivers: tuple[Site, ...]) -> Sender:
    """Return changes with the columns that they reach; what is drawn may reach all of them."""
    steady = trial_of(base.model, 0, ops, grows=False).steady
    columns = torch.zeros(len(base.prompts), base.inputs.width, dtype=torch.bool)
    for op in ops:
        columns[:, : base.prompts.width] |= _changed(base, op) if steady else True
    if not base.local:
        columns = columns.cummax(-1).values if base.causal else columns | columns.any(-1, keepdim=True)
    layers = [op.site.layer for op in ops]
    start = min(layer if isinstance(layer, int) else 0 for layer in layers)
    return Sender(ops, receivers, start if Place("resid_pre", start) in base.values else 0, steady, columns)


def _changed(base: Unchanged, op: Op) -> Bool[Tensor, "batch position"]:
    axis = op.site.kind.words.index(position_axis(op.site.kind))
    before = base.values[place_of(op.site)].narrow(axis, 0, base.prompts.width)
    after = before.clone()
    apply(op, after, range(len(base.prompts)), base.prompts)
    return (after != before).movedim(axis, 1).flatten(2).any(-1).cpu()


def carried(base: Unchanged, senders: Sequence[Sender], tokens: int) -> Iterator[Carried]:
    """Run the changes of all senders as rows of batches, and give what each of them brings about.

    A batch holds at most so many ``tokens``, or one row; or all prompts of a sender whose change is drawn.
    """
    room = max(1, tokens // max(1, base.inputs.width))
    ordered = sorted(senders, key=lambda sender: sender.start)
    for group in _groups(ordered, max(1, room // len(base.prompts))):
        found = {sender: Carried(base, sender) for sender in group}
        rows = [(sender, prompt) for sender in group for prompt in sender.prompts]
        size = room if group[0].steady else len(base.prompts)
        for first in range(0, len(rows), size):
            _pass(base, rows[first : first + size], found)
        yield from found.values()


def _groups(senders: Sequence[Sender], size: int) -> Iterator[list[Sender]]:
    steady = [sender for sender in senders if sender.steady]
    for first in range(0, len(steady), size):
        yield steady[first : first + size]
    yield from ([sender] for sender in senders if not sender.steady)


def _pass(base: Unchanged, rows: Sequence[Row], found: Mapping[Sender, Carried]) -> None:
    here = list(dict.fromkeys(sender for sender, _ in rows))
    start = min(sender.start for sender in here)
    read = {place_of(site) for sender in here for site in sender.receivers if site.name not in ENDS}
    ends = any(site.name in ENDS for sender in here for site in sender.receivers)
    pending = None if ends else set(read)
    places = read | {place_of(op.site) for sender in here for op in sender.ops}
    places |= {place for place in base.held if (place.layer or 0) >= start}
    origin = [prompt for _, prompt in rows]
    visits = {place: _Passing(base, place, rows, found, place in read, pending) for place in places}
    stream = base.values[Place("resid_pre", start)][origin] if start else None
    even = all(last == base.inputs.width - 1 for last in base.inputs.last)
    done = forward(
        base.model.anatomy,
        base.inputs.picked(origin).inputs,
        visits,
        resume=None if stream is None else Resume(start, stream),
        keep=base.kept if ends and even else None,
    )
    check_fired(visits if ends else read, done.fired, stopped=False)
    if done.logits is not None:
        for sender, first, mine in _runs(rows):
            found[sender].answered(done.logits[first : first + len(mine)], mine)


def _runs(rows: Sequence[Row]) -> Iterator[tuple[Sender, int, list[int]]]:
    """Yield each sender with the first of its rows and its prompts."""
    first = 0
    while first < len(rows):
        sender = rows[first][0]
        mine = [prompt for other, prompt in rows[first:] if other is sender]
        yield sender, first, mine
        first += len(mine)


@dataclass(frozen=True)
class _Passing:
    """The visit of one place in a pass: what is held there, then the senders' changes, then the reading."""

    base: Unchanged
    place: Place
    rows: Sequence[Row]
    found: Mapping[Sender, Carried]
    read: bool
    pending: set[Place] | None

    def __call__(self, tensor: Tensor) -> Tensor:
        base, place = self.base, self.place
        held = self._held()
        if held:
            tensor = fresh(tensor)
            in_words(place.name, tensor)[held] = base.values[place][[self.rows[row][1] for row in held]]
        changes = [
            (op, first, tuple(mine))
            for sender, first, mine in _runs(self.rows)
            for op in sender.ops
            if place_of(op.site) == place
        ]
        if changes:
            extra = base.inputs.width - base.prompts.width
            tensor = Changes(place, base.prompts, extra, changes)(tensor)
        if self.read:
            self._note(in_words(place.name, tensor))
        return tensor

    def _held(self) -> list[int]:
        """Return the rows in which this place writes what it wrote in the base run.

        Where neurons are changed, the others of their layer are held, and not what the layer makes of all.
        """
        name, layer = self.place.name, self.place.layer
        if self.place not in self.base.held and (
            name != "mlp_act" or Place("mlp_out", layer) not in self.base.held
        ):
            return []
        if name not in ("mlp_act", "mlp_out"):
            return list(range(len(self.rows)))
        return [
            row for row, (sender, _) in enumerate(self.rows) if sender.within(layer) == (name == "mlp_act")
        ]

    def _note(self, shown: Tensor) -> None:
        # Where a change does not reach, the base run's own numbers stand, not those of another batch shape.
        width = self.base.prompts.width
        reached = torch.stack([sender.columns[prompt, :width] for sender, prompt in self.rows])
        reached = reached.to(shown.device).reshape(*reached.shape, *[1] * (shown.dim() - 2))
        before = self.base.values[self.place][[prompt for _, prompt in self.rows], :width]
        after = torch.where(reached, shown[:, :width], before)
        for sender, first, mine in _runs(self.rows):
            self.found[sender].note(self.place, after[first : first + len(mine)], mine)
        if self.pending is not None:
            self.pending.discard(self.place)
            if not self.pending:
                raise Enough
