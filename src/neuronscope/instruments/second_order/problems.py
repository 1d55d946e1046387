"""On which problems is the second order looked at? Prompts, right and wrong answers, and who was right."""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Int
from torch import Tensor

from neuronscope.data.tasks import TASKS, Task
from neuronscope.data.tasks.pair import Split
from neuronscope.instruments.comparing.pairs import answer_tokens, check_goes_on, first_tokens, prompt_pairs
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_OF_A_TASK = 32
_NEEDED = ("clean", "answer", "distractor")


@dataclass(frozen=True, eq=False)
class Problems:
    """Prompts as token ids with the first tokens of their answers, and how the model did where it is known.

    ``target`` and ``distractor`` are the first tokens of the right and the wrong answer; ``correct`` says
    whether the model wrote the whole answer, None where nobody looked.
    """

    prompts: tuple[Int[Tensor, " position"], ...]
    target: Int[Tensor, " prompt"]
    distractor: Int[Tensor, " prompt"]
    texts: tuple[str, ...]
    answers: tuple[str, ...]
    wrong: tuple[str, ...]
    templates: tuple[str, ...]
    correct: Bool[np.ndarray, " prompt"] | None = None

    def __len__(self) -> int:
        return len(self.prompts)

    def __getitem__(self, rows: "slice | np.ndarray") -> "Problems":
        """Return some of the problems with all that belongs to them."""
        kept = np.arange(len(self))[rows]
        words = {
            name: tuple(getattr(self, name)[row] for row in kept)
            for name in ("prompts", "texts", "answers", "wrong", "templates")
        }
        tokens = {name: getattr(self, name)[torch.from_numpy(kept)] for name in ("target", "distractor")}
        return Problems(**words, **tokens, correct=None if self.correct is None else self.correct[kept])


def problems_of(
    model: Model,
    *,
    evaluation: xr.Dataset | None,
    task: Task | None,
    n_prompts: int,
    answer_token: int = 0,
    split: Split = "unseen",
    seed: int = 0,
) -> Problems:
    """Return the first problems of an evaluation, or problems of a task.

    ``evaluation`` is a result of `task_evaluation`, which says also who was right; without it the problems
    are the task's, without a task those of indirect-object. ``n_prompts`` 0 takes all of an evaluation, and
    32 of a task. ``answer_token`` n goes on to the n-th token after the first of the right answer, see
    `later_in_the_answer`. Raises `BadInput` for a model that reads both ways, for both an evaluation and a
    task, and for an evaluation that lacks prompts or wrong answers.
    """
    if evaluation is None:
        found = _of_task(model, TASKS["indirect-object"] if task is None else task, n_prompts, split, seed)
    elif task is None:
        found = _evaluated(model, evaluation, n_prompts)
    else:
        raise BadInput(f"An evaluation brings its own problems: give it or {task.name!r}, not both.")
    return later_in_the_answer(model, found, answer_token) if answer_token else found


def later_in_the_answer(model: Model, problems: Problems, answer_token: int) -> Problems:
    """Return the problems as they stand when so many tokens of the right answer are written.

    What is read grows by these tokens, the text of the prompt stays, and right and wrong answer are compared
    at the next one. Problems whose answers are shorter, or the same at that token, are left out. Raises
    `BadInput` where none is left.
    """
    right, wrong = (answer_tokens(model, problems.texts, own) for own in (problems.answers, problems.wrong))
    kept = np.array(
        [
            min(len(one), len(other)) > answer_token and one[answer_token] != other[answer_token]
            for one, other in zip(right, wrong, strict=True)
        ]
    )
    if not kept.any():
        longest = max(map(len, right))
        raise BadInput(
            f"answer_token is {answer_token}, but no right answer differs there from the wrong one (the "
            f"longest has {longest} tokens, numbered from 0): choose a smaller one, or a task with longer "
            "answers."
        )
    found = problems[kept]
    rows = np.flatnonzero(kept).tolist()
    before = [torch.tensor(right[row][:answer_token]) for row in rows]
    target, distractor = (
        torch.tensor([own[row][answer_token] for row in rows]).to(problems.target) for own in (right, wrong)
    )
    prompts = [torch.cat([one, more.to(one)]) for one, more in zip(found.prompts, before, strict=True)]
    return replace(found, prompts=tuple(prompts), target=target, distractor=distractor)


def _of_task(model: Model, task: Task, n_prompts: int, split: Split, seed: int) -> Problems:
    drawn = prompt_pairs(model, task, n_prompts=n_prompts or _OF_A_TASK, seed=seed, split=split)
    pairs = drawn.pairs
    return Problems(
        prompts=drawn.clean,
        target=drawn.target,
        distractor=drawn.distractor,
        texts=drawn.texts,
        answers=tuple(pair.answer for pair in pairs),
        wrong=tuple(pair.distractor or pair.rejected[0] for pair in pairs),
        templates=tuple(pair.template for pair in pairs),
    )


def _evaluated(model: Model, evaluation: xr.Dataset, n_prompts: int) -> Problems:
    missing = next((name for name in _NEEDED if name not in evaluation or evaluation[name].ndim != 1), None)
    if missing is not None:
        raise BadInput(
            f"evaluation has no variable {missing!r} over prompt: give a result of task_evaluation."
        )
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read the prompts of an evaluation.")
    check_goes_on(model)
    rows = evaluation.isel(prompt=slice(n_prompts or None))
    texts, answers = (_words(rows, name) for name in ("clean", "answer"))
    wrong = _wrong(rows)
    return Problems(
        prompts=tuple(model.tokenize(text) for text in texts),
        target=first_tokens(model, texts, answers),
        distractor=first_tokens(model, texts, wrong),
        texts=texts,
        answers=answers,
        wrong=wrong,
        templates=_words(rows, "template") if "template" in rows else ("",) * len(texts),
        correct=rows["correct"].values.astype(bool) if "correct" in rows else None,
    )


def _words(rows: xr.Dataset, name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in rows[name].values)


def _wrong(rows: xr.Dataset) -> tuple[str, ...]:
    """Return the distractor of each prompt, or its first wrong candidate where it has none."""
    wrong = list(_words(rows, "distractor"))
    if not all(wrong) and "candidate_text" in rows:
        listed, first = rows["candidate_text"].values, rows["n_right_candidates"].values
        rejected = [
            str(texts[n]) if n < len(texts) else ""
            for texts, n in zip(listed, cast(list[int], first), strict=True)
        ]
        wrong = [own or other for own, other in zip(wrong, rejected, strict=True)]
    if not all(wrong):
        raise BadInput(
            "evaluation has right answers alone, and this compares them with wrong ones: choose a task that "
            "has distractors, such as two-digit-arithmetic."
        )
    return tuple(wrong)
