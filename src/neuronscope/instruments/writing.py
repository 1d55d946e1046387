"""How does one op reach the part of a tensor that its address and rows name, even prompt by prompt?"""

from dataclasses import replace

import torch
from torch import Tensor

from neuronscope.instruments.draws import drawn_row
from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import columns_of, position_axis, words_left
from neuronscope.models.batch import Batch
from neuronscope.words import BadInput


def write(op: Op, shown: Tensor, batch: Batch | None = None, *, first: int = 0) -> None:
    """Change in place the part of a tensor, axes in the order of the site's words, that an op names.

    ``first`` is the position of the text that the first column shows. Padding is never written. Raises
    `BadInput` for rows outside the batch and values that do not fit.
    """
    rows = _rows(op, shown.shape[0])
    site, left = op.site, list(op.site.kind.words)
    part = shown
    if site.unit is not None:
        part = shown.select(left.index(site.kind.unit or ""), site.unit)
        left.remove(site.kind.unit or "")
    axis = left.index(position_axis(site.kind)) if position_axis(site.kind) in left else None
    if axis is None:
        _replace(op, part, rows, range(1))
    elif batch is not None and _by_row(op, batch, part.shape[axis]):
        _write_rows(op, part, axis, rows, batch)
    elif op.places is not None:
        raise BadInput(f"{op} comes from prompts of several lengths: patch prompts of those lengths.")
    else:
        columns = columns_of(site, part.shape[axis], None)
        assert not isinstance(columns, Tensor)
        here = range(first, first + part.shape[axis])
        positions = [here[columns]] if isinstance(columns, int) else here[columns]
        index = [slice(None)] * axis + [columns]
        _replace(op, part[tuple(index)], rows, positions)


def _by_row(op: Op, batch: Batch, size: int) -> bool:
    if not batch.counts_tokens(op.site) or size != batch.width:
        return False
    return batch.padded or isinstance(op.site.position, str) or op.places is not None


def _write_rows(op: Op, part: Tensor, axis: int, rows: list[int], batch: Batch) -> None:
    for number, row in enumerate(rows):
        positions = batch.positions(op.site, row)
        here = part[row : row + 1].narrow(axis, batch.starts[row] + positions[0], len(positions))
        if isinstance(op.site.position, int):
            here = here.select(axis, 0)
        one = _for_row(op, number, len(rows), axis, batch.lengths[row])
        here.copy_(one.changed(_apart(here), rows=[number], positions=positions))


def _for_row(op: Op, number: int, n_rows: int, axis: int, length: int) -> Op:
    """Return the op with the part of its value that belongs to one row, padding cut away."""
    value = op.value
    if not isinstance(value, Tensor) or op.kind == "project_out":
        return op
    source = drawn_row(op.seed or 0, number, len(value)) if op.kind == "resample" else number
    batched = value.dim() == len(words_left(op.site))
    if op.kind == "resample" or (batched and len(value) == n_rows):
        value = value[source : source + 1]
    if op.places is not None:
        if source >= len(op.places):
            raise BadInput(f"{op} brings {len(op.places)} prompts, but it changes {n_rows} rows.")
        start, held = op.places[source]
        if held != length:
            raise BadInput(
                f"{op.kind} at {op.site} brings {held} positions to a prompt of {length}: "
                "patch between prompts of one length, or name positions."
            )
        value = value.narrow(axis, start, held)
    return replace(op, value=value, places=None)


def _replace(op: Op, view: Tensor, rows: list[int], positions: range | list[int]) -> None:
    numbers = range(len(rows))
    if rows == list(range(view.shape[0])):
        view.copy_(op.changed(_apart(view), rows=numbers, positions=positions))
    else:
        index = torch.tensor(rows, device=view.device)
        view[index] = op.changed(view[index], rows=numbers, positions=positions)


def _apart(view: Tensor) -> Tensor:
    # A gradient needs what the op was worked out from, which the write is about to replace.
    return view.clone() if view.requires_grad else view


def _rows(op: Op, n_rows: int) -> list[int]:
    rows = op.rows
    if rows is None:
        return list(range(n_rows))
    picked = (
        list(range(n_rows)[rows]) if isinstance(rows, slice) else [rows] if isinstance(rows, int) else [*rows]
    )
    if not picked or max(picked) >= n_rows or min(picked) < 0:
        raise BadInput(f"{op} names rows outside the batch: rows run from 0 to {n_rows - 1}.")
    return picked
