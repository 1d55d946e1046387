"""What does each of many single changes do to the answer, at the price of a few forward passes?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.metrics import PLAIN_ARGUMENTS, Metric, last_logits, measured, with_answers
from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import check_fired
from neuronscope.instruments.schedule import Group, schedule
from neuronscope.instruments.trials import (
    FROM_THE_INPUTS,
    Cell,
    Changes,
    Trial,
    located,
    trial_of,
)
from neuronscope.instruments.visits import in_words, place_of
from neuronscope.models.attention import Place, Visit
from neuronscope.models.batch import Batch
from neuronscope.models.forward import forward
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import Inputs, prepare
from neuronscope.models.model import Model
from neuronscope.models.shortcuts import Shortcuts, prefix, shortcuts
from neuronscope.models.skipping import Joins, Resume
from neuronscope.results import track
from neuronscope.words import BadInput

_HELD_LOGITS = 2**26


@dataclass(frozen=True, eq=False)
class Sweep:
    """What each change does: the metric of every cell and prompt, and of the unchanged prompts."""

    values: Float[Tensor, "cell batch"]
    base: Float[Tensor, " batch"]

    @property
    def effect(self) -> Float[Tensor, "cell batch"]:
        """Return by how much each change moves the metric."""
        return self.values - self.base


@dataclass(frozen=True, eq=False)
class _Unchanged:
    """The unchanged run: what it runs on, its logits, streams, the sites to be changed, keys and values."""

    model: Model
    prompts: Batch
    inputs: Batch
    kept: int
    can: Shortcuts
    logits: Tensor
    values: dict[Place, Tensor]
    drops: bool

    @property
    def extra(self) -> int:
        return self.inputs.width - self.prompts.width


def sweep(
    model: Model,
    inputs: Inputs,
    cells: Sequence[Cell],
    metric: Metric,
    *,
    tokens_per_pass: int = 2048,
) -> Sweep:
    """Return the metric after each change alone, over cells in their order and prompts, in its own units.

    A cell is an op, or several that are done together; `each` spells wildcards out. ``metric`` takes the
    logits at the last position of each prompt [batch vocab] to one number a prompt, or is an answer of
    several tokens, which are appended to the prompts and never changed.

    Cells run as rows of large batches of at most ``tokens_per_pass`` tokens. A row joins at the block where
    its change begins; columns before its first difference come from a cache; the last block works on the
    last position alone: each as far as a probe has found that it gives this model's own numbers. A cell
    whose change changes nothing gets the value of the unchanged run, exactly. Other numbers equal those of
    one run a cell up to rounding. Raises `BadInput` as `run` does, and for cells that name rows.
    """
    prompts = prepare(model, inputs)
    if not prompts.lengths:
        raise BadInput("A sweep measures what follows the last token, but these inputs hold no tokens.")
    check_evaluation_mode(model.hf)
    with torch.no_grad():
        can = shortcuts(model.anatomy)
        trials = [trial_of(model, number, cell, grows=can.grows) for number, cell in enumerate(cells)]
        base = _base_run(model, prompts, metric, trials, can)
        unchanged = measured(metric, base.logits).double()
        found = unchanged.expand(len(cells), -1).clone()
        for trial, logits in _outcomes(base, trials, tokens_per_pass):
            rows = list(trial.prompts)
            found[trial.number, rows] = measured(metric, logits).double()[rows]
    return Sweep(found, unchanged)


def _outcomes(base: _Unchanged, trials: Sequence[Trial], tokens: int) -> Iterator[tuple[Trial, Tensor]]:
    """Run what has to run, and give the logits [batch vocab] of every trial that changes some number."""
    here = [located(trial, base.values, base.prompts, base.extra) for trial in trials]
    groups = schedule(
        [trial for trial in here if trial.prompts],
        n_layers=base.model.n_layers,
        width=base.inputs.width,
        n_prompts=len(base.prompts),
        tokens=tokens,
        held=max(1, _HELD_LOGITS // base.logits.numel()),
        drops=base.drops,
        kept=base.kept,
    )
    for group in track(groups, "batches of changes"):
        logits = {trial.number: base.logits.clone() for trial in group.trials}
        for start in range(0, len(base.prompts), group.prompts):
            rows = range(start, min(start + group.prompts, len(base.prompts)))
            _pass(base, group, rows, logits)
        for trial in group.trials:
            yield trial, logits.pop(trial.number)


def _base_run(
    model: Model, prompts: Batch, metric: Metric, trials: Sequence[Trial], can: Shortcuts
) -> _Unchanged:
    batch, kept = with_answers(model, prompts, metric)
    places = {place_of(op.site) for trial in trials if trial.steady for op in trial.ops}
    starts = {trial.start for trial in trials if trial.start > 0}
    places |= {Place("resid_pre", start) for start in starts}
    drops = can.drops and batch.inputs.keys() <= PLAIN_ARGUMENTS and batch.width > 2
    if drops:
        places |= {Place(name, layer) for name in ("k", "v") for layer in range(model.n_layers)}
    values: dict[Place, Tensor] = {}
    visits = {place: _keeping(values, place) for place in places}
    done = forward(model.anatomy, batch.inputs, visits)
    check_fired(visits, done.fired, stopped=False)
    if done.logits is None:
        raise BadInput(f"{model.name} gives no logits, so there is nothing for a metric to measure.")
    logits = last_logits(done.logits, batch, kept)
    return _Unchanged(model, prompts, batch, kept, can, logits, values, drops)


def _keeping(values: dict[Place, Tensor], place: Place) -> Visit:
    def visit(tensor: Tensor) -> Tensor:
        values[place] = in_words(place.name, tensor).clone()
        return tensor

    return visit


def _pass(base: _Unchanged, group: Group, prompts: range, logits: dict[int, Tensor]) -> None:
    """Run the trials of a group on some of the prompts, and put their logits in place."""
    here = [(trial, [b for b in trial.prompts if b in prompts]) for trial in group.trials]
    here = [(trial, mine) for trial, mine in here if mine]
    if not here:
        return
    early = [(trial, mine) for trial, mine in here if trial.start == FROM_THE_INPUTS]
    late = [(trial, mine) for trial, mine in here if trial.start != FROM_THE_INPUTS]
    first = list(prompts) if late else []
    origin = first + [b for _, mine in early for b in mine]
    width = base.inputs.width - group.first
    if late and len(origin) > 1:
        # A mask or table is known as one of each row by its length; so no other axis may be as long.
        model = base.model
        while len(origin) in {width, base.inputs.width, model.n_heads, model.n_key_heads}:
            origin.append(origin[0])
    at: dict[int, list[int]] = {}
    row, placed = len(first), []
    for trial, mine in early:
        placed.append((trial, mine, row))
        row += len(mine)
    row = len(origin)
    for trial, mine in late:
        at.setdefault(trial.start, []).extend(first.index(b) for b in mine)
        placed.append((trial, mine, row))
        row += len(mine)
    joins = Joins(len(origin), {layer: tuple(new) for layer, new in at.items()})
    found = _forward(base, group, origin, joins, placed, resume=0 if early else min(at))
    for trial, mine, start in placed:
        rows = found[start : start + len(mine)]
        logits[trial.number][mine] = last_logits(rows, base.inputs, base.kept, mine)


def _forward(
    base: _Unchanged,
    group: Group,
    origin: list[int],
    joins: Joins,
    placed: Sequence[tuple[Trial, list[int], int]],
    *,
    resume: int,
) -> Tensor:
    changes: dict[Place, list[tuple[Op, int, tuple[int, ...]]]] = {}
    for trial, mine, row in placed:
        for op in trial.ops:
            changes.setdefault(place_of(op.site), []).append((op, row, tuple(mine)))
    visits = {place: Changes(place, base.prompts, base.extra, changed) for place, changed in changes.items()}
    cut = group.first
    named = dict(base.inputs.picked(origin).inputs)
    options = {}
    if cut:
        named |= {name: named[name][:, cut:] for name in ("input_ids", "position_ids") if name in named}

        def cached(layer: int) -> list[int]:
            return [origin[row] for row in joins.lineage(layer)]

        cache = prefix(base.values, base.model.n_layers, cached, cut)
        options = {"past_key_values": cache, "use_cache": True}
    steady = all(trial.steady for trial in group.trials)
    behind = any(last != base.inputs.width - 1 for last in base.inputs.last)
    stream = base.values[Place("resid_pre", resume)][origin, cut:] if resume else None
    done = forward(
        base.model.anatomy,
        named,
        visits,
        resume=None if stream is None else Resume(resume, stream),
        joins=joins,
        keep=base.kept if steady and not behind else None,
        trim=base.can.trims and base.kept == 1,
        **options,
    )
    check_fired(visits, done.fired, stopped=False)
    assert done.logits is not None
    return done.logits
