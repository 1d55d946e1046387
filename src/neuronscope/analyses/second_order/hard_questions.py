"""Hard questions: do a few neurons know, before the answer is asked, which problems the model will fail?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.editing.chosen import (
    chosen_neurons,
    fresh_pairs,
    picked,
    problems_in,
    texts_in,
)
from neuronscope.instruments.judging.failing import Shown, asked, on_the_face, shown
from neuronscope.instruments.second_order.reading import reading_of
from neuronscope.maths.foretelling import Foretold, auroc_p, foretold
from neuronscope.maths.resampling import wilson_interval
from neuronscope.maths.separation import auroc_interval
from neuronscope.maths.separation.directions import dealt, shuffled_labels
from neuronscope.maths.significance import permutation_p
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import Seed, TaskSplit
from neuronscope.words.neurons import NeuronNames
from neuronscope.words.second_order import (
    AskedProblems,
    FoldCount,
    NewProblems,
    PermutationCount,
    PredictingNeurons,
    PredictingValues,
    TrainingProblems,
)

_TASK = "two-digit-arithmetic"
SORTS = ("hardest", "at random", "easiest")


@analysis(kind="ranking", cites="wilson1927inference")
def hard_questions(  # noqa: PLR0913 - what foretells, what it is learnt from, and what it is tried on
    model: Model,
    effects: Result | None = None,
    *,
    task: Task | None = None,
    neurons: NeuronNames = "",
    n_neurons: PredictingNeurons = 20,
    values: PredictingValues = "effect",
    n_training: TrainingProblems = 200,
    n_new: NewProblems = 400,
    n_asked: AskedProblems = 50,
    n_folds: FoldCount = 5,
    n_null: PermutationCount = 500,
    split: TaskSplit = "unseen",
    seed: Seed = 0,
) -> xr.Dataset:
    """Learn which problems a model fails from what neurons do, pick hard new ones unasked, then ask them.

    On ``n_training`` problems of the task (two-digit-arithmetic by default) that the model has answered, a
    ridge logistic regression learns failure from the ``values`` of the neurons: named, or the largest of
    ``effects``, or of second-order effects on these problems. ``n_new`` others are scored without their
    answers; only then are the ``n_asked`` hardest, easiest and as many at random asked. Returns over item the
    ``accuracy`` of each sort (whole answer right) with its Wilson interval, and ``gap_p``, how seldom dealing
    hardest and easiest anew parts them so far. Over way, what foretells: the ``auroc`` on the problems drawn
    at random, with interval and permutation p, of the neurons, of what anybody sees of a prompt (its number
    of tokens, its largest number, its words, all of these), and of the probability of the likeliest first
    token; ``training_auroc`` is the same cross-fitted on the training problems. Over rank the neurons with
    their ``weight``; over prompt every asked question, hardest first, with what the model wrote; and
    the ``value`` of each neuron on it. Raises `BadInput` where the model gets too few right or too few wrong
    to learn from.
    """
    task = task or TASKS[_TASK]
    seen = texts_in(effects)
    training = prompt_pairs(model, task, n_prompts=n_training, seed=seed, split=split)
    right, _ = asked(model, training)
    folds = dealt(~right, n_folds, seed=seed)
    anew = shuffled_labels(~right, folds, n_null, seed=seed)
    chosen = chosen_neurons(model, effects, names=neurons, own=training, n=n_neurons)
    new = fresh_pairs(model, task, n_new, seen=seen | set(training.texts), split=split, seed=seed + 1)
    reading = reading_of(model, problems_in(training), reading="mean_difference", direction=None)
    known, fresh = (shown(model, pairs, chosen, reading, values) for pairs in (training, new))
    ways = {
        name: foretold(before, ~right, unasked, folds=folds, dealt_anew=anew)
        for name, (before, unasked) in {
            "neurons": (known.values, fresh.values),
            **on_the_face(training, new),
            "confidence": (known.confidence[:, None], fresh.confidence[:, None]),
        }.items()
    }
    score = ways["neurons"].score
    rows = _picked(score, n_asked, seed)
    every = np.unique(np.concatenate(list(rows.values())))
    every = every[np.argsort(-score[every], kind="stable")]
    outcome, written = asked(model, picked(new, every.tolist()))
    correct = dict(zip(every.tolist(), outcome.tolist(), strict=True))
    by_sort = {name: np.array([correct[row] for row in own]) for name, own in rows.items()}
    order = np.argsort(-np.abs(ways["neurons"].weight), kind="stable")
    addresses = [str(chosen[at]) for at in order]
    result = label(
        {"item": list(rows), "way": list(ways), "address": ("rank", addresses)},
        **_accuracies(by_sort, seed),
        **_ways(ways, rows["at random"], by_sort["at random"], n_null, seed),
        **_neurons(order, ways["neurons"], known, right),
        **_questions(picked(new, every.tolist()), every, rows, score, outcome, written),
        value=("prompt rank", fresh.values[every][:, order], {"long_name": f"{values} of the neuron"}),
    )
    return placed(result, weight="{address}", alone="{address}", value="{address}").assign_attrs(
        task=task.name,
        n_training=n_training,
        training_accuracy=float(right.mean()),
        n_new=n_new,
        values=values,
    )


def _picked(score: np.ndarray, n: int, seed: int) -> dict[str, np.ndarray]:
    """Return the rows that are asked: the hardest, some at random from all, the easiest."""
    n = min(n, len(score) // 2)
    order = np.argsort(-score, kind="stable")
    drawn = np.random.default_rng(seed).choice(len(score), n, replace=False)
    return dict(zip(SORTS, (order[:n], drawn, order[::-1][:n]), strict=True))


def _accuracies(by_sort: dict[str, np.ndarray], seed: int) -> dict[str, Any]:
    n = [len(own) for own in by_sort.values()]
    low, high = wilson_interval([own.sum() for own in by_sort.values()], n)
    said = {"long_name": "share of whole answers right", "units": "1", "n": n[0], "n_unit": "prompts a bar"}
    hardest, _, easiest = (own.astype(float) for own in by_sort.values())
    return {
        "accuracy": ("item", [own.mean() for own in by_sort.values()], said),
        "accuracy_low": ("item", low),
        "accuracy_high": ("item", high),
        "gap": ("", easiest.mean() - hardest.mean(), {"long_name": "accuracy, easiest minus hardest"}),
        "gap_p": ("", permutation_p(easiest, hardest, seed=seed)),
    }


def _ways(
    ways: dict[str, Foretold], rows: np.ndarray, right: np.ndarray, n_null: int, seed: int
) -> dict[str, Any]:
    tried = [auroc_interval(one.score[rows], ~right) for one in ways.values()]
    kept = [one.held_out for one in ways.values()]
    found: dict[str, Any] = {}
    for name, meaning, ends, p in (
        (
            "auroc",
            "new problems",
            tried,
            [auroc_p(one.score[rows], ~right, n_null=n_null, seed=seed) for one in ways.values()],
        ),
        ("training_auroc", "training problems, held out", kept, [one.p for one in ways.values()]),
    ):
        said = {"long_name": f"how well failure is told, {meaning}", "units": "1", "meaning": "0.5 is chance"}
        found |= {
            name: ("way", [one.estimate for one in ends], said),
            f"{name}_low": ("way", [one.low for one in ends]),
            f"{name}_high": ("way", [one.high for one in ends]),
            f"{name}_p": ("way", p, {"long_name": "p of outcomes dealt anew"}),
        }
    return found


def _neurons(order: np.ndarray, told: Foretold, known: Shown, right: np.ndarray) -> dict[str, Any]:
    alone = [auroc_interval(column, ~right) for column in known.values.T[order]]
    said = {"long_name": "weight towards failure", "units": "1", "signed": True}
    return {
        "weight": ("rank", told.weight[order], said),
        "alone": ("rank", [one.estimate for one in alone], {"long_name": "AUROC alone, training problems"}),
        "alone_low": ("rank", [one.low for one in alone]),
        "alone_high": ("rank", [one.high for one in alone]),
    }


def _questions(
    pairs: PromptPairs,
    every: np.ndarray,
    rows: dict[str, np.ndarray],
    score: np.ndarray,
    right: np.ndarray,
    written: list[str],
) -> dict[str, Any]:
    sorts = [", ".join(name for name, own in rows.items() if row in own) for row in every]
    return {
        "question": ("prompt", list(pairs.texts), {"long_name": "question"}),
        "score": ("prompt", score[every], {"long_name": "score of failure", "units": "1"}),
        "sort": ("prompt", sorts, {"long_name": "why it was asked"}),
        "written": ("prompt", written, {"long_name": "what the model wrote"}),
        "answer": ("prompt", [pair.answer for pair in pairs.pairs], {"long_name": "right answer"}),
        "correct": ("prompt", right, {"long_name": "whole answer right"}),
    }
