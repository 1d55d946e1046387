"""A task draws the same pairs for the same seed, counts what it refuses, and says in one sentence why."""

import re
from dataclasses import replace
from typing import Any

import pytest

from neuronscope.data.tasks import TASKS, Pair, Pairs, open_task, solvable
from neuronscope.data.tasks.pair import SEEDS_APART
from neuronscope.words import BadInput


class Spelling:
    """A tokenizer of letters that cuts every text at its first digit, so that no digit can be told."""

    unk_token_id = 0

    def __call__(self, text: list[str], *, add_special_tokens: bool) -> dict[str, list[list[int]]]:
        assert not add_special_tokens
        return {"input_ids": [[0 if sign.isdigit() else ord(sign) for sign in line] for line in text]}


@pytest.mark.parametrize("task", TASKS)
def test_a_seed_gives_one_pair_and_a_set_gives_its_seeds(task: str, scribe: Any) -> None:
    pairs = TASKS[task].pairs(20, scribe, seed=3)
    assert len(pairs) == 20
    assert len({(pair.clean, pair.corrupt) for pair in pairs}) == 20
    assert list(pairs) == [TASKS[task].pair(pair.seed, scribe) for pair in pairs]
    assert all(pair.seed // SEEDS_APART == 3 and pair.task == task for pair in pairs)
    assert pairs.asked == 20 + pairs.refused + pairs.repeated
    assert TASKS[task].pairs(8, scribe, seed=3)[:] == pairs[:8]
    assert TASKS[task].pairs(20, scribe, seed=4)[:] != pairs[:]


def test_the_default_split_is_unseen(scribe: Any) -> None:
    capital = TASKS["capital"]
    assert (
        capital.pair(5, scribe)
        == capital.pair(5, scribe, split="unseen")
        != capital.pair(5, scribe, split="seen")
    )


def test_fingerprints_differ_and_stay() -> None:
    prints = {task.fingerprint for task in TASKS.values()}
    assert len(prints) == len(TASKS) == 16
    assert replace(TASKS["capital"]).fingerprint == TASKS["capital"].fingerprint
    assert replace(TASKS["capital"], metric="log_probability").fingerprint not in prints
    assert replace(TASKS["capital"], draw=TASKS["pronoun"].draw).fingerprint not in prints


def test_every_task_says_what_it_asks_and_where_it_comes_from() -> None:
    for name, task in TASKS.items():
        assert task.name == name
        assert task.summary.endswith("?") or task.summary.endswith(".")
        assert re.search(r"\d{4}", task.source)
        assert next(iter(task.splits)) == "unseen"


def test_pairs_that_the_model_gets_right_are_kept_in_order(scribe: Any) -> None:
    pairs = TASKS["pronoun"].pairs(10, scribe)
    right = [index % 3 == 0 for index in range(10)]
    kept = solvable(pairs, right, wanted=3)
    assert kept == Pairs((pairs[0], pairs[3], pairs[6]), pairs.refused, pairs.asked)
    assert len(solvable(pairs, right, wanted=4)) == 4


def test_fewer_right_pairs_than_wanted_are_refused_with_the_count(scribe: Any) -> None:
    pairs = TASKS["pronoun"].pairs(10, scribe)
    with pytest.raises(
        BadInput, match="The model gets 2 of 10 pairs of pronoun right, fewer than 3; ask for at most 2"
    ):
        solvable(pairs, [True, True] + [False] * 8, wanted=3)


def test_a_task_that_the_tokenizer_cannot_write_is_refused() -> None:
    with pytest.raises(BadInput, match=r"two-digit-arithmetic cannot be written .* none of 64 seeds"):
        TASKS["two-digit-arithmetic"].pairs(100, Spelling())
    assert len(TASKS["pronoun"].pairs(10, Spelling())) == 10


def test_too_few_different_pairs_are_refused_with_the_counts(scribe: Any) -> None:
    with pytest.raises(BadInput) as refusal:
        TASKS["sentiment"].pairs(5000, scribe)
    said = re.fullmatch(
        r"sentiment gives (\d+) different pairs with this tokenizer, fewer than 5000 "
        r"\((\d+) of (\d+) seeds refused, (\d+) repeated\); ask for at most (\d+)\.",
        str(refusal.value),
    )
    assert said
    found, refused, asked, repeated, most = map(int, said.groups())
    assert found + refused + repeated == asked
    assert found == most == len(TASKS["sentiment"].pairs(most, scribe))


def test_no_pairs_at_all_cannot_be_asked(scribe: Any) -> None:
    with pytest.raises(BadInput, match="0 pairs cannot be drawn; ask for at least 1"):
        TASKS["capital"].pairs(0, scribe)


def test_a_split_that_a_task_lacks_is_refused(scribe: Any) -> None:
    with pytest.raises(BadInput, match="capital has no split 'validation'; it has unseen, seen; choose one"):
        TASKS["capital"].pairs(1, scribe, split="validation")


def test_an_unknown_task_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        BadInput,
        match=r"There is no task 'inductoin'; did you mean 'induction'\? Of your own, give FILE\.jsonl",
    ):
        open_task("inductoin")
    assert open_task("induction") is TASKS["induction"]


def test_an_unknown_span_is_refused_with_those_there_are(scribe: Any) -> None:
    pair = TASKS["capital"].pair(0, scribe)
    assert isinstance(pair, Pair)
    with pytest.raises(
        BadInput, match=r"There is no span 'verb' in this pair of capital; it has \['country'\]"
    ):
        pair.span("verb")
