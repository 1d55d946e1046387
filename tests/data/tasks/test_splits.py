"""No model of ours has read what a task calls unseen, and the two parts of it share nothing."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from neuronscope.data.documentation import documentation
from neuronscope.data.tasks import TASKS, Pair, Split, open_task
from neuronscope.data.tasks.arithmetic import one_digit_problems, two_digit_problems_of
from neuronscope.data.tasks.logic import KEPT_BACK, premises
from neuronscope.data.texts.arithmetic import Sum, mentions_kept_out
from neuronscope.data.texts.mix import document, draw
from neuronscope.data.texts.problem import digest

PARTS: tuple[Split, Split] = ("train", "validation")
ALL: tuple[Split, ...] = ("unseen", *PARTS, "seen")
TWO_DIGIT = ("two-digit-arithmetic", "chain-of-thought")


def pairs(task: str, split: str, tokenizer: Any, n: int = 300) -> list[Pair]:
    found = TASKS[task].drawn(range(n), tokenizer, split=split)  # pyright: ignore[reportArgumentType]
    return [pair for pair in found if pair is not None]


def sums(text: str) -> set[Sum]:
    found = re.findall(r"(?<!\d)(\d+) (\+|-|plus|minus) (\d+)(?!\d)", text)
    return {Sum(int(a), "+" if sign in "+plus" else "-", int(b)).canonical for a, sign, b in found}


def prompts(task: str, split: str, tokenizer: Any) -> list[str]:
    return [text for pair in pairs(task, split, tokenizer) for text in (pair.clean, pair.corrupt)]


@cache
def trained(structure: str, n: int = 3000) -> list[str]:
    """Replay what the text generator trains on."""
    rng = Random(f"replay/{structure}")
    return [draw(structure, rng, split="train").prompt for _ in range(n)]


@pytest.mark.parametrize("task", TWO_DIGIT)
def test_no_training_text_states_a_two_digit_problem_of_a_task(task: str, scribe: Any) -> None:
    asked = {
        split: set().union(
            *(sums(prompt) for pair in pairs(task, split, scribe) for prompt in (pair.clean, pair.corrupt))
        )
        for split in ("unseen", *PARTS)
    }
    assert all(len(found) > 200 for found in asked.values())
    replayed = {
        problem
        for structure in ("two-digit-addition", "two-digit-subtraction", "worked-steps")
        for prompt in trained(structure)
        for problem in sums(prompt)
    }
    assert len(replayed) > 2000
    assert not replayed & (asked["unseen"] | asked["train"] | asked["validation"])
    assert not asked["train"] & asked["validation"]
    assert all(mentions_kept_out(str(problem)) for found in asked.values() for problem in found)


def test_the_parts_of_two_digit_arithmetic_have_their_sizes() -> None:
    train, validation = (set(two_digit_problems_of(part)) for part in PARTS)
    assert (len(train), len(validation)) == (5000, 500)
    assert train | validation == set(two_digit_problems_of("unseen"))
    assert not train & validation
    assert not (train | validation) & set(two_digit_problems_of("seen"))
    for task in TWO_DIGIT:
        counts = {
            split: len(two_digit_problems_of(split)) for split in ("unseen", "train", "validation", "seen")
        }
        assert (
            dict(TASKS[task].splits)
            == counts
            == {"unseen": 5500, "train": 5000, "validation": 500, "seen": 2690}
        )


def test_one_digit_problems_are_too_few_to_split() -> None:
    assert dict(TASKS["one-digit-arithmetic"].splits) == {"unseen": 23, "seen": 132}
    assert not set(one_digit_problems("unseen")) & set(one_digit_problems("seen"))
    replayed = {
        tuple(re.findall(r"\d+|[+-]|plus|minus", prompt)[:3])
        for structure in ("one-digit-addition", "one-digit-subtraction")
        for prompt in trained(structure)
    }
    words = {"+": ("+", "plus"), "-": ("-", "minus")}
    for asked in one_digit_problems("unseen"):
        assert not any((str(asked.first), sign, str(asked.second)) in replayed for sign in words[asked.sign])


def test_no_training_text_has_a_letter_that_every_problem_of_logic_has() -> None:
    replayed = set(re.findall(r"\b[A-Z]\b", " ".join(trained("logic"))))
    assert len(KEPT_BACK) == 4
    assert replayed == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(KEPT_BACK)
    assert all(set(KEPT_BACK) & set(re.findall(r"\b[A-Z]\b", found.facts)) for found in premises("unseen"))


def test_the_parts_of_logic_have_their_sizes_and_share_nothing() -> None:
    problems = {
        split: [
            (found.facts, found.claim, letter)
            for found in premises(split)
            for letter in (found.true_of, found.false_of)
        ]
        for split in ("train", "validation", "unseen")
    }
    sizes = {split: len(set(found)) for split, found in problems.items()}
    assert sizes == dict(TASKS["logic"].splits) == {"unseen": 5500, "train": 5000, "validation": 500}
    assert not set(problems["train"]) & set(problems["validation"])
    assert set(problems["train"]) | set(problems["validation"]) == set(problems["unseen"])


def test_the_parts_of_logic_are_dealt_by_hash() -> None:
    for form in {found.form for found in premises("unseen")}:
        train, validation = (
            [digest(found.facts + found.claim) for found in premises(part) if found.form == form]
            for part in PARTS
        )
        assert (len(train), len(validation)) == (250, 25)
        assert max(validation) < min(train)


def test_both_prompts_of_a_pair_are_of_its_part(scribe: Any) -> None:
    def stated(split: str) -> set[str]:
        found = pairs("logic", split, scribe)
        return {
            re.sub("^Given: | So | Therefore ", " ", text)
            for pair in found
            for text in (pair.clean, pair.corrupt)
        }

    assert not stated("train") & stated("validation")


def test_no_training_text_has_a_string_of_brackets_that_is_unseen(scribe: Any) -> None:
    def strings(texts: list[str]) -> set[str]:
        return {re.sub(r"[^\]\[(){}]", "", text) for text in texts}

    unseen = strings(prompts("brackets", "unseen", scribe))
    assert len(unseen) > 100
    assert not unseen & strings(trained("brackets"))


@pytest.mark.parametrize(
    ("task", "structure", "span"),
    [
        ("indirect-object", "indirect-object", "recipient"),
        ("pronoun", "pronoun", "name"),
        ("agreement", "agreement", "subject"),
        ("sentiment", "sentiment", "word"),
        ("acronym", "acronym", "three"),
    ],
)
def test_training_never_uses_the_words_that_decide(task: str, structure: str, span: str, scribe: Any) -> None:
    found = pairs(task, "unseen", scribe)
    decisive = {pair.span(span, corrupt=corrupt) for pair in found for corrupt in (False, True)}
    rng = Random("replay")
    trained_on = {draw(structure, rng, split="train").span(span) for _ in range(3000)}
    assert len(decisive) >= 6
    assert not decisive & trained_on


@pytest.mark.parametrize(
    "task", [name for name in TASKS if "digit" not in name and name != "chain-of-thought"]
)
def test_no_training_text_is_an_unseen_prompt(task: str, scribe: Any) -> None:
    structures = {
        "factual-recall": ("language", "currency", "continent"),
        "induction": ("repetition",),
    }.get(task, (task,))
    replayed = {prompt for structure in structures for prompt in trained(structure)}
    assert not replayed.intersection(prompts(task, "unseen", scribe))


def test_word_problems_are_split_by_hash(test_data: Callable[[str], Path], scribe: Any) -> None:
    task = open_task(f"gsm8k:{test_data('gsm8k/train.jsonl')}")
    assert dict(task.splits) == {"unseen": 7473, "train": 5000, "validation": 500}
    train, validation = (
        {pair.span("question") for pair in task.pairs(500, scribe, split=part)} for part in PARTS
    )
    assert max(map(digest, validation)) < min(map(digest, train))
    read = "\n".join(page.text for page in documentation())
    assert not any(question in read for question in sorted(train | validation)[::20])


def test_the_generator_still_draws_what_scribe_was_trained_on() -> None:
    rng = Random(2026)
    drawn = "\0".join(document(rng) for _ in range(3000))
    assert digest(drawn) == "ef6d0eebc2bd340ebd2421a36b62b057c0a5033ac049cae48c073e55d81e4132"
