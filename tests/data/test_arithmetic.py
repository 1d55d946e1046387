"""Sums come out right, and the kept-out problems stay out."""

import re
from hashlib import sha256
from random import Random

import pytest

from neuronscope.data.documentation import documentation
from neuronscope.data.texts.arithmetic import (
    N_TRAINING,
    N_VALIDATION,
    Sum,
    is_kept_out,
    mentions_kept_out,
    problem_of,
    two_digit_problems,
)
from neuronscope.data.texts.mix import STRUCTURES, document, draw, problems

SUMS = [name for name in STRUCTURES if "digit" in name or name == "mixed-arithmetic"]


def stated_sums(text: str) -> list[Sum]:
    """Return every sum or difference that a text states, read independently of the generator."""
    found = re.findall(r"(?=(?<!\d)(\d+) (\+|-|plus|minus) (\d+)(?!\d))", text)
    return [Sum(int(a), "+" if sign in "+plus" else "-", int(b)) for a, sign, b in found]


def test_the_parts_have_their_sizes_and_share_nothing() -> None:
    validation, training, rest = (
        set(two_digit_problems(part)) for part in ("validation", "training", "language_model")
    )
    assert (len(validation), len(training)) == (N_VALIDATION, N_TRAINING) == (500, 5000)
    assert len(validation | training | rest) == 500 + 5000 + len(rest) == 90 * 91
    assert all(
        10 <= p.first <= 99 and 10 <= p.second <= 99 and p.result >= 0 for p in validation | training | rest
    )
    assert all(problem.canonical == problem for problem in validation | training | rest)


def test_the_parts_are_dealt_by_hash() -> None:
    hashes = [
        sha256(str(problem).encode()).hexdigest()
        for part in ("validation", "training", "language_model")
        for problem in two_digit_problems(part)
    ]
    assert hashes == sorted(hashes)


def test_both_orders_of_a_sum_are_one_problem() -> None:
    assert Sum(47, "+", 38).canonical == Sum(38, "+", 47).canonical
    assert Sum(47, "-", 38).canonical == Sum(47, "-", 38)
    kept = two_digit_problems("validation")
    sums = [problem for problem in kept if problem.sign == "+"]
    assert all(is_kept_out(Sum(problem.second, "+", problem.first)) for problem in sums)
    assert not any(map(is_kept_out, two_digit_problems("language_model")))


def test_results_are_right() -> None:
    assert Sum(47, "+", 38).result == 85
    assert Sum(47, "-", 38).result == 9


@pytest.mark.parametrize("structure", SUMS)
@pytest.mark.parametrize("split", ["train", "unseen"])
def test_answers_are_the_results(structure: str, split: str) -> None:
    rng = Random(f"{structure}/{split}")
    for _ in range(200):
        problem = draw(structure, rng, split=split)  # pyright: ignore[reportArgumentType]
        stated = stated_sums(problem.prompt)
        assert len(stated) == 1
        assert int(problem.answer) == stated[0].result
        assert problem.distractor is not None
        assert int(problem.distractor) >= 0


@pytest.mark.parametrize("split", ["train", "unseen"])
def test_worked_steps_are_right_line_by_line(split: str) -> None:
    rng = Random(split)
    for _ in range(300):
        problem = draw("worked-steps", rng, split=split)  # pyright: ignore[reportArgumentType]
        steps = re.findall(r"([\d +-]+) = (\d+)", problem.answer)
        assert len(steps) == 2
        assert all(eval(left) == int(right) for left, right in steps)
        assert int(problem.answer.rsplit("result ", 1)[1]) == stated_sums(problem.prompt)[0].result


def test_no_training_text_states_a_kept_out_problem() -> None:
    kept = set(two_digit_problems("validation")) | set(two_digit_problems("training"))
    rng = Random(11)
    stated = [problem for _ in range(20_000) for problem in stated_sums(document(rng))]
    two_digit = [p for p in stated if 10 <= p.first <= 99 and 10 <= p.second <= 99]
    assert len(two_digit) > 3000
    assert not kept.intersection(problem.canonical for problem in two_digit)


def test_unseen_two_digit_problems_are_the_validation_problems() -> None:
    for structure in ("two-digit-addition", "two-digit-subtraction", "worked-steps"):
        for problem in problems(structure, 200, seed=1):
            assert stated_sums(problem.prompt)[0].canonical in set(two_digit_problems("validation"))


def test_the_documentation_states_no_kept_out_problem() -> None:
    assert not any(mentions_kept_out(page.text) for page in documentation())


@pytest.mark.parametrize("wording", ["{} + {}", "{} plus {}", "so {}+{} it is"])
def test_a_kept_out_problem_is_found_in_any_wording(wording: str) -> None:
    kept = next(problem for problem in two_digit_problems("training") if problem.sign == "+")
    free = next(problem for problem in two_digit_problems("language_model") if problem.sign == "+")
    assert mentions_kept_out(wording.format(kept.second, kept.first))
    assert not mentions_kept_out(wording.format(free.second, free.first))
    assert not mentions_kept_out(f"{kept.first} and {kept.second}")
    assert not mentions_kept_out("05 + 07 = 12")


def test_the_plain_wording_can_be_asked_for() -> None:
    problem = problem_of("held-out", Sum(47, "+", 38), Random(0), "unseen", plain=True)
    assert problem.prompt == "47 + 38 ="
    assert problem.answer == " 85"
