"""What stood where the answer was given, in the space that the output head reads? And was the answer right?

Streams of different depths are compared there, behind the model's own last norm: some libraries hand out the
last stream behind it and all others before it, and what is found in such a mixture is the norm.
"""

import re
from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from neuronscope.data.tasks import Task
from neuronscope.data.tasks.pair import Split
from neuronscope.instruments.answered.marking import fitting, is_correct, metric_of, question_of
from neuronscope.instruments.answered.streams import MOST_BYTES, batches_of_one_length
from neuronscope.instruments.answering import answer
from neuronscope.instruments.comparing.components import streams
from neuronscope.instruments.comparing.pairs import check_goes_on
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput

KEPT = ("correct", "clean", "written", "answer", "distractor", "template", "metric")
"""What is known of each prompt and stays with its representation."""

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def represented(
    model: Model,
    *,
    evaluation: xr.Dataset | None,
    task: Task,
    n_prompts: int,
    split: Split = "unseen",
    seed: int = 0,
    n_last: int = 0,
    precision: str = "float32",
) -> xr.Dataset:
    """Return what the model holds at the answer to each prompt, depth by depth, with what is known of it.

    ``representation`` lies over prompt, depth and width: the stream of each depth behind the model's last
    norm, at the last token of the prompt, or the mean over the ``n_last`` last tokens of the prompt with the
    answer that the model wrote, none before the prompt's last. Over prompt stand `KEPT`, ``n_tokens`` and
    ``operand_size``, the largest number that the prompt names, NaN without one. Prompts are those of
    ``evaluation``, a result of `task_evaluation`, or else ``n_prompts`` of the task, which are answered
    first. Raises `BadInput` for a model that reads both ways, and where it would take more than 4 GiB.
    """
    check_goes_on(model)
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read the prompts of a task.")
    known = _asked(model, task, n_prompts, split, seed) if evaluation is None else _evaluated(evaluation)
    clean = [str(text) for text in known["clean"].values]
    prompts = [model.tokenize(text).tolist() for text in clean]
    read, n_read = prompts, [1] * len(prompts)
    if n_last:
        if "written" not in known:
            raise BadInput("evaluation does not say what was written, which n_last reads: leave n_last at 0.")
        whole = (text + str(own) for text, own in zip(clean, known["written"].values, strict=True))
        read = [model.tokenize(text).tolist()[: model.n_positions] for text in whole]
        n_read = [max(1, min(n_last, len(b) - len(a) + 1)) for a, b in zip(prompts, read, strict=True)]
    values = _final_streams(model, read, n_read, precision)
    found = label(
        {**streams(model).coords, "prompt": range(len(prompts))},
        representation=(
            "prompt depth width",
            values,
            {"long_name": "stream behind the last norm", "units": "a.u."},
        ),
        n_tokens=("prompt", [len(one) for one in prompts], {"long_name": "tokens of the prompt"}),
        operand_size=(
            "prompt",
            [operand_size(text) for text in clean],
            {"long_name": "largest number in the prompt"},
        ),
    )
    told = {"task": known.attrs["task"], "n_last": n_last, "n": len(prompts), "n_unit": "prompts"}
    return found.merge(known).assign_attrs(told)


def operand_size(text: str) -> float:
    """Return the largest number that a text names, NaN where it names none.

    >>> operand_size("1,203 + 17 ="), operand_size("Paris is in")
    (1203.0, nan)
    """
    return max((float(one.replace(",", "")) for one in _NUMBER.findall(text)), default=float("nan"))


def _asked(model: Model, task: Task, n_prompts: int, split: Split, seed: int) -> xr.Dataset:
    """Return what the model writes to prompts of a task, and whether that is right."""
    pairs = fitting(model, task.pairs(n_prompts, model.tokenizer, seed=seed, split=split))
    replies = answer(model, [question_of(pair, pair.clean) for pair in pairs])
    texts = {name: [str(getattr(pair, name)) for pair in pairs] for name in KEPT if hasattr(pairs[0], name)}
    right = [is_correct(pair, reply, "start") for pair, reply in zip(pairs, replies, strict=True)]
    values = {
        "correct": right,
        "written": [reply.text for reply in replies],
        "metric": [metric_of(task, reply) for reply in replies],
    }
    about = {"long_name": task.metric.replace("_", " ")}
    return label(
        {"prompt": range(len(pairs))},
        **{name: ("prompt", own) for name, own in (texts | values).items() if name != "metric"},
        metric=("prompt", values["metric"], about),
    ).assign_attrs(task=task.name)


def _evaluated(evaluation: xr.Dataset) -> xr.Dataset:
    """Return what is known of each prompt of an evaluation: numbers and truths of other names as well."""
    missing = next((name for name in ("clean", "correct") if name not in evaluation), None)
    if missing:
        raise BadInput(
            f"evaluation has no variable {missing!r} over prompt: give a result of task_evaluation."
        )
    names = [str(name) for name, one in evaluation.data_vars.items() if one.dims == ("prompt",)]
    found = evaluation[[name for name in names if name not in ("n_tokens", "operand_size")]].drop_vars(
        [str(name) for name in evaluation.coords], errors="ignore"
    )
    found = found.assign_coords(prompt=np.arange(evaluation.sizes["prompt"]))
    return found.drop_attrs(deep=False).assign_attrs(task=str(evaluation.attrs.get("task", "")))


def _final_streams(
    model: Model, read: Sequence[list[int]], n_read: Sequence[int], precision: str
) -> Float[np.ndarray, "prompt depth width"]:
    """Return the mean over the last tokens of each text of every depth's stream behind the last norm."""
    shape = (len(read), model.n_layers + 1, model.width)
    if np.prod(shape, dtype=float) * np.dtype(precision).itemsize > MOST_BYTES:
        raise BadInput(
            f"The representations of {len(read)} prompts would take more than 4 GiB: ask for fewer prompts, "
            "or for precision='float16'."
        )
    found = np.empty(shape, dtype=precision)
    norm = model.anatomy.final_norm
    sites = ["resid_pre.0", *(f"resid_post.{layer}" for layer in range(model.n_layers))]
    for batch in track(batches_of_one_length(read), "batches of representations"):
        seen = run(model, [read[number] for number in batch], get=sites, stop=True)
        for depth, site in enumerate(sites):
            for number, stream in zip(batch, seen.each(site), strict=True):
                own = stream[-n_read[number] :]
                with torch.no_grad():
                    final = (own if norm is None else norm(own)).float().mean(0).cpu().numpy()
                if np.abs(final).max() > np.finfo(precision).max:
                    raise BadInput(
                        f"A representation of {model.name} is too large for {precision}: ask for float32."
                    )
                found[number, depth] = final
    return found
