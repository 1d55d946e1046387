"""What does one change of a sweep touch, and from where on does a pass have to run to show it?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import position_axis
from neuronscope.instruments.visits import in_words, place_of
from neuronscope.instruments.writing import write
from neuronscope.models.attention import Place
from neuronscope.models.batch import Batch
from neuronscope.models.forward import fresh
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Cell = Op | Sequence[Op]
_STEADY = frozenset({"put", "zero", "mean", "scale", "add", "project_out"})
"""Kinds that change each row and position by itself, the same at every call."""

FROM_THE_INPUTS = -1


@dataclass(frozen=True)
class Trial:
    """One cell of a sweep: its ops, the block that shows them first, and the rows and columns they change.

    ``start`` is a block, or `FROM_THE_INPUTS`. ``prompts`` are the rows of the batch in which some number
    differs from the unchanged run, ``first`` the first column where one does.
    """

    number: int
    ops: tuple[Op, ...]
    start: int
    steady: bool
    prompts: tuple[int, ...] = ()
    first: int = 0


def trial_of(model: Model, number: int, cell: Cell, *, grows: bool) -> Trial:
    """Return a cell with the block from which it has to run; raises `BadInput` as a run does."""
    given = (cell,) if isinstance(cell, Op) else tuple(cell)
    for op in given:
        if op.rows is not None:
            raise BadInput(f"{op} names rows, but a sweep gives every cell a row of its own: leave rows out.")
        model.check(op.site)
    steady = all(op.kind in _STEADY and not (op.site.module or op.site.stack) for op in given)
    ops = tuple(_later(model, op) for op in given) if grows else given
    start = min((_start(model, op.site) for op in ops), default=0) if grows else FROM_THE_INPUTS
    return Trial(number, ops, start, steady)


def _later(model: Model, op: Op) -> Op:
    """Move a change of the stream that leaves a block to where the next one reads it."""
    site, known = op.site, model.sites()
    if site.name != "resid_post" or site.stack is not None or "resid_pre" not in known:
        return op
    if not isinstance(site.layer, int) or site.layer + 1 >= model.n_layers:
        return op
    return replace(op, site=replace(site, name="resid_pre", layer=site.layer + 1))


def _start(model: Model, site: Site) -> int:
    if site.stack is not None or site.module:
        return FROM_THE_INPUTS
    if isinstance(site.layer, int):
        return site.layer
    return FROM_THE_INPUTS if site.name == "embed" else model.n_layers - 1


def located(trial: Trial, base: Mapping[Place, Tensor], batch: Batch, extra: int) -> Trial:
    """Return a trial with the prompts and the first column that its ops change in the unchanged run.

    ``extra`` columns of an answer follow those of the prompts, and no op changes them.
    """
    everyone = tuple(range(len(batch)))
    if not trial.steady:
        return replace(trial, prompts=everyone)
    changed, first = torch.zeros(len(batch), dtype=torch.bool), batch.width
    for op in trial.ops:
        before, axis = base[place_of(op.site)], _axis(op.site)
        if axis and extra:
            before = before.narrow(axis, 0, batch.width)
        after = before.clone()
        apply(op, after, everyone, batch)
        differs = (after != before).movedim(axis, -1) if axis else (after != before)[..., None]
        by_column = differs.unsqueeze(1).flatten(1, -2).any(1).cpu()
        changed |= by_column.any(-1)
        if bool(by_column.any()):
            columns = by_column.any(0).int()
            first = min(first, int(columns.argmax()) if axis else 0)
    return replace(trial, prompts=tuple(changed.nonzero().flatten().tolist()), first=first)


def apply(op: Op, shown: Tensor, prompts: Sequence[int], batch: Batch) -> None:
    """Change in place the rows of a tensor, one for each of these prompts, as a run of the batch would.

    Where the tensor holds fewer columns than the batch, they are its last.
    """
    axis, rows = None if op.site.stack else _axis(op.site), list(prompts)
    missing = 0 if axis is None else batch.width - shown.shape[axis]
    if len(rows) == len(batch) and not missing:
        write(op, shown, batch)
        return
    shape = [len(batch), *shown.shape[1:]]
    if axis is not None:
        shape[axis] = batch.width
    whole = shown.new_zeros(shape)
    inside = whole if axis is None else whole.narrow(axis, missing, shown.shape[axis])
    inside[rows] = shown
    write(op, whole, batch)
    shown.copy_(inside[rows])


def _axis(site: Site) -> int | None:
    words = site.kind.words
    return words.index(position_axis(site.kind)) if position_axis(site.kind) in words else None


@dataclass(frozen=True)
class Changes:
    """The visit of one place in one pass: each op, the first of its rows, and the prompts of these rows."""

    place: Place
    batch: Batch
    extra: int
    """Columns of the answer that follow the prompts, which no op changes."""
    changes: list[tuple[Op, int, tuple[int, ...]]]

    def __call__(self, tensor: Tensor) -> Tensor:
        """Return a copy of the tensor with every op done in its rows."""
        tensor = fresh(tensor)
        shown = in_words(self.place.name, tensor)
        for op, first, prompts in self.changes:
            rows = shown[first : first + len(prompts)]
            axis = _axis(op.site)
            if self.extra and axis is not None:
                own = rows.shape[axis] - self.extra
                if own <= 0:
                    continue
                rows = rows.narrow(axis, 0, own)
            apply(op, rows, prompts, self.batch)
        return tensor


def each(model: Model, pattern: str, *, positions: int | Iterable[int] = ()) -> list[Site]:
    """Return every address that a pattern spells out, layers first, then units, then positions.

    ``"resid_pre.*@*"`` is every layer and position, ``"z.*.*"`` every head, ``"mlp_act.3.*@-1"`` every neuron
    of a layer. ``positions`` says how many positions, or which, ``@*`` stands for. Raises `BadInput` for what
    is no address, and for ``@*`` without positions.

    >>> from neuronscope import open_model
    >>> [str(site) for site in each(open_model("builtin:scribe"), "z.1.*")][:2]
    ['z.1.0', 'z.1.1']
    """
    start, at, column = pattern.partition("@")
    wanted = list(range(positions) if isinstance(positions, int) else positions)
    if column == "*" and not wanted:
        raise BadInput(f"{pattern!r} names every position: say how many with positions=.")
    columns = [f"@{number}" for number in wanted] if column == "*" else [at + column]
    site = Site.parse(start)
    layers: Sequence[int | str | None] = [site.layer]
    if site.layer == "*":
        here = model.layers(site.name, site.stack) if site.stack in model.anatomy.stacks else []
        layers = here or range(model.n_layers)  # where none has it, the check below says why
    sizes = {
        "head": model.n_heads,
        "key_head": model.n_key_heads,
        "neuron": model.n_neurons,
        "expert": model.n_experts,
    }
    open_unit = start.count(".") == 2 and start.endswith(".*")
    if open_unit and site.kind.unit not in sizes:
        raise BadInput(f"{pattern!r} names every unit, but the units of {site.name} cannot be counted here.")
    stack = model.anatomy.stacks.get(site.stack, model.anatomy.main)

    def units(layer: int | str | None) -> Iterable[int | None]:
        if not open_unit:
            return [site.unit]
        own = stack.n_neurons(layer) if site.kind.unit == "neuron" and isinstance(layer, int) else 0
        return range(own or sizes[site.kind.unit or ""])

    spelt = [replace(site, layer=layer, unit=unit) for layer in layers for unit in units(layer)]
    return [model.check(Site.parse(f"{one}{place}")) for one in spelt for place in columns]
