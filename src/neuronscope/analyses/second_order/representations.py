"""Representations: what does the model hold where it gives its answer, depth by depth?

Every depth is read in one space, behind the model's own last norm, where the output head reads: there a
direction at one depth means what it means at another.
"""

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.represented.states import represented
from neuronscope.models import Model
from neuronscope.results import placed
from neuronscope.words import BadInput, Precision, Seed, TaskSplit
from neuronscope.words.second_order import LastPositions, RepresentationPrompts


@analysis(kind="grid", cites="gandelsman2024secondorder")
def representations(
    model: Model,
    evaluation: Result | None = None,
    task: Task | None = None,
    *,
    n_last: LastPositions = 0,
    n_prompts: RepresentationPrompts = 64,
    precision: Precision = "float32",
    split: TaskSplit = "unseen",
    seed: Seed = 0,
) -> xr.Dataset:
    """Keep what the model is at the answer to each prompt, at every depth, in the space of the output head.

    Returns over prompt and depth the ``likeness``: the cosine of the representation with that of the last
    depth, both less their means over prompts, so that it tells when what sets a prompt apart is there; NaN
    where nothing does. Over prompt, depth and width the ``representation`` itself: the residual stream behind
    the model's own last norm, at the token that gives the answer, or the mean over the last tokens of the
    model's own answer. Over prompt whether it was ``correct``, its ``metric``, texts and ``template``,
    ``n_tokens`` and ``operand_size``, the largest number in the prompt, NaN without one. ``evaluation`` is a
    result of task_evaluation, whose prompts are read; without it the task's are answered first, and without
    a task those of two-digit-arithmetic. Raises `BadInput` for both of them, for a model that reads both
    ways, and where the result would take more than 4 GiB.
    """
    if evaluation is not None and task is not None:
        raise BadInput(f"An evaluation brings its own prompts: give it or {task.name!r}, not both.")
    found = represented(
        model,
        evaluation=evaluation,
        task=TASKS["two-digit-arithmetic"] if task is None else task,
        n_prompts=n_prompts,
        split=split,
        seed=seed,
        n_last=n_last,
        precision=precision,
    )
    about = {"long_name": "likeness to the last depth", "units": "1", "signed": True}
    likeness = xr.DataArray(_likeness(found["representation"].values), dims=("prompt", "depth"), attrs=about)
    ordered = xr.Dataset({"likeness": likeness}, attrs=found.attrs).merge(found)
    return ordered if n_last else placed(ordered, likeness="{address}@-1")


def _likeness(values: np.ndarray) -> np.ndarray:
    own = values.astype(float) - values.astype(float).mean(0)
    length = np.linalg.norm(own, axis=-1)
    shared = np.einsum("pdw,pw->pd", own, own[:, -1])
    size = length * length[:, -1:]
    return np.divide(shared, size, out=np.full_like(shared, np.nan), where=size > 1e-9 * size.max())
