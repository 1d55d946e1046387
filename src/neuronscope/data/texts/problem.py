"""What is a problem, and how does a template become one?

A problem is a short text in three parts: a prompt, the answer that continues it, and the rest. Named spans
say where its parts stand, so that an analysis can ask about *the giver* instead of *token 9*.
"""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from random import Random
from typing import Literal, NamedTuple, TypeVar

Split = Literal["train", "unseen"]
Word = TypeVar("Word")

FOLDS = 7
_SLOT = re.compile(r"\{(\w+)\}")


class Span(NamedTuple):
    """A named stretch of a problem's text, as characters from `start` up to `end`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A text whose structure is known: `text = prompt + answer + rest`.

    `distractor` is the tempting wrong answer where there is one, `accepted` holds further right answers.
    `template` names the template, `split` says whether a model trained on the mix may have seen it.
    """

    structure: str
    template: str
    split: Split
    prompt: str
    answer: str
    rest: str
    distractor: str | None
    spans: tuple[Span, ...]
    accepted: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self.prompt + self.answer + self.rest

    @property
    def answers(self) -> tuple[str, ...]:
        """Return every right answer, the written one first."""
        return (self.answer, *(answer for answer in self.accepted if answer != self.answer))

    def span(self, name: str) -> str:
        """Return the characters of the span called `name`."""
        for span in self.spans:
            if span.name == name:
                return self.text[span.start : span.end]
        raise KeyError(
            f"no span {name!r} in a problem of {self.structure}; it has {[s.name for s in self.spans]}"
        )


@dataclass(frozen=True)
class Templates:
    """The templates of one structure; those in `unseen` are never used in training."""

    train: tuple[str, ...]
    unseen: tuple[str, ...]

    def pick(self, rng: Random, split: Split) -> tuple[str, str]:
        """Return one template of the split with its name, such as `train/3`."""
        choices = self.train if split == "train" else self.unseen
        index = rng.randrange(len(choices))
        return choices[index], f"{split}/{index}"


def fill(template: str, slots: dict[str, str]) -> tuple[str, tuple[Span, ...]]:
    """Return the template with its slots filled, and where each filler stands.

    A slot used again gets a numbered name: `giver`, `giver_2`.

    >>> fill("{giver} and {giver}", {"giver": "Ann"})
    ('Ann and Ann', (Span(name='giver', start=0, end=3), Span(name='giver_2', start=8, end=11)))
    """
    pieces: list[str] = []
    spans: list[Span] = []
    seen: dict[str, int] = {}
    length = last = 0
    for slot in _SLOT.finditer(template):
        name, filler = slot[1], slots[slot[1]]
        seen[name] = seen.get(name, 0) + 1
        pieces += [template[last : slot.start()], filler]
        start = length + slot.start() - last
        length = start + len(filler)
        last = slot.end()
        spans.append(Span(name if seen[name] == 1 else f"{name}_{seen[name]}", start, length))
    return "".join([*pieces, template[last:]]), tuple(spans)


def stated(
    structure: str,
    chosen: tuple[str, str],
    split: Split,
    slots: dict[str, str],
    *,
    answer: str,
    distractor: str | None = None,
    rest: str = ".",
    accepted: tuple[str, ...] = (),
) -> Problem:
    """Return the problem that a template and its fillers state; the span `answer` is added."""
    prompt, spans = fill(chosen[0], slots)
    written = len(answer) - len(answer.lstrip())
    answer_span = Span("answer", len(prompt) + written, len(prompt) + len(answer))
    return Problem(
        structure=structure,
        template=f"{structure}/{chosen[1]}",
        split=split,
        prompt=prompt,
        answer=answer,
        rest=rest,
        distractor=distractor,
        spans=(*spans, answer_span),
        accepted=accepted,
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a text as hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


@cache
def pool(words: tuple[Word, ...], fold: int, split: Split) -> tuple[Word, ...]:
    """Return the words that a structure may use in a split.

    The words are ordered by hash and dealt into seven folds; a structure keeps one fold for `unseen`.
    Structures that share a list keep different folds, so that every word is trained somewhere.
    """
    ordered = sorted(words, key=lambda word: digest(repr(word)))
    return tuple(word for index, word in enumerate(ordered) if (index % FOLDS == fold) == (split == "unseen"))
