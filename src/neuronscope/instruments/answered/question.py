"""What is asked, and what comes back? A prompt with its answers; their scores, and what was written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp
from typing import Any

from neuronscope.models.model import Model
from neuronscope.words import BadInput

Words = str | Sequence[int]
"""Text, or token ids for a model without a tokenizer."""

_GOES_ON = re.compile(r"\w|\.\d|,\d{3}(?!\d)|'\w")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A prompt, its right answers (the first as it is usually written) and its wrong ones.

    Answers are what follows the prompt, a leading space included.
    """

    prompt: Words
    right: tuple[Words, ...]
    wrong: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a model gives one answer when it is put in its mouth: one number for each token of it.

    ``logits`` are the raw scores of the answer's tokens, ``log_probabilities`` in nats; each token is scored
    with those before it as written (teacher forcing).
    """

    tokens: tuple[int, ...]
    logits: tuple[float, ...]
    log_probabilities: tuple[float, ...]

    @property
    def log_probability(self) -> float:
        """Return the log-probability of the whole answer, in nats."""
        return sum(self.log_probabilities)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The scores of the right and the wrong answers, and what the model wrote by itself, greedily.

    ``text`` is what it wrote, ``written`` the tokens of it with their ``log_probabilities`` in nats.
    """

    right: tuple[Score, ...]
    wrong: tuple[Score, ...]
    written: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    text: str

    @property
    def log_odds(self) -> float:
        """Return the log-probability of the first right answer less that of the first wrong one.

        In nats; where both are one token, this is the difference of their logits. NaN without a wrong one.
        """
        if not self.wrong:
            return float("nan")
        return self.right[0].log_probability - self.wrong[0].log_probability

    @property
    def prefers_right(self) -> bool:
        """Return whether the likeliest of all the answers is a right one; a tie is not."""
        best = max(score.log_probability for score in self.right)
        return all(best > score.log_probability for score in self.wrong)

    def confidence(self, n_tokens: int) -> float:
        """Return the probability that the model gave the first tokens of its own writing, all together."""
        return min(1.0, exp(sum(self.log_probabilities[:n_tokens])))

    def plain(self) -> dict[str, Any]:
        """Return the reply as plain JSON."""
        return asdict(self)

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> "Reply":
        """Return the reply that ``plain`` wrote, number for number."""
        sides = {
            side: tuple(
                Score(**{name: tuple(values) for name, values in score.items()}) for score in plain[side]
            )
            for side in ("right", "wrong")
        }
        own = {name: tuple(plain[name]) for name in ("written", "log_probabilities")}
        return cls(**sides, **own, text=str(plain["text"]))


@dataclass(frozen=True)
class Posed:
    """A question in tokens: prompt, right and wrong answers, and how many tokens may be written after it."""

    prompt: tuple[int, ...]
    right: tuple[tuple[int, ...], ...]
    wrong: tuple[tuple[int, ...], ...]
    n_new: int

    @property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """Return every answer, the right ones first."""
        return self.right + self.wrong

    @property
    def length(self) -> int:
        """Return how many tokens its longest row has."""
        return len(self.prompt) + max(self.n_new, *(len(answer) for answer in self.answers)) - 1


def posed(model: Model, question: Question, number: int, n_new: int | None) -> Posed:
    """Return a question in tokens; ``n_new`` left out is one token more than the longest right answer has.

    What is written stops at the end of the context. Raises ``BadInput`` for a question without a right
    answer, for an answer that is empty, and for one that does not fit behind its prompt.
    """
    if not question.right:
        raise BadInput(f"Question {number} has no right answer: give at least one.")
    prompt = tuple(model.tokenize(question.prompt).tolist())
    right, wrong = (
        tuple(_continuation(model, question.prompt, prompt, answer) for answer in answers)
        for answers in (question.right, question.wrong)
    )
    longest = max(len(answer) for answer in right + wrong)
    if min(len(answer) for answer in right + wrong) == 0:
        raise BadInput(f"Question {number} has an empty answer: give at least one token of text.")
    room = model.n_positions - len(prompt) + 1
    if longest > room:
        raise BadInput(
            f"Question {number} has {len(prompt)} tokens and an answer of {longest}, but this model reads "
            f"{model.n_positions}: ask shorter questions."
        )
    wanted = 1 + max(len(answer) for answer in right) if n_new is None else n_new
    return Posed(prompt, right, wrong, min(wanted, room))


def _continuation(model: Model, prompt: Words, tokens: tuple[int, ...], answer: Words) -> tuple[int, ...]:
    """Return the tokens by which an answer follows its prompt."""
    if not isinstance(answer, str):
        return tuple(model.tokenize(answer).tolist()) if len(answer) else ()
    if answer == "":
        return ()
    if isinstance(prompt, str):
        whole = tuple(model.tokenizer(prompt + answer, verbose=False)["input_ids"])
        if whole[: len(tokens)] == tokens:
            return whole[len(tokens) :]
    alone = model.tokenizer(answer, add_special_tokens=False, verbose=False)["input_ids"]
    return tuple(int(token) for token in alone)


def opens_with(text: str, answers: Iterable[str]) -> bool:
    """Return whether a text opens with one of the answers, which does not go on as a longer word or number.

    >>> opens_with(" Mary.", [" Mary"]), opens_with(" Maryland", [" Mary"]), opens_with(" 12.5", [" 12"])
    (True, False, False)
    """
    return any(
        text.startswith(answer) and not (answer[-1:].isalnum() and _GOES_ON.match(text, len(answer)))
        for answer in answers
    )
