"""What does each of many single changes do to the answer, at the price of a few forward passes?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import Inputs, check_fired, run, token_batch
from neuronscope.instruments.visits import Gathered, visits_of
from neuronscope.models.forward import Resume, forward
from neuronscope.models.model import Model
from neuronscope.results import track
from neuronscope.words import BadInput

LastMetric = Callable[[Float[Tensor, "batch vocab"]], Float[Tensor, " batch"]]


@dataclass(frozen=True)
class _Batch:
    """Cells that share the layer from which their pass resumes."""

    layer: int
    cells: tuple[int, ...]


def patch_sweep(
    model: Model,
    tokens: Inputs,
    cells: Sequence[Op],
    metric: LastMetric,
    *,
    tokens_per_pass: int = 1024,
) -> Float[Tensor, " cell"]:
    """Return the metric after each change alone, one number a cell, in the order of the cells.

    ``metric`` takes the logits at the last position [batch vocab] to one number a row. Cells run as rows of
    a batch of at most ``tokens_per_pass`` tokens; blocks before the changed one are skipped, for they would
    compute what the unchanged run has computed already. The numbers equal those of one run a cell up to
    rounding. Raises `BadInput` as `run` does, for more than one prompt, and for cells that name rows of
    their own.
    """
    ids = token_batch(model, tokens)
    if len(ids) != 1:
        raise BadInput(f"A sweep changes one prompt, but {len(ids)} were given: sweep each on its own.")
    claimed = next((cell for cell in cells if cell.rows is not None), None)
    if claimed is not None:
        raise BadInput(
            f"{claimed} names rows, but a sweep gives every cell a row of its own: leave rows out."
        )
    batches = _batches(model, cells, max(1, tokens_per_pass // ids.shape[1]))
    starts = sorted({batch.layer for batch in batches} - {0})
    streams = run(model, ids, get=[f"resid_pre.{layer}" for layer in starts])
    outcome = torch.empty(len(cells), dtype=torch.float64)
    for batch in track(batches, "batches of changes"):
        stream = streams[f"resid_pre.{batch.layer}"] if batch.layer else None
        rows = [replace(cells[cell], rows=row) for row, cell in enumerate(batch.cells)]
        logits = _changed_logits(model, ids, rows, batch.layer, stream)
        outcome[list(batch.cells)] = _measured(metric, logits).to(outcome)
    return outcome


def _batches(model: Model, cells: Sequence[Op], rows: int) -> list[_Batch]:
    by_layer: dict[int, list[int]] = {}
    for number, cell in enumerate(cells):
        by_layer.setdefault(_start(model, cell), []).append(number)
    return [
        _Batch(layer, tuple(numbers[first : first + rows]))
        for layer, numbers in sorted(by_layer.items())
        for first in range(0, len(numbers), rows)
    ]


def _start(model: Model, cell: Op) -> int:
    """Return the block from which a pass has to run to show this change."""
    site = model.check(cell.site)
    if isinstance(site.layer, int):
        return site.layer
    return model.n_layers - 1 if site.name in ("final", "logits") else 0


def _changed_logits(
    model: Model, ids: Tensor, ops: Sequence[Op], layer: int, stream: Tensor | None
) -> Tensor:
    tokens = ids.repeat(len(ops), 1)
    resume = None if stream is None else Resume(layer, stream.repeat(len(ops), 1, 1))
    # A change of the logits names positions of the whole prompt, so then every position is kept.
    options = {} if any(op.site.name == "logits" for op in ops) else {"logits_to_keep": 1}
    visits = visits_of(model, (), ops, Gathered(set()))
    with torch.no_grad():
        done = forward(model.anatomy, tokens, visits, resume=resume, **options)
    check_fired(visits, done.fired, stopped=False)
    assert done.logits is not None
    return done.logits[:, -1]


def _measured(metric: LastMetric, logits: Tensor) -> Tensor:
    values = metric(logits)
    if not isinstance(values, Tensor) or values.shape != logits.shape[:1]:
        shape = list(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise BadInput(f"The metric must give one number a row, [{len(logits)}], but it gave {shape}.")
    return values
