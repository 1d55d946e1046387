"""The two small programs that `builtin:iit-…` networks carry out, and which part carries out which step."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from itertools import combinations
from typing import ClassVar

import numpy as np
from jaxtyping import Int
from numpy import ndarray

Prompts = Int[ndarray, "pair position"]
Answers = Int[ndarray, " pair"]


class Program(ABC):
    """A program with named steps, each aligned with one part of a network of two layers and four heads.

    Its prompts are words after a token for the beginning, all of one length.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    example: ClassVar[str]
    words: ClassVar[list[str]]
    answers: ClassVar[list[str]]
    context: ClassVar[int]
    alignment: ClassVar[dict[str, str]]
    """Step of the program to the head `z.LAYER.HEAD` or the MLP `mlp_out.LAYER` that takes it."""
    steps: ClassVar[dict[str, str]]
    edges: ClassVar[list[str]]
    """What each step reads, as `WRITER -> READER` in terms of steps, `tokens` and `answer`."""

    @abstractmethod
    def pairs(self, count: int, rng: np.random.Generator) -> tuple[Prompts, Prompts]:
        """Return base and source prompts such that every step of one makes sense in the other."""

    @abstractmethod
    def answer(self, base: Prompts, source: Prompts, steps: Collection[str] = ()) -> Answers:
        """Return the answers to the base prompts where some steps have what they have in the source ones."""

    def sets_of_steps(self) -> list[tuple[str, ...]]:
        """Return every choice of steps, smaller ones first."""
        sizes = range(1, len(self.alignment) + 1)
        return [chosen for size in sizes for chosen in combinations(self.alignment, size)]

    def token(self, word: str) -> int:
        """Return the token of a word."""
        return self.words.index(word) + 1


class Lookup(Program):
    """Which number follows the one that stands beside the asked letter?"""

    name = "lookup"
    sentence = "Find the number that stands beside the asked letter, and say the next number."
    example = "b 3 e 7 a 0 e -> 0"
    words: ClassVar = [*"abcdef", *"01234567"]
    answers: ClassVar = list("01234567")
    context = 8
    alignment: ClassVar = {"letter": "z.0.0", "number": "z.1.2", "successor": "mlp_out.1"}
    steps: ClassVar = {
        "letter": "at each number, the letter before it",
        "number": "at the end, the number whose letter is asked",
        "successor": "at the end, the number after that one, and 0 after 7",
    }
    edges: ClassVar = [
        "tokens -> letter",
        "letter -> number",
        "tokens -> number",
        "number -> successor",
        "successor -> answer",
    ]
    n_pairs = 3
    n_letters, n_numbers = 6, 8

    def pairs(self, count: int, rng: np.random.Generator) -> tuple[Prompts, Prompts]:
        """Return prompts `b 3 e 7 a 0 e`; base and source have the same letters, in orders of their own."""
        letters = rng.permuted(np.tile(np.arange(1, self.n_letters + 1), (count, 1)), axis=1)
        letters = letters[:, : self.n_pairs]
        return self._prompts(letters, rng), self._prompts(letters, rng)

    def _prompts(self, letters: ndarray, rng: np.random.Generator) -> Prompts:
        count = len(letters)
        numbers = rng.permuted(np.tile(np.arange(self.n_numbers), (count, 1)), axis=1)[:, : self.n_pairs]
        prompts = np.zeros((count, self.context), dtype=np.int64)
        prompts[:, 1:-1:2] = rng.permuted(letters, axis=1)
        prompts[:, 2:-1:2] = numbers + self.n_letters + 1
        prompts[:, -1] = letters[np.arange(count), rng.integers(0, self.n_pairs, count)]
        return prompts

    def answer(self, base: Prompts, source: Prompts, steps: Collection[str] = ()) -> Answers:
        """Return the tokens of the numbers to say."""
        if "successor" in steps:
            return self.answer(source, source)
        whole = source if "number" in steps else base
        letters = (source if "letter" in steps else whole)[:, 1:-1:2]
        place = (letters == whole[:, -1:]).argmax(1)
        number = whole[:, 2:-1:2][np.arange(len(whole)), place] - self.n_letters - 1
        return (number + 1) % self.n_numbers + self.n_letters + 1


class Vote(Program):
    """Does the motion pass: more yes than no, and the chair, who votes first, not against it?"""

    name = "vote"
    sentence = "The motion passes when more vote yes than no and the first voter, the chair, votes yes."
    example = "yes no abstain yes yes no no ? -> fails"
    words: ClassVar = ["yes", "no", "abstain", "?", "passes", "fails"]
    answers: ClassVar = ["passes", "fails"]
    context = 9
    alignment: ClassVar = {
        "count": "z.0.1",
        "majority": "mlp_out.0",
        "chair": "z.1.3",
        "verdict": "mlp_out.1",
    }
    steps: ClassVar = {
        "count": "at the end, how many more vote yes than no",
        "majority": "at the end, whether that is more than none",
        "chair": "at the end, whether the first voter votes yes",
        "verdict": "at the end, whether both hold",
    }
    edges: ClassVar = [
        "tokens -> count",
        "count -> majority",
        "tokens -> chair",
        "majority -> verdict",
        "chair -> verdict",
        "verdict -> answer",
    ]

    def pairs(self, count: int, rng: np.random.Generator) -> tuple[Prompts, Prompts]:
        """Return prompts `yes no abstain yes yes no no ?`."""
        prompts = np.zeros((2, count, self.context), dtype=np.int64)
        prompts[..., 1:-1] = rng.integers(1, 4, (2, count, self.context - 2))
        prompts[..., -1] = self.token("?")
        return prompts[0], prompts[1]

    def answer(self, base: Prompts, source: Prompts, steps: Collection[str] = ()) -> Answers:
        """Return the tokens of the verdicts."""
        taken = set(steps)
        majority = _more_yes(source if taken & {"count", "majority", "verdict"} else base)
        chair = (source if taken & {"chair", "verdict"} else base)[:, 1] == self.token("yes")
        return np.where(majority & chair, self.token("passes"), self.token("fails"))


def _more_yes(prompts: Prompts) -> ndarray:
    return (prompts == 1).sum(1) > (prompts == 2).sum(1)


PROGRAMS: dict[str, Program] = {program.name: program for program in (Lookup(), Vote())}
