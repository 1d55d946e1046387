"""Sums and differences of one- and two-digit numbers, with problems that no language model of ours has read.

Two-digit problems (both numbers from 10 to 99, no negative result) are ordered by hash: the first 500 are for
validation, the next 5,000 train probes, and only the rest may reach the training of a language model.
"""

import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Literal, NamedTuple

from .problem import Problem, Split, Templates, digest, pool, stated
from .words import NAMES

N_VALIDATION = 500
N_TRAINING = 5000
Part = Literal["validation", "training", "language_model"]


class Sum(NamedTuple):
    """A sum or difference, such as `47 + 38`."""

    first: int
    sign: str
    second: int

    @property
    def result(self) -> int:
        """Return what it comes to."""
        return self.first + self.second if self.sign == "+" else self.first - self.second

    @property
    def canonical(self) -> "Sum":
        """Return the one that stands for both orders of a sum."""
        return Sum(self.second, "+", self.first) if self.sign == "+" and self.first > self.second else self

    def __str__(self) -> str:
        return f"{self.first} {self.sign} {self.second}"


@cache
def two_digit_problems(part: Part) -> tuple[Sum, ...]:
    """Return the canonical two-digit problems of one part, in the order of their SHA-256."""
    every = [Sum(a, "+", b) for a in range(10, 100) for b in range(a, 100)]
    every += [Sum(a, "-", b) for a in range(10, 100) for b in range(10, a + 1)]
    every.sort(key=lambda problem: digest(str(problem)))
    bounds = {
        "validation": (0, N_VALIDATION),
        "training": (N_VALIDATION, N_VALIDATION + N_TRAINING),
        "language_model": (N_VALIDATION + N_TRAINING, len(every)),
    }
    start, end = bounds[part]
    return tuple(every[start:end])


@cache
def _kept_out() -> frozenset[Sum]:
    return frozenset((*two_digit_problems("validation"), *two_digit_problems("training")))


def is_kept_out(problem: Sum) -> bool:
    """Return whether language models of ours must not read this problem."""
    return problem.canonical in _kept_out()


_OPERATION = re.compile(r"(?<![\d.])(?=(\d\d)\s*(\+|-|plus|minus)\s*(\d\d)(?![\d.]\d|\d))")


def mentions_kept_out(text: str) -> bool:
    """Return whether a text states a two-digit problem that is kept out, in signs or in words."""
    for first, sign, second in _OPERATION.findall(text):
        a, b = int(first), int(second)
        if a < 10 or b < 10:
            continue
        if is_kept_out(Sum(a, "+" if sign in ("+", "plus") else "-", b)):
            return True
    return False


IN_SIGNS = Templates(
    train=(
        "{first} {sign} {second} =",
        "What is {first} {word} {second}?",
        "{first} {word} {second} equals",
        "{first} {sign} {second} is",
        "Question: {first} {sign} {second} = ? Answer:",
        "{name} knows that {first} {word} {second} is",
    ),
    unseen=(
        "{first} {sign} {second} equals",
        "What is {first} {sign} {second}?",
        "{name} knows that {first} {sign} {second} is",
    ),
)
PLAIN = "{first} {sign} {second} ="
_PLAIN_SHARE = 0.6


def problem_of(
    structure: str, asked: Sum, rng: Random, split: Split, *, plain: bool | None = None
) -> Problem:
    """Return the sum as a problem; `plain` asks for the wording `47 + 38 =`."""
    if plain is None:
        plain = split == "train" and rng.random() < _PLAIN_SHARE
    slots = {
        "first": str(asked.first),
        "second": str(asked.second),
        "sign": asked.sign,
        "word": "plus" if asked.sign == "+" else "minus",
        "name": rng.choice(pool(NAMES, 2, split)),
    }
    chosen = (PLAIN, "plain") if plain else IN_SIGNS.pick(rng, split)
    wrong = [asked.result + step for step in (1, -1, 10, -10) if asked.result + step >= 0]
    return stated(
        structure, chosen, split, slots, answer=f" {asked.result}", distractor=f" {rng.choice(wrong)}"
    )


def _sums(firsts: range, sign: str, seconds: range) -> tuple[Sum, ...]:
    return tuple(Sum(a, sign, b) for a in firsts for b in seconds if sign == "+" or a >= b)


ONE_DIGIT_ADDITION = _sums(range(10), "+", range(10))
ONE_DIGIT_SUBTRACTION = _sums(range(10), "-", range(10))
MIXED = (
    *_sums(range(10, 100), "+", range(10)),
    *_sums(range(10), "+", range(10, 100)),
    *_sums(range(10, 100), "-", range(10)),
)


def one_digit_addition(rng: Random, *, split: Split = "train") -> Problem:
    """Return the sum of two one-digit numbers."""
    return problem_of("one-digit-addition", rng.choice(pool(ONE_DIGIT_ADDITION, 0, split)), rng, split)


def one_digit_subtraction(rng: Random, *, split: Split = "train") -> Problem:
    """Return the difference of two one-digit numbers."""
    return problem_of("one-digit-subtraction", rng.choice(pool(ONE_DIGIT_SUBTRACTION, 0, split)), rng, split)


def mixed_arithmetic(rng: Random, *, split: Split = "train") -> Problem:
    """Return the sum or difference of a two-digit and a one-digit number."""
    return problem_of("mixed-arithmetic", rng.choice(pool(MIXED, 0, split)), rng, split)


def _draw(rng: Random, sign: str, split: Split) -> Sum:
    """Return a two-digit problem the split may see; sums come in either order."""
    part: Part = "language_model" if split == "train" else "validation"
    asked = rng.choice(_signed(part, sign))
    return Sum(asked.second, "+", asked.first) if sign == "+" and rng.random() < 0.5 else asked


@cache
def _signed(part: Part, sign: str) -> tuple[Sum, ...]:
    return tuple(problem for problem in two_digit_problems(part) if problem.sign == sign)


def two_digit_addition(rng: Random, *, split: Split = "train") -> Problem:
    """Return the sum of two two-digit numbers; unseen ones are the validation problems."""
    return problem_of("two-digit-addition", _draw(rng, "+", split), rng, split)


def two_digit_subtraction(rng: Random, *, split: Split = "train") -> Problem:
    """Return the difference of two two-digit numbers; unseen ones are the validation problems."""
    return problem_of("two-digit-subtraction", _draw(rng, "-", split), rng, split)


STORIES = Templates(
    train=(
        "{name} had {first} coins and found {second} more. Now {name} has",
        "There are {first} birds, and {second} more come. Together there are",
        "{name} read {first} pages and then {second} more. In all {name} read",
        "Take {first}, add {second}, and you get",
        "{first} and {second} make",
    ),
    unseen=(
        "There are {first} coins, and {name} found {second} more. Together there are",
        "Take {first} and {second}, and you get",
    ),
)


def story_sum(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sum of two one-digit numbers told in words."""
    asked = rng.choice(pool(ONE_DIGIT_ADDITION, 1, split))
    slots = {
        "first": str(asked.first),
        "second": str(asked.second),
        "name": rng.choice(pool(NAMES, 3, split)),
    }
    wrong = asked.result + rng.choice((1, 2))
    return stated(
        "story-sum", STORIES.pick(rng, split), split, slots, answer=f" {asked.result}", distractor=f" {wrong}"
    )


STEPS = Templates(
    train=("Steps for {sum}:", "Work out {sum} in steps:", "{sum} in steps:"),
    unseen=("Work out the steps for {sum}:", "Question: {sum} in steps:"),
)


def worked_steps(rng: Random, *, split: Split = "train") -> Problem:
    """Return a two-digit problem whose answer is worked out digit by digit, the result last."""
    asked = _draw(rng, rng.choice("+-"), split)
    return stated(
        "worked-steps", STEPS.pick(rng, split), split, {"sum": str(asked)}, answer=f" {steps(asked)}"
    )


def steps(asked: Sum) -> str:
    """Return how a two-digit problem is worked out digit by digit, the result last.

    >>> steps(Sum(47, "+", 38))
    '7 + 8 = 15, carry 1; 4 + 3 + 1 = 8; result 85'
    """
    write: Callable[[Sum], str] = _addition_steps if asked.sign == "+" else _subtraction_steps
    return f"{write(asked)}; result {asked.result}"


def _addition_steps(asked: Sum) -> str:
    (a_tens, a_ones), (b_tens, b_ones) = divmod(asked.first, 10), divmod(asked.second, 10)
    ones = a_ones + b_ones
    carry = ones // 10
    tens = f"{a_tens} + {b_tens} + {carry}" if carry else f"{a_tens} + {b_tens}"
    return f"{a_ones} + {b_ones} = {ones}{', carry 1' if carry else ''}; {tens} = {a_tens + b_tens + carry}"


def _subtraction_steps(asked: Sum) -> str:
    (a_tens, a_ones), (b_tens, b_ones) = divmod(asked.first, 10), divmod(asked.second, 10)
    borrow = int(a_ones < b_ones)
    ones = (
        f"{a_ones + 10 * borrow} - {b_ones} = {a_ones + 10 * borrow - b_ones}{', borrow 1' if borrow else ''}"
    )
    tens = f"{a_tens} - {b_tens} - 1" if borrow else f"{a_tens} - {b_tens}"
    return f"{ones}; {tens} = {a_tens - b_tens - borrow}"
