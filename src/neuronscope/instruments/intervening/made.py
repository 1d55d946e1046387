"""What does a written change come to on one model, and how is it made wherever a pass comes by?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.instruments.draws import drawn_row
from neuronscope.instruments.intervening.written import Along, Intervention
from neuronscope.instruments.linear.readout import logit_direction, pulled_back
from neuronscope.instruments.metrics import answer_token
from neuronscope.instruments.ops import Op, add, noise, project_out, put, scale, zero
from neuronscope.instruments.readings import position_axis
from neuronscope.instruments.visits import in_words, place_of
from neuronscope.models.attention import Place
from neuronscope.models.forward import fresh
from neuronscope.models.model import Model
from neuronscope.models.parts.standing import Change, Rows
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

REFERENCE = "common_prompts"
"""What a mean is taken over and a value drawn from: the common prompts of the package, on the bare model."""


def resolved(model: Model, written: Iterable[Intervention | Op]) -> list[Op]:
    """Return the ops that written changes come to on a bare model, in their order.

    The prompts that means are taken over run once for all. Raises `BadInput` for a site or a word that the
    model lacks.
    """
    asked = list(written)
    stand_ins: dict[tuple[str, int, Site], Op] = {}
    alike: dict[tuple[str, int], list[Site]] = {}
    for one in asked:
        if isinstance(one, Intervention) and one.op in ("mean", "resample"):
            alike.setdefault((one.op, one.seed), []).append(one.site)
    for (op, seed), sites in alike.items():
        found = ablations(model, sites, reference_prompts(model, REFERENCE), ablation=op, seed=seed)
        stand_ins |= {(op, seed, site): made for site, made in found.items()}
    return [
        one if isinstance(one, Op) else stand_ins.get((one.op, one.seed, one.site)) or _plain(model, one)
        for one in asked
    ]


def _plain(model: Model, written: Intervention) -> Op:
    site, value = model.check(written.site), written.value
    if isinstance(value, Along):
        vector = direction(model, value)
        removes = written.op == "project_out"
        return project_out(site, vector) if removes else add(site, value.coefficient * vector)
    number = float(value or 0.0)
    makers: dict[str, Callable[[], Op]] = {
        "zero": lambda: zero(site),
        "scale": lambda: scale(site, number),
        "add": lambda: add(site, number),
        "put": lambda: put(site, number),
        "noise": lambda: noise(site, number, seed=written.seed),
    }
    return makers[written.op]()


def direction(model: Model, along: Along) -> Float[Tensor, " width"]:
    """Return a direction of the stream of length 1, as the terms say.

    A token stands for the direction that raises its logit, through the gain of the last norm; a random one
    has length 1. Terms are summed as they are, and the sum is brought to length 1. Raises `BadInput` where
    the terms cancel, and for a model whose stream is not read by one matrix.
    """
    total = torch.zeros(model.width, dtype=torch.float64)
    for term in along.terms:
        if term.text is None:
            generator = torch.Generator().manual_seed(term.seed or 0)
            vector = torch.randn(model.width, generator=generator, dtype=torch.float64)
            vector /= vector.norm()
        else:
            read = logit_direction(model, answer_token(model, term.text))
            vector = pulled_back(model, read)[0].double().cpu()
        total += term.sign * vector
    if not float(total.norm()) > 1e-9:
        raise BadInput(f"The direction {along} is zero: its terms cancel.")
    return (total / total.norm()).to(device=model.device, dtype=model.dtype)


def changes_of(model: Model, ops: Sequence[Op]) -> dict[Place, Change]:
    """Return what is to happen at each place, its ops in their order; raises `BadInput` for unknown sites."""
    by_place: dict[Place, list[Op]] = {}
    for op in ops:
        by_place.setdefault(place_of(model.check(op.site)), []).append(op)
    return {place: _change(place, here) for place, here in by_place.items()}


def _change(place: Place, ops: Sequence[Op]) -> Change:
    def change(tensor: Tensor, rows: Rows) -> Tensor:
        tensor = fresh(tensor)
        shown = in_words(place.name, tensor)
        for op in ops:
            _write(op, shown, rows)
        return tensor

    return change


def _write(op: Op, shown: Tensor, rows: Rows) -> None:
    """Change in place what an op names, wherever the rows show it."""
    site, left, part = op.site, list(op.site.kind.words), shown
    if site.unit is not None:
        part = shown.select(left.index(site.kind.unit or ""), site.unit)
        left.remove(site.kind.unit or "")
    named = position_axis(site.kind)
    if named not in left:
        part.copy_(op.changed(_apart(part), rows=[0] * len(part)))
        return
    axis, there = left.index(named), False
    alike = len(set(rows.starts)) == 1 and len(set(rows.lengths)) == 1
    for first, row in enumerate([slice(None)] if alike else [slice(at, at + 1) for at in range(len(part))]):
        start, length = rows.starts[first], rows.lengths[first]
        positions = _positions(site, length)
        there = there or bool(positions)
        # A tensor shows the last columns, where it does not show all.
        hidden = max(0, rows.width - part.shape[axis] - start)
        positions = range(max(positions.start, hidden), positions.stop)
        if positions:
            column = positions.start + start - (rows.width - part.shape[axis])
            _replace(op, part[row].narrow(axis, column, len(positions)), axis, positions)
    if not there and not rows.grows:
        raise BadInput(
            f"{site} is changed, but no prompt has such a position: "
            f"the longest has {max(rows.lengths)} tokens."
        )


def _positions(site: Site, length: int) -> range:
    """Return which positions of a text of so many tokens an address names, none where it has no such."""
    asked = site.position
    if isinstance(asked, int):
        at = asked + length if asked < 0 else asked
        return range(at, at + 1) if 0 <= at < length else range(0)
    return range(length)[asked if isinstance(asked, slice) else slice(None)]


def _replace(op: Op, here: Tensor, axis: int, positions: range) -> None:
    if isinstance(op.site.position, int):
        here = here.select(axis, 0)
    elif op.kind == "resample":
        for number, position in enumerate(positions):
            one = here.narrow(axis, number, 1)
            one.copy_(_drawn(op, position).changed(_apart(one)))
        return
    made = _drawn(op, positions[0]) if op.kind == "resample" else op
    # Rows of a batch are prompts that meet by chance, so what is drawn goes by seed and position alone.
    here.copy_(made.changed(_apart(here), rows=[0] * len(here), positions=positions))


def _drawn(op: Op, position: int) -> Op:
    """Return the op that puts what a position draws from the reference."""
    assert isinstance(op.value, Tensor)
    at = drawn_row(op.seed or 0, position, len(op.value))
    return replace(op, kind="put", value=op.value[at : at + 1], seed=None)


def _apart(view: Tensor) -> Tensor:
    # A gradient needs what the op was worked out from, which the write is about to replace.
    return view.clone() if view.requires_grad else view
