"""Intervention effect: does this change of the model move its answer, and more than chance would?

A head is taken out, a neuron turned up, a direction added. The answer moves: over several prompts the
interval says how surely, and on a single one the place among random changes of the same size.
"""

from typing import Any

import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.twins import COMMON_TASK
from neuronscope.instruments.interventions import Interventions, read
from neuronscope.instruments.judging.intervened import (
    MEASURES,
    Changed,
    changed,
    null_effects,
    random_changes,
)
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, PairCorrupt, PairCount, PairPrompt, Seed, TopK
from neuronscope.words.patching import InterventionTexts, RandomUnits


@analysis(kind="profile", cites="wang2022ioi")
def intervention_effect(  # noqa: PLR0913 - what is changed, what is asked of, and what is compared with
    model: Model,
    ops: InterventionTexts,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    top_k: TopK = 5,
    n_prompts: PairCount = 16,
    n_random: RandomUnits = 99,
    seed: Seed = 0,
) -> xr.Dataset:
    """Make changes in a model and measure how its next token moves.

    Returns over measure the ``effect``, after minus before and mean over prompts: of the logit difference of
    target and distractor, of the target's log-probability in nats, and the Kullback-Leibler divergence of the
    next token from what it was, in nats; and each prompt's own number ``before`` and ``after``. Over a task
    ``low`` and ``high`` are its 95 % bootstrap interval over prompts (BCa). On one prompt ``null`` is what
    ``n_random`` random changes of the same size do to it, the same ops on random units of the same layers or
    along random directions of the same length, and ``p`` how seldom one does as much (of both signs); there
    is none where whole layers are changed or the change is itself drawn. ``before_token`` and ``after_token``
    with their probabilities are the likeliest next tokens of each prompt.

    What the model is under already stays, and is part of before. Left empty, target and distractor are its
    own favourites; without prompt and task, the task is indirect-object. Raises `BadInput` for a change that
    cannot be read or made.
    """
    asked = read(ops)
    if not asked:
        raise BadInput("No change is named: give one such as 'z.2.1 zero'.")
    if task is None and not (prompt or corrupt):
        task = TASKS[COMMON_TASK]
    pairs = prompt_pairs(
        model,
        task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    found = changed(model, pairs, asked)
    before, after = found.measured(found.before), found.measured(found.after)
    variables: dict[str, Any] = {
        "effect": (
            "measure",
            (after - before).mean(1),
            {
                "long_name": "change by the intervention",
                "n": len(pairs),
                "n_unit": "prompts" if len(pairs) > 1 else "prompt",
                "signed": True,
            },
        ),
        "before": ("measure prompt", before),
        "after": ("measure prompt", after),
    }
    if len(pairs) > 1:
        interval = mean_interval(after - before, axis=1, seed=seed)
        variables |= {"low": ("measure", interval.low), "high": ("measure", interval.high)}
    else:
        draws = random_changes(model, asked, n_random, seed=seed)
        variables |= _among(model, found, asked, draws) if draws else {}
    coords = {"measure": list(MEASURES), "prompt": list(pairs.texts)}
    texts = [model.token_texts(tokens)[0] for tokens in (pairs.target[:1], pairs.distractor[:1])]
    result = label(coords, **variables, **_candidates(model, found, top_k))
    said = {"ops": list(asked.texts), "n": len(pairs)}
    return result.assign_attrs(
        said | ({"target": texts[0], "distractor": texts[1]} if len(pairs) == 1 else {})
    )


def _among(model: Model, found: Changed, asked: Interventions, draws: list[Any]) -> dict[str, Any]:
    """Return what random changes do, and how seldom one of them does as much."""
    own, null = null_effects(model, found, asked, draws)
    return {
        "null": ("measure item", null, {"long_name": "change by random units of the same size"}),
        "p": (
            "measure",
            [rank_p(abs(one), abs(row), tail="above") for one, row in zip(own, null, strict=True)],
            {"long_name": "share of random changes that move it as much"},
        ),
    }


def _candidates(model: Model, found: Changed, top_k: int) -> dict[str, Any]:
    """Return the likeliest next tokens of each prompt, before and after."""
    said: dict[str, Any] = {}
    for when, logits in (("before", found.before), ("after", found.after)):
        best = logits.double().softmax(-1).topk(min(top_k, logits.shape[-1]))
        said[f"{when}_token"] = ("prompt rank", [model.token_texts(row) for row in best.indices])
        said[f"{when}_probability"] = ("prompt rank", best.values.cpu().numpy())
    return said
