"""Is a reply right, how sure was it, and what is it worth? Replies are marked by the pair that was asked."""

import re
from collections.abc import Sequence
from math import exp

from neuronscope.data.tasks import Pair, Task
from neuronscope.instruments.answered.question import Question, Reply, opens_with
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def right_answers(pair: Pair) -> tuple[str, ...]:
    """Return the right answers of a pair's clean prompt, each once, the usual one first."""
    return tuple(dict.fromkeys((pair.answer, *pair.accepted)))


def wrong_answers(pair: Pair) -> tuple[str, ...]:
    """Return the wrong answers of a pair's clean prompt, each once, the distractor first."""
    return tuple(dict.fromkeys(told for told in (pair.distractor, *pair.rejected) if told))


def listed_answers(pair: Pair) -> tuple[str, ...]:
    """Return every answer of a pair, the right ones first: the order of a reply's scores."""
    return right_answers(pair) + wrong_answers(pair)


def question_of(pair: Pair, prompt: str) -> Question:
    """Return a prompt of a pair as a question; right is what is right after the clean one."""
    return Question(prompt=prompt, right=right_answers(pair), wrong=wrong_answers(pair))


def fitting(model: Model, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs whose prompts leave room for their longest answer in the model's context.

    Raises ``BadInput`` where none does.
    """
    kept = [pair for pair in pairs if _length(model, pair) <= model.n_positions]
    if not kept:
        raise BadInput(
            f"None of {len(pairs)} prompts leaves room for its answer in the {model.n_positions} tokens that "
            f"{model.name} reads: choose a shorter task or another model."
        )
    return kept


def _length(model: Model, pair: Pair) -> int:
    texts = [
        prompt + told for prompt in (pair.clean, pair.corrupt) if prompt for told in listed_answers(pair)
    ]
    return max(len(model.tokenizer(text, verbose=False)["input_ids"]) for text in texts) - 1


def is_correct(pair: Pair, reply: Reply, place: str) -> bool:
    """Return whether what was written gives a right answer, at its ``start`` or as its ``last_number``."""
    if place == "start":
        return opens_with(reply.text, right_answers(pair))
    numbers = _NUMBER.findall(reply.text)
    return bool(numbers) and _number(numbers[-1]) in {_number(told) for told in right_answers(pair)}


def _number(text: str) -> str:
    """Return a number as it is compared: no spaces, no separators of thousands, no zeros behind a point."""
    plain = text.strip().replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def metric_of(task: Task, reply: Reply) -> float:
    """Return what the task measures of a reply: see `Reply.log_odds`, or probabilities of all answers.

    ``probability_difference`` is that of all right less that of all wrong answers; ``log_probability`` that
    of the first right answer, in nats.
    """
    if task.metric == "log_probability":
        return reply.right[0].log_probability
    if task.metric == "probability_difference":
        right, wrong = (sum(exp(score.log_probability) for score in s) for s in (reply.right, reply.wrong))
        return right - wrong
    return reply.log_odds


def confidence_of(pair: Pair, reply: Reply) -> float:
    """Return the probability of as many tokens of the model's own writing as its answer has.

    Where it wrote none of the right answers, it is as many as the first of them has.
    """
    scored = zip(right_answers(pair), reply.right, strict=True)
    given = next((score for told, score in scored if opens_with(reply.text, [told])), reply.right[0])
    return reply.confidence(len(given.tokens))
