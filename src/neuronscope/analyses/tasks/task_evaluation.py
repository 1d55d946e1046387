"""Task evaluation: how often does the model get it right, and does it know when?

The model is put to prompts of a task. It writes its own answer, and every right and wrong answer is also put
in its mouth and scored. Whatever is claimed later about how it solves the task rests on these numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Pair, Task
from neuronscope.instruments import Reply, answer
from neuronscope.instruments.answered.marking import (
    confidence_of,
    fitting,
    is_correct,
    listed_answers,
    metric_of,
    question_of,
)
from neuronscope.instruments.answered.streams import all_streams, last_streams
from neuronscope.instruments.comparing.pairs import check_goes_on
from neuronscope.maths.calibration import calibration_null, expected_calibration_error, p_value, reliability
from neuronscope.maths.resampling import bootstrap_interval, wilson_interval
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import (
    AnswerPlace,
    BadInput,
    Precision,
    PromptCount,
    Representations,
    Seed,
    TaskSplit,
    WrittenTokens,
)

MOST_TEMPLATES = 24
UNITS = {"logit_difference": "nats", "probability_difference": "1", "log_probability": "nats"}


@analysis(kind="ranking", cites="guo2017calibration wilson1927inference")
def task_evaluation(
    model: Model,
    task: Task,
    *,
    n_prompts: PromptCount = 100,
    seed: Seed = 0,
    split: TaskSplit = "unseen",
    written_tokens: WrittenTokens = 0,
    answer_place: AnswerPlace = "start",
    representations: Representations = "none",
    precision: Precision = "float16",
) -> xr.Dataset:
    """Put a model to prompts of a task and count how often it is right.

    Returns over item, all prompts first and then each template, the ``accuracy`` of what the model writes by
    itself (the whole answer, where it ends), the ``forced_accuracy`` (the likeliest of all listed answers is
    a right one) and the ``mean_metric``, each with its interval over bound: 95 % by the prompt, of Wilson for
    shares and a bootstrap for means. Over bin, the ``reliability``: share right by ``bin_confidence``. Over
    prompt, all that was asked and came back: texts, ``written``, ``correct``, ``prefers_right``, ``metric``
    (of the corrupt twin too), ``confidence``; and over candidate and step what each listed answer was given,
    token by token. ``residual`` over prompt and depth is there where ``representations`` says so.

    ``metric`` is the task's own. The difference is of log-probabilities of whole answers in nats; for answers
    of one token that is the difference of their logits. Raises ``BadInput`` for a model that reads both ways,
    where the task has too few prompts, where this model's tokenizer cannot express them, and where none fits
    its context.

    >>> from neuronscope import open_model
    >>> found = task_evaluation(open_model("builtin:scribe"), "capital", n_prompts=4)
    >>> found.accuracy.dims, found.sizes["prompt"]
    (('item',), 4)
    """
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read a task; open it with one.")
    check_goes_on(model)
    drawn = task.pairs(n_prompts, model.tokenizer, seed=seed, split=split)
    pairs = fitting(model, drawn)
    n_new = written_tokens or None
    replies = answer(model, [question_of(pair, pair.clean) for pair in pairs], n_new=n_new)
    twins = (
        answer(model, [question_of(pair, pair.corrupt) for pair in pairs], n_new=0) if task.has_twin else []
    )
    correct = [is_correct(pair, reply, answer_place) for pair, reply in zip(pairs, replies, strict=True)]
    named = task.metric.replace("_", " "), UNITS[task.metric]
    found = label(
        {"item": _items(pairs)},
        **_shares(pairs, "accuracy", correct, "share of prompts whose whole answer the model writes"),
        **_shares(
            pairs,
            "forced_accuracy",
            [reply.prefers_right for reply in replies],
            "share of prompts where a right answer is the likeliest of those listed",
        ),
        **_means(pairs, [metric_of(task, reply) for reply in replies], named),
        n_asked=("item", [len(rows) for rows in _rows(pairs)], {"long_name": "prompts"}),
    )
    parts = [found, _calibration(replies, correct, pairs), _transcripts(task, pairs, replies, twins, correct)]
    parts += [_candidates(pairs, replies), *_streams(model, pairs, representations, precision)]
    counts = {"refused": drawn.refused, "asked": drawn.asked, "too_long": len(drawn) - len(pairs)}
    return xr.merge(parts, combine_attrs="no_conflicts").assign_attrs(
        task=task.name, n=len(pairs), n_unit="prompts", **counts
    )


def _templates(pairs: Sequence[Pair]) -> list[str]:
    """Return the templates that have more than one prompt, the commonest ones where there are very many."""
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair.template] = counts.get(pair.template, 0) + 1
    common = sorted((name for name in counts if counts[name] > 1), key=lambda name: -counts[name])
    kept = sorted(common[:MOST_TEMPLATES])
    return kept if len(counts) > 1 else []


def _items(pairs: Sequence[Pair]) -> list[str]:
    return ["all", *_templates(pairs)]


def _rows(pairs: Sequence[Pair]) -> list[list[int]]:
    """Return which prompts each item is about."""
    by_template = [
        [row for row, pair in enumerate(pairs) if pair.template == name] for name in _templates(pairs)
    ]
    return [list(range(len(pairs))), *by_template]


def _shares(pairs: Sequence[Pair], name: str, right: Sequence[bool], meaning: str) -> dict[str, Any]:
    rows = _rows(pairs)
    n_right, n = [sum(right[row] for row in own) for own in rows], [len(own) for own in rows]
    words = {"long_name": name.replace("_", " "), "units": "1", "meaning": meaning}
    ends = np.stack(wilson_interval(n_right, n), axis=-1)
    interval = {"long_name": f"95 % interval of {words['long_name']}", "units": "1"}
    return {
        name: ("item", np.divide(n_right, n), words),
        f"{name}_interval": ("item bound", ends, interval),
    }


def _means(pairs: Sequence[Pair], values: Sequence[float], named: Sequence[str]) -> dict[str, Any]:
    rows = [[values[row] for row in own] for own in _rows(pairs)]
    ends = np.array([bootstrap_interval(own) for own in rows])
    long_name, units = named
    words = {"long_name": f"mean {long_name}", "units": units}
    interval = {"long_name": f"95 % interval of the mean {long_name}", "units": units}
    return {
        "mean_metric": ("item", [float(np.mean(own)) for own in rows], words),
        "mean_metric_interval": ("item bound", ends, interval),
    }


def _calibration(replies: Sequence[Reply], correct: Sequence[bool], pairs: Sequence[Pair]) -> xr.Dataset:
    stated = [confidence_of(pair, reply) for pair, reply in zip(pairs, replies, strict=True)]
    bins = reliability(stated, correct)
    error, null = expected_calibration_error(stated, correct), calibration_null(stated)
    both = np.stack([stated, np.array(correct, dtype=float)], axis=1)
    low, high = bootstrap_interval(both, statistic=lambda rows: expected_calibration_error(*rows.T))
    ends = np.stack(wilson_interval(bins.n_right, bins.n), axis=-1)
    ends[bins.n == 0] = np.nan
    found = label(
        {"bin": bins.middle},
        reliability=(
            "bin",
            bins.share_right,
            {
                "long_name": "share right",
                "units": "1",
                "meaning": "on the diagonal, it is right as often as it says",
            },
        ),
        reliability_interval=(
            "bin bound",
            ends,
            {"long_name": "95 % interval of the share right", "units": "1"},
        ),
        bin_confidence=("bin", bins.confidence, {"long_name": "mean confidence", "units": "1"}),
        bin_n=("bin", bins.n, {"long_name": "prompts"}),
        confidence=("prompt", stated, {"long_name": "probability of its own answer", "units": "1"}),
    )
    found["bin"].attrs |= {"long_name": "confidence", "units": "1"}
    return found.assign_attrs(
        calibration_error=error,
        calibration_error_low=float(low),
        calibration_error_high=float(high),
        calibration_error_null=float(null.mean()),
        calibration_error_p=p_value(error, null),
    )


def _transcripts(
    task: Task,
    pairs: Sequence[Pair],
    replies: Sequence[Reply],
    twins: Sequence[Reply],
    correct: Sequence[bool],
) -> xr.Dataset:
    long_name, units = task.metric.replace("_", " "), UNITS[task.metric]
    texts = ("clean", "corrupt", "answer", "distractor", "template")
    variables: dict[str, Any] = {
        name: ("prompt", [str(getattr(pair, name)) for pair in pairs], {"long_name": name}) for name in texts
    }
    variables |= {
        "written": ("prompt", [reply.text for reply in replies], {"long_name": "what the model wrote"}),
        "correct": ("prompt", list(correct), {"long_name": "whole answer right"}),
        "prefers_right": (
            "prompt",
            [r.prefers_right for r in replies],
            {"long_name": "a right answer is likeliest"},
        ),
        "metric": ("prompt", [metric_of(task, r) for r in replies], {"long_name": long_name, "units": units}),
        "drawn_from": ("prompt", [pair.seed for pair in pairs], {"long_name": "seed of the pair"}),
    }
    if twins:
        words = {"long_name": f"{long_name}, corrupt prompt", "units": units}
        variables["corrupt_metric"] = ("prompt", [metric_of(task, r) for r in twins], words)
    return label({"prompt": range(len(pairs))}, **variables)


def _candidates(pairs: Sequence[Pair], replies: Sequence[Reply]) -> xr.Dataset:
    """Return what each listed answer was given at each of its tokens, and what was written at each step."""
    n_candidates = max(len(listed_answers(pair)) for pair in pairs)
    scores = [reply.right + reply.wrong for reply in replies]
    n_steps = max(
        *(len(score.tokens) for row in scores for score in row), *(len(reply.written) for reply in replies)
    )
    logits = np.full((len(pairs), n_candidates, n_steps), np.nan)
    total = np.full((len(pairs), n_candidates), np.nan)
    sure = np.full((len(pairs), n_steps), np.nan)
    texts = np.full((len(pairs), n_candidates), "", dtype=object)
    for row, (pair, reply) in enumerate(zip(pairs, replies, strict=True)):
        texts[row, : len(scores[row])] = listed_answers(pair)
        sure[row, : len(reply.written)] = reply.log_probabilities
        for place, score in enumerate(scores[row]):
            logits[row, place, : len(score.tokens)] = score.logits
            total[row, place] = score.log_probability
    n_right = [len(reply.right) for reply in replies]
    return label(
        {"step": range(n_steps)},
        candidate_text=("prompt candidate", texts, {"long_name": "listed answer"}),
        candidate_log_probability=(
            "prompt candidate",
            total,
            {"long_name": "log-probability of the whole answer", "units": "nats"},
        ),
        candidate_logit=(
            "prompt candidate step",
            logits,
            {"long_name": "logit of each token of the answer, those before it as written"},
        ),
        n_right_candidates=("prompt", n_right, {"long_name": "right answers; they come first"}),
        written_log_probability=(
            "prompt step",
            sure,
            {"long_name": "log-probability of each token that it wrote", "units": "nats"},
        ),
    )


def _streams(model: Model, pairs: Sequence[Pair], which: str, precision: str) -> list[xr.Dataset]:
    if which == "none":
        return []
    prompts = [model.tokenize(pair.clean).tolist() for pair in pairs]
    words = {"long_name": "residual stream", "units": "a.u."}
    depths = {"depth": range(model.n_layers + 1)}
    if which == "answer":
        values = last_streams(model, prompts, dtype=precision)
        return [label(depths, residual=("prompt depth width", values, words))]
    values = all_streams(model, prompts, dtype=precision)
    return [label(depths, residual=("prompt depth position width", values, words))]
