"""Progressive patching: what would every patch do, guessed at once, and then measured where it matters?

Gradients guess the effect of all patches in one go. Exact patches then replace guesses, the largest and the
most doubtful first, so that a map of thousands of cells is worth reading after the first few.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task
from neuronscope.instruments.comparing.patched import Patched, facts_of, normalised, what_to_patch
from neuronscope.instruments.comparing.twins import DIRECTIONS, Direction, Twins, twin_pairs, twin_runs, ways
from neuronscope.models import Model
from neuronscope.results import Cancelled, label, placed, track
from neuronscope.results.track import offer
from neuronscope.words import AnswerToken, LayerIndex, Metric, PairCorrupt, PairCount, PairPrompt, Seed
from neuronscope.words.patching import ExactCells, PatchDirection, PatchPositions, PatchSites

AT_ONCE = 8


@analysis(kind="grid", cites="nanda2023attribution")
def progressive_patching(  # noqa: PLR0913 - what is asked of, what is swapped, and what is measured
    model: Model,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    sites: PatchSites = "residual",
    positions: PatchPositions = "usual",
    layer: LayerIndex = -1,
    direction: PatchDirection = "denoise",
    n_cells: ExactCells = 64,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Estimate every patch by gradients, and measure the cells that matter most exactly, one after another.

    Returns over direction, part and place the ``effect`` as far as it is known, on the scale where 1 is the
    clean prompt's own answer and 0 the corrupt prompt's: ``exact`` where it was measured, else ``estimate``.
    ``order`` says as the how manieth a cell was measured, from 1, and ``disagreement`` is exact minus
    estimate there; all are NaN elsewhere. Measured first are, in turn, the largest estimated change and the
    largest doubt: how far the gradients of the clean and of the corrupt run disagree about a cell.

    What is found so far is offered while it goes on, and kept where it is stopped: it is what a smaller
    ``n_cells`` gives. Parts, places and prompts are those of `activation_patching`. Raises `BadInput` as that
    does. (Nanda 2023; Kramár et al. 2024.)
    """
    pairs = twin_pairs(
        model,
        task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    patched = what_to_patch(model, pairs, sites, positions, layer)
    twins = twin_runs(model, pairs, metric, patched.parts.whole)
    both = ways(direction)
    guess: dict[Direction, torch.Tensor] = {
        way: twins.estimated(patched.parts, patched.places, way).mean(-1) for way in DIRECTIONS
    }
    queue = _queue(guess)[:n_cells]
    exact = np.full((len(both), len(patched.cells)), np.nan)
    order = np.full(len(patched.cells), np.nan)
    chunks = [queue[first : first + AT_ONCE] for first in range(0, len(queue), AT_ONCE)]
    n_done = 0
    try:
        for cells in track(chunks, "batches of exact cells"):
            found = [twins.patched([patched.cells[int(cell)] for cell in cells], way) for way in both]
            exact[:, cells] = [normalised(twins, one).mean(0) / float(twins.span.mean()) for one in found]
            order[cells] = np.arange(n_done + 1, n_done + len(cells) + 1)
            n_done += len(cells)
            offer(lambda: _labelled(twins, patched, both, guess, exact, order))
    except Cancelled as stop:
        stop.whole = _labelled(twins, patched, both, guess, exact, order), {"n_cells": n_done}
        raise
    return _labelled(twins, patched, both, guess, exact, order)


def _queue(guess: dict[Direction, torch.Tensor]) -> Int[np.ndarray, " cell"]:
    """Return every cell once: in turn the next largest estimate, and the next largest doubt."""
    there, back = (guess[way].flatten().numpy() for way in DIRECTIONS)
    size = np.maximum(abs(there), abs(back))
    # Where the model is linear, putting a part in does the opposite of taking it out.
    doubt = abs(there + back)
    turns = [np.argsort(-values, kind="stable") for values in (size, doubt)]
    return np.array(list(dict.fromkeys(np.stack(turns, 1).ravel().tolist())), dtype=int)


def _labelled(
    twins: Twins,
    patched: Patched,
    both: list[Direction],
    guess: dict[Direction, torch.Tensor],
    exact: Float[np.ndarray, "direction cell"],
    order: Float[np.ndarray, " cell"],
) -> xr.Dataset:
    """Return what is known so far, labelled as the whole answer is."""
    shape = len(patched.parts), len(patched.places)
    span = float(twins.span.mean())
    above = [float((twins.unpatched(way) - twins.corrupt_metric).mean()) for way in both]
    estimate = np.stack([(start + guess[way].numpy()) / span for start, way in zip(above, both, strict=True)])
    measured = exact.reshape(len(both), *shape)
    known = np.where(np.isnan(measured), estimate, measured)
    orders = np.broadcast_to(order.reshape(shape), measured.shape)
    axes, said = f"direction {patched.axes}", {"units": "1"}
    metric = twins.metric.replace("_", " ") if isinstance(twins.metric, str) else "metric"
    scale = said | {"long_name": f"{metric}: 1 = clean, 0 = corrupt"}
    variables: dict[str, Any] = {
        "effect": (axes, patched.laid(known), scale),
        "estimate": (axes, patched.laid(estimate), said | {"long_name": "estimated by gradients"}),
        "exact": (axes, patched.laid(measured), said | {"long_name": "measured"}),
        "order": (axes, patched.laid(orders), {"long_name": "measured as number"}),
        "disagreement": (axes, patched.laid(measured - estimate), said | {"signed": True}),
    }
    found = label({"direction": both, **patched.coords(twins.model, twins.pairs)}, **variables)
    found = placed(found, **dict.fromkeys(variables, patched.site))
    return found.assign_attrs(facts_of(twins) | {"n_exact": int(np.isfinite(order).sum())})
