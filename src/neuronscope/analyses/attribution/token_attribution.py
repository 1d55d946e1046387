"""Token attribution: which tokens of the prompt is the answer due to?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.prompts import common_prompts
from neuronscope.data.tasks import Task
from neuronscope.instruments.attributing.doubt import doubted
from neuronscope.instruments.attributing.embeddings import EmbeddedPrompt, embedding_baseline
from neuronscope.instruments.attributing.row_metrics import row_metric
from neuronscope.instruments.attributing.tokens import TokenScores, token_scores
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.metrics import answer_token
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import AnswerToken, BadInput, Metric, PairCount, PairPrompt, Seed, TaskSplit
from neuronscope.words.attribution import (
    EmbeddingBaseline,
    IntegralSteps,
    OrderCount,
    QuadratureRule,
    TokenMethod,
)

REST = "rest"
"""The span of all tokens that are in no other."""


@analysis(kind="tokens", cites="sundararajan2017axiomatic kokhlikyan2020captum")
def token_attribution(  # noqa: PLR0913 - each is a choice that the field argues about
    model: Model,
    task: Task | None = None,
    *,
    prompt: PairPrompt = "",
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    method: TokenMethod = "integrated_gradients",
    baseline: EmbeddingBaseline = "mean",
    metric: Metric = "logit_difference",
    steps: IntegralSteps = 32,
    rule: QuadratureRule = "midpoint",
    orders: OrderCount = 25,
    n_prompts: PairCount = 8,
    seed: Seed = 0,
    split: TaskSplit = "unseen",
) -> xr.Dataset:
    """Share the answer out among the tokens of the prompt, against tokens that say nothing.

    Returns over position the ``score`` of each token of the prompt, or of the first prompt of the task, in
    units of the metric; and over prompt what all tokens do together, ``whole``, and the
    ``completeness_gap``, the sum of the scores less the whole: near 0 for integrated gradients and Shapley,
    of no such meaning for the other methods. For a task also the ``span_score``: mean over prompts of the
    scores summed over each named span, and over the ``rest``, with 95 % interval by the prompt, p by sign
    flips of prompts corrected over the spans, and size of effect. Left empty, the prompt is the first of the
    common prompts, and target and distractor are what the model likes best and second best. Raises
    ``BadInput`` for both a task and a prompt, and for a baseline that the model lacks.
    """
    if task is None and not prompt:
        first = common_prompts()[0]
        prompt, target, distractor = (
            first.clean,
            target or _one_token(model, first.target),
            distractor or _one_token(model, first.distractor),
        )
    pairs = prompt_pairs(
        model,
        task,
        prompt=prompt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
        split=split,
    )
    start, measured = embedding_baseline(model, baseline), row_metric(pairs, metric)
    found = [
        token_scores(
            EmbeddedPrompt(model, pairs, row, measured),
            start,
            method=method,
            n_steps=steps,
            rule=rule,
            n_orders=orders,
            seed=seed,
        )
        for row in track(range(len(pairs)), "prompts")
    ]
    name = metric if isinstance(metric, str) else "metric"
    said = {
        "long_name": f"share of the {name.replace('_', ' ')}",
        "signed": method != "saliency",
        "meaning": f"{method.replace('_', ' ')} against the baseline {baseline}",
    }
    coords: dict[str, Any] = {"token": ("position", model.token_texts(pairs.clean[0]))}
    spans = {} if task is None else _spans(pairs, found, coords, said, seed)
    result = label(
        coords,
        score=("position", found[0].scores, said),
        whole=("prompt", [one.whole for one in found], {"long_name": "what all tokens do together"}),
        completeness_gap=("prompt", [one.gap for one in found], {"long_name": "sum less whole"}),
        text=("prompt", list(pairs.texts), {"long_name": "prompt"}),
        **spans,
    )
    answers = model.token_texts([int(pairs.target[0]), int(pairs.distractor[0])])
    return result.assign_attrs(target=answers[0], distractor=answers[1], method=method, baseline=baseline)


def _one_token(model: Model, text: str) -> str:
    """Return the text where it is one token of the model, else nothing."""
    try:
        answer_token(model, text)
    except BadInput:
        return ""
    return text


def _spans(
    pairs: PromptPairs, found: list[TokenScores], coords: dict[str, Any], said: dict[str, Any], seed: int
) -> dict[str, tuple[Any, ...]]:
    """Return the scores summed over the spans that every prompt has; no token counts in two of them."""
    names = [*pairs.shared_spans, REST]
    sums = np.zeros((len(pairs), len(names)))
    for row, one in enumerate(found):
        place = np.full(len(one.scores), len(names) - 1)
        for number in reversed(range(len(names) - 1)):
            place[list(pairs.spans[row][names[number]])] = number
        np.add.at(sums[row], place, one.scores.numpy())
    coords["span"] = names
    doubt = doubted(sums, seed=seed)
    variables = doubt.variables("span_score", "span", **said, n=len(pairs), n_unit="prompts")
    if len(pairs) < 2:
        variables = {"span_score": variables["span_score"]}
    return variables | {"prompt_span_score": ("prompt span", sums, said)}
