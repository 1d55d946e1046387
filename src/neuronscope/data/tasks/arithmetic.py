"""What do two numbers come to? Sums and differences of one- and of two-digit numbers."""

from functools import cache
from typing import get_args

from neuronscope.data.texts.arithmetic import (
    IN_SIGNS,
    ONE_DIGIT_ADDITION,
    ONE_DIGIT_SUBTRACTION,
    PLAIN,
    Sum,
    two_digit_problems,
)
from neuronscope.data.texts.problem import pool
from neuronscope.data.texts.words import NAMES

from .pair import Dice, Pair, Split
from .task import Task

_PLAIN_SHARE = 0.6


def draw_one_digit(dice: Dice) -> Pair:
    """Return a sum or difference of one-digit numbers; one number differs in the twin.

    One operand is replaced, so that the result differs (Stolfo et al. 2023, arXiv:2305.15054). There are only
    155 problems: `builtin:scribe` met those of `unseen` in stories, in worked steps and the other way round.
    """
    return _stated(dice, *_drawn(dice, one_digit_problems(dice.split)))


def draw_two_digit(dice: Dice) -> Pair:
    """Return a sum or difference of two-digit numbers; one number differs in the twin.

    One operand is replaced, so that the result differs (Stolfo et al. 2023, arXiv:2305.15054). Both problems
    come from the same split: the first 500 by hash are `validation`, the next 5,000 `train`, both together
    `unseen`, and the rest is what language models of ours may read, `seen`.
    """
    return _stated(dice, *drawn_two_digit(dice))


def drawn_two_digit(dice: Dice) -> tuple[Sum, Sum]:
    """Return a two-digit problem and another of the same split that differs in one number alone."""
    return _drawn(dice, in_either_order(two_digit_problems_of(dice.split)))


@cache
def one_digit_problems(split: Split) -> tuple[Sum, ...]:
    """Return the one-digit problems of a split; `3 + 4` and `4 + 3` are two."""
    wording = "train" if split == "seen" else "unseen"
    return (*pool(ONE_DIGIT_ADDITION, 0, wording), *pool(ONE_DIGIT_SUBTRACTION, 0, wording))


@cache
def two_digit_problems_of(split: Split) -> tuple[Sum, ...]:
    """Return the two-digit problems of a split; `47 + 38` and `38 + 47` are one."""
    match split:
        case "train":
            return two_digit_problems("training")
        case "validation":
            return two_digit_problems("validation")
        case "unseen":
            return (*two_digit_problems("validation"), *two_digit_problems("training"))
        case "seen":
            return two_digit_problems("language_model")


@cache
def in_either_order(problems: tuple[Sum, ...]) -> tuple[Sum, ...]:
    """Return the problems with every sum written both ways."""
    turned = (Sum(asked.second, "+", asked.first) for asked in problems if asked.sign == "+")
    return tuple(dict.fromkeys((*problems, *turned)))


def _drawn(dice: Dice, problems: tuple[Sum, ...]) -> tuple[Sum, Sum]:
    """Return a problem and another of the same ones that differs in one operand alone.

    In a tight draw their results begin with different digits.
    """
    sharing = _sharing(problems)
    while True:
        asked, other = dice.rng.sample(dice.rng.choice(sharing[dice.rng.choice("+-")]), 2)
        if not dice.tight or str(asked.result)[0] != str(other.result)[0]:
            return asked, other


@cache
def _sharing(problems: tuple[Sum, ...]) -> dict[str, list[list[Sum]]]:
    """Return the problems of each sign that have one number in the same place, two of them or more."""
    found: dict[tuple[str, str, int], list[Sum]] = {}
    for problem in problems:
        found.setdefault((problem.sign, "first", problem.first), []).append(problem)
        found.setdefault((problem.sign, "second", problem.second), []).append(problem)
    several = {key: sharing for key, sharing in found.items() if len(sharing) > 1}
    return {sign: [sharing for key, sharing in several.items() if key[0] == sign] for sign in "+-"}


def _stated(dice: Dice, asked: Sum, other: Sum) -> Pair:
    plain = dice.rng.random() < _PLAIN_SHARE
    slots, twin = ({"first": str(problem.first), "second": str(problem.second)} for problem in (asked, other))
    words = {"sign": asked.sign, "word": "plus" if asked.sign == "+" else "minus"}
    return dice.twins(
        (PLAIN, "plain") if plain else dice.template(IN_SIGNS),
        {**slots, **words, "name": dice.filler(NAMES, 2)},
        twin,
        answer=f" {asked.result}",
        distractor=f" {other.result}",
    )


TWO_DIGIT_SPLITS = {split: len(two_digit_problems_of(split)) for split in get_args(Split)}
"""How many problems each split of two-digit arithmetic has."""

ONE_DIGIT = Task(
    name="one-digit-arithmetic",
    summary="What do two one-digit numbers come to, added or subtracted?",
    draw=draw_one_digit,
    source="Stolfo et al. 2023, arXiv:2305.15054",
    splits={split: len(one_digit_problems(split)) for split in ("unseen", "seen")},
)
TWO_DIGIT = Task(
    name="two-digit-arithmetic",
    summary="What do two two-digit numbers come to, added or subtracted?",
    draw=draw_two_digit,
    source="Stolfo et al. 2023, arXiv:2305.15054",
    splits=TWO_DIGIT_SPLITS,
)
