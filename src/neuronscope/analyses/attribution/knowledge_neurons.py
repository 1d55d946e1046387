"""Knowledge neurons: which neurons hold a fact, whatever the words that ask for it?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task, open_task
from neuronscope.instruments.attributing.doubt import Doubt, doubted
from neuronscope.instruments.attributing.knowledge import (
    Change,
    Neurons,
    answer_metric,
    causal_check,
    counted,
    log_probability_increase,
    random_like,
)
from neuronscope.instruments.attributing.neurons import neuron_baselines, neuron_scores
from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.instruments.attributing.wordings import of_task, worded
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.run import run
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, PairPrompt, Seed, TopK
from neuronscope.words.attribution import (
    FactSubject,
    IntegralSteps,
    KnowledgeMethod,
    KnowledgeMetric,
    NeuronBaseline,
    ParaphraseCount,
    Paraphrases,
    PreselectedCount,
    RandomSets,
    ShareOfLargest,
    ShareOfPrompts,
)

CHANGES: dict[Change, str] = {"suppress": "suppressed", "amplify": "doubled"}
_KINDS = ("wordings", "unrelated prompts")


@analysis(kind="ranking", cites="dai2022knowledge yu2024neuron")
def knowledge_neurons(  # noqa: PLR0913 - each is a choice that the field argues about
    model: Model,
    task: Task | None = None,
    *,
    subject: FactSubject = "",
    prompt: PairPrompt = "",
    paraphrases: Paraphrases = "",
    target: AnswerToken = "",
    method: KnowledgeMethod = "integrated_gradients",
    metric: KnowledgeMetric = "log_probability",
    baseline: NeuronBaseline = "mean",
    threshold: ShareOfLargest = 0.2,
    shared_by: ShareOfPrompts = 0.5,
    steps: IntegralSteps = 8,
    preselected: PreselectedCount = 200,
    n_paraphrases: ParaphraseCount = 8,
    random_sets: RandomSets = 20,
    top_k: TopK = 20,
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the neurons that score high in most wordings of a fact, then test whether the answer needs them.

    A neuron counts in a prompt where its score at the last token is above ``threshold`` of the largest
    there; it is found where it counts in more than ``shared_by`` of the wordings, and in no such share of
    the unrelated prompts, for their own answers. Returns over rank the mean ``score`` of the found neurons
    over wordings, with interval, p corrected over all neurons and size of effect; their addresses, and the
    shares of wordings and of unrelated prompts in which they count. Over item, the ``effect`` in nats on the
    log-probability of the answer when all of them are suppressed (put at the baseline) or doubled, in the
    wordings and in unrelated prompts, beside ``effect_null``, the mean of as many random neurons of the same
    layers, with one-sided p by rank among them. ``right`` in the attributes is the share of wordings in
    which the answer is what the model says: a fact that it does not know is in no neuron. The fact is one of
    a task (``capital`` by default), or a prompt with paraphrases, whose unrelated prompts are the common
    ones. Raises ``BadInput`` where no neuron is found.
    """
    if task is not None and prompt:
        raise BadInput(f"A task brings its own prompts: give {task.name!r} or a prompt, not both.")
    if prompt and subject.lower() not in prompt.lower():
        raise BadInput(f"The prompt says nothing of {subject!r}: leave subject out, or give it with a task.")
    layers = model.layers("mlp_act") or [0]
    model.check(Site("mlp_act", layers[0]))
    if prompt:
        fact, others = worded(model, prompt, paraphrases, target)
    else:
        task = task or open_task("capital")
        fact, others = of_task(
            model, task, subject=subject, n_wordings=n_paraphrases, n_others=n_paraphrases, seed=seed
        )
    baselines = neuron_baselines(model, layers, others, baseline=baseline, reference="prompts")

    def scores(pairs: PromptPairs) -> np.ndarray:
        if method == "log_probability_increase":
            return log_probability_increase(model, pairs, layers, n_exact=preselected)
        neurons = PatchedNeurons(model, list(pairs.clean), layers=layers)
        return neuron_scores(neurons, answer_metric(pairs, metric), baselines, n_steps=steps).scores

    own = scores(fact)
    shares = [counted(one, threshold).mean(0) for one in (own, scores(others))]
    places = np.argwhere((shares[0] > shared_by) & (shares[1] <= shared_by))
    if not len(places):
        raise BadInput(
            f"knowledge_neurons: no neuron counts in more than {shared_by:.0%} of the {len(fact)} wordings "
            f"and in fewer of the unrelated prompts; lower threshold (now {threshold}) or shared_by."
        )
    doubt = doubted(own, seed=seed)
    order = np.argsort(-np.nan_to_num(doubt.mean[tuple(places.T)], nan=-np.inf), kind="stable")
    found = [(layers[row], int(unit)) for row, unit in places[order]]
    checks = _checked(model, fact, others, found, baselines, random_sets, seed)
    kept = tuple(places[order][:top_k].T)
    result = label(
        {"rank": range(1, len(kept[0]) + 1), **checks.pop("coords")},
        **_ranked(doubt, shares, kept, found, len(fact)),
        **checks,
        text=("prompt", list(fact.texts), {"long_name": "wording"}),
    )
    answers = model.token_texts([int(fact.target[0])])
    return result.assign_attrs(
        target=answers[0],
        method=method,
        baseline=baseline,
        found=len(found),
        unrelated=len(others),
        right=float((run(model, list(fact.clean)).logits[:, -1].argmax(-1) == fact.target).float().mean()),
    )


def _ranked(
    doubt: Doubt, shares: list[np.ndarray], kept: tuple[np.ndarray, ...], found: Neurons, n: int
) -> dict[str, tuple[Any, ...]]:
    names = [f"mlp_act.{layer}.{unit}" for layer, unit in found[: len(kept[0])]]
    said = {"long_name": "mean score over wordings", "signed": True, "n": n, "n_unit": "wordings"}
    variables = doubt.variables("score", "rank", at=kept, **said)
    if n < 2:
        variables = {"score": variables["score"]}
    return variables | {
        "neuron_name": ("rank", names, {"long_name": "neuron"}),
        "shared": ("rank", shares[0][kept], {"long_name": "share of wordings", "units": "1"}),
        "unrelated_shared": (
            "rank",
            shares[1][kept],
            {"long_name": "share of unrelated prompts", "units": "1"},
        ),
    }


def _checked(
    model: Model,
    fact: PromptPairs,
    others: PromptPairs,
    found: Neurons,
    baselines: dict[int, Any],
    n_random: int,
    seed: int,
) -> dict[str, Any]:
    """Return what becomes of the answers when the found neurons, or random ones, are changed."""
    chance = random_like(model, found, n_random, seed=seed)
    asked: list[tuple[Change, PromptPairs]] = [
        (change, pairs) for change in CHANGES for pairs in (fact, others)
    ]
    cells = [causal_check(model, pairs, found, chance, baselines, change=change) for change, pairs in asked]
    names = [f"{CHANGES[change]}, {_KINDS[pairs is others]}" for change, pairs in asked]
    said = {"long_name": "change of the log-probability of the answer", "units": "nats", "signed": True}
    each = [doubted(one.found, seed=seed) for one in cells]
    random = np.stack([one.random for one in cells])
    effect = np.array([one.mean for one in each])
    variables: dict[str, Any] = {"effect": ("item", effect, said)}
    if len(fact) > 1 and len(others) > 1:
        variables["effect_low"] = ("item", [one.low for one in each], {"units": "nats"})
        variables["effect_high"] = ("item", [one.high for one in each], {"units": "nats"})
    by_rank = {"long_name": f"p by rank among {n_random} random sets, suppression lower, doubling higher"}
    p = [
        rank_p(one, null, tail="below" if change == "suppress" else "above")
        for one, null, (change, _) in zip(effect, random, asked, strict=True)
    ]
    variables["effect_null"] = ("item", random.mean(1), {"long_name": "mean of random sets", "units": "nats"})
    variables["effect_p"] = ("item", p, by_rank)
    variables["random_effect"] = ("item cell", random, {**said, "long_name": "change by each random set"})
    return {"coords": {"item": names}, **variables}
