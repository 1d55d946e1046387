"""Neuron editing sweep: what do answers gain or lose when neurons are turned up or down, and what else?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.prompts import common_prompts
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.ablated import random_sets
from neuronscope.instruments.comparing.components import components
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.comparing.reference import reference_prompts
from neuronscope.instruments.comparing.twins import COMMON_TASK
from neuronscope.instruments.editing.chosen import chosen_neurons, fresh_pairs, texts_in
from neuronscope.instruments.editing.edits import Edit, edited, layer_means
from neuronscope.instruments.editing.measures import ANSWER_MEASURES, TEXT_MEASURES, of_answers, of_text
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AblationReference, PairCount, Seed, TaskSplit
from neuronscope.words.neurons import NeuronNames
from neuronscope.words.patching import RandomSets
from neuronscope.words.second_order import (
    EditedNeurons,
    EditedSide,
    EditFactors,
    TextPassages,
    UnrelatedText,
)

_PASSAGE = 32
_CHOSEN_ON = 16
_ABOUT = {
    "logit_difference": ("logit difference", "logits", "right minus wrong first token"),
    "accuracy": ("accuracy", "1", "share of prompts whose right first token is the likeliest"),
    "preference": ("preference", "1", "share of prompts whose right first token beats the wrong one"),
    "kl_divergence": ("divergence", "nats a token", "of unrelated text from the unedited model"),
    "text_accuracy": ("accuracy on text", "1", "share of tokens of unrelated text that are the likeliest"),
    "text_loss": ("loss on text", "nats a token", "minus log-probability of unrelated text"),
}


@analysis(kind="profile", cites="dai2022knowledge")
def neuron_editing_sweep(  # noqa: PLR0913 - what is edited, how far, what is measured, what it is beside
    model: Model,
    effects: Result | None = None,
    *,
    task: Task | None = None,
    neurons: NeuronNames = "",
    n_neurons: EditedNeurons = 10,
    side: EditedSide = "towards",
    factors: EditFactors = (0.0, 0.5, 2.0, 4.0),
    reference: AblationReference = "prompts",
    n_prompts: PairCount = 32,
    split: TaskSplit = "unseen",
    unrelated: UnrelatedText = "documentation",
    n_passages: TextPassages = 8,
    n_random: RandomSets = 24,
    seed: Seed = 0,
) -> xr.Dataset:
    """Turn chosen neurons up and down and measure answers and unrelated text beside random neurons.

    The neurons are multiplied together, at every token, by each of ``factors``; or put to their mean over
    ``reference``. Returns over factor the change of each measure, mean over prompts or passages and paired
    with the unedited model: of the ``logit_difference`` of right and wrong first token, of the ``accuracy``
    (the right first token is the likeliest) and of the ``preference`` (it is likelier than the wrong one) on
    prompts on which nothing was chosen; of ``text_accuracy`` and ``text_loss`` on unrelated text, and its
    ``kl_divergence`` from the unedited model. Each has its 95 % bootstrap interval, what ``n_random`` sets of
    as many neurons drawn from the same layers do to it on average (``_null``) and each of them (``_random``
    over cell), and ``p``, how seldom such a set moves it as far; and its mean itself (``_mean``). Over
    measure, ``mean_ablation`` says the same of the mean. ``neuron`` over rank are those that were edited:
    named, or the best of ``effects``, or, without it, of second-order effects on prompts of the task
    (indirect-object where none is given). Raises `BadInput` where there is no such neuron or too few prompts.
    """
    asked = task or TASKS[COMMON_TASK]
    own = prompt_pairs(model, asked, n_prompts=_CHOSEN_ON, seed=seed) if effects is None else None
    chosen = chosen_neurons(model, effects, names=neurons, own=own, n=n_neurons, side=side)
    seen = texts_in(effects) | (frozenset() if own is None or neurons else frozenset(own.texts))
    pairs = fresh_pairs(model, asked, n_prompts, seen=seen, split=split, seed=seed + 1)
    text = _text(model, unrelated, n_passages, seed)
    means = layer_means(model, chosen, reference_prompts(model, reference, pairs, seed=seed))
    amounts = sorted({1.0, *factors})
    sets = [chosen, *random_sets(model, components(model, *chosen), n_random, seed=seed)]
    edits = [Edit.of(one, factor) for one in sets for factor in (*amounts, None)]
    prompts = list(pairs.clean)
    found = edited(model, prompts, edits, of_answers(pairs), means=means)
    beside = edited(model, text, edits, of_text(text), means=means, last=False)
    variables: dict[str, Any] = {}
    ablated: list[dict[str, Any]] = []
    for names, values in ((ANSWER_MEASURES, found), (TEXT_MEASURES, beside)):
        by_set = values.reshape(len(sets), len(amounts) + 1, *values.shape[1:])
        for at, name in enumerate(names):
            own_values = by_set[:, :, at]
            judged = _judged(own_values, own_values[0, amounts.index(1.0)], seed)
            ablated.append({word: part[..., -1] for word, part in judged.items()})
            variables |= _over_factors(name, judged, own_values[0].mean(-1), len(values[0, 0]))
    result = label(
        {"factor": amounts, "measure": list(_ABOUT), "rank": range(1, len(chosen) + 1)},
        **variables,
        **_over_measures(ablated),
        neuron=("rank", [str(site) for site in chosen], {"long_name": "edited neuron"}),
        clean=("prompt", list(pairs.texts), {"long_name": "prompt"}),
    )
    return result.assign_attrs(
        task=asked.name,
        unrelated=unrelated,
        n_prompts=len(pairs),
        n_passages=len(text),
        n_random=len(sets) - 1,
    )


def _text(model: Model, unrelated: str, n: int, seed: int) -> list[Any]:
    if unrelated == "common_prompts":
        return [model.tokenize(one.clean) for one in common_prompts()][:n]
    return passages(model, n=n, n_tokens=min(_PASSAGE, model.n_positions), seed=seed)


def _judged(values: np.ndarray, base: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return what is known of the change of each edit, the mean ablation last, beside the random sets."""
    change = values - base
    interval, means = mean_interval(change[0], axis=1, seed=seed), change.mean(-1)
    judged = {"change": means[0], "change_low": interval.low, "change_high": interval.high}
    if len(means) > 1:
        p = rank_p(np.abs(means[0]), np.abs(means[1:]), tail="above")
        judged |= {"change_null": means[1:].mean(0), "change_p": p, "change_random": means[1:]}
    return judged


def _over_factors(name: str, judged: dict[str, np.ndarray], mean: np.ndarray, n: int) -> dict[str, Any]:
    said, units, meaning = _ABOUT[name]
    unit = "prompts" if name in ANSWER_MEASURES else "passages"
    about = {"long_name": f"change of {said}", "units": units, "meaning": meaning, "signed": True}
    about |= {"n": n, "n_unit": unit}
    words = {
        "change": about,
        "change_null": {"long_name": "the same of random neurons of the same layers", "units": units},
        "change_p": {"long_name": "share of random sets that move it as far"},
        "change_random": {"long_name": "change by each random set", "units": units},
    }
    axes = {"change_random": "cell factor"}
    found: dict[str, Any] = {
        f"{name}_{word}": (axes.get(word, "factor"), part[..., :-1], words.get(word, {}))
        for word, part in judged.items()
    }
    return found | {
        f"{name}_mean": ("factor", mean[:-1], {"long_name": said, "units": units, "meaning": meaning})
    }


def _over_measures(ablated: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the mean ablation does to every measure, each in its own units."""
    about = {"long_name": "change by mean ablation, each measure in its own units", "signed": True}
    return {
        word.replace("change", "mean_ablation"): (
            "measure cell" if word == "change_random" else "measure",
            [one[word] for one in ablated],
            about if word == "change" else {},
        )
        for word in ablated[0]
    }
