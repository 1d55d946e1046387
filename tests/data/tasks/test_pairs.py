"""Every task makes pairs of equal token length whose answers swap, for four sorts of tokenizer."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from neuronscope.data.tasks import TASKS, Pair, Span

from .solvers import CHANGED, NAMED, SOLVERS

N_SEEDS = 1000
MOST_REFUSED = 20


def drawn(task: str, tokenizer: Any, split: str, n_seeds: int) -> list[Pair]:
    found = TASKS[task].drawn(range(n_seeds), tokenizer, split=split)  # pyright: ignore[reportArgumentType]
    return [pair for pair in found if pair is not None]


def ids(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    return tokenizer(list(texts), add_special_tokens=False)["input_ids"]


def remainder(text: str, spans: Sequence[Span]) -> str:
    """Return the text with its spans cut out."""
    kept, last = [], 0
    for span in spans:
        assert last <= span.start < span.end
        kept.append(text[last : span.start])
        last = span.end
    return "|".join([*kept, text[last:]])


def check_tokens(pairs: Sequence[Pair], tokenizer: Any) -> None:
    clean, corrupt = ids([p.clean for p in pairs], tokenizer), ids([p.corrupt for p in pairs], tokenizer)
    right = ids([p.clean + p.answer for p in pairs], tokenizer)
    wrong = ids([p.clean + p.distractor for p in pairs], tokenizer)
    twin = ids([p.corrupt + p.distractor for p in pairs], tokenizer)
    for one, two, first, second, third in zip(clean, corrupt, right, wrong, twin, strict=True):
        length = len(one)
        assert length == len(two)
        assert one != two
        assert first[:length] == second[:length] == one
        assert third[:length] == two
        assert first[length] != second[length] == third[length]


def check_words(pair: Pair) -> None:
    solve = SOLVERS[pair.task]
    clean, corrupt = pair.clean.strip(), pair.corrupt.strip()
    answer, distractor = pair.answer.strip(), pair.distractor.strip()
    assert solve(clean, answer)
    assert solve(corrupt, distractor)
    assert not solve(clean, distractor)
    # After the year 01 every later year is right too: the twin of greater-than forgets the bound.
    assert pair.task == "greater-than" or not solve(corrupt, answer)


def check_further_answers(pair: Pair) -> None:
    solve, clean = SOLVERS[pair.task], pair.clean.strip()
    assert all(solve(clean, other.strip()) for other in pair.accepted)
    assert not any(solve(clean, other.strip()) for other in pair.rejected)
    assert not {pair.answer, pair.distractor} & {*pair.accepted, *pair.rejected}


def check_spans(pair: Pair) -> None:
    assert [span.name for span in pair.spans] == [span.name for span in pair.corrupt_spans]
    assert remainder(pair.clean, pair.spans) == remainder(pair.corrupt, pair.corrupt_spans)
    changed = []
    for span in pair.spans:
        texts = pair.span(span.name), pair.span(span.name, corrupt=True)
        allowed = next(what for names, what in NAMED[pair.task].items() if re.fullmatch(names, span.name))
        assert all(re.fullmatch(allowed, text) for text in texts), (span.name, texts)
        changed += [span.name] if texts[0] != texts[1] else []
    wanted = CHANGED.get(pair.task)
    assert changed in ([wanted] if wanted else [["first"], ["second"]])


@pytest.mark.parametrize("tokenizer", ["scribe", "bytewise", "local_bpe", "gpt2"])
@pytest.mark.parametrize("task", TASKS)
def test_pairs_have_equal_length_and_answers_that_swap(
    task: str, tokenizer: str, request: pytest.FixtureRequest
) -> None:
    chosen = request.getfixturevalue(tokenizer)
    pairs = drawn(task, chosen, "unseen", N_SEEDS)
    assert len(pairs) >= N_SEEDS - MOST_REFUSED
    check_tokens(pairs, chosen)
    for pair in pairs:
        check_words(pair)
        check_spans(pair)
    for pair in pairs[:100]:
        check_further_answers(pair)


@pytest.mark.parametrize(
    ("task", "split"),
    [(name, split) for name, task in TASKS.items() for split in task.splits if split != "unseen"],
)
def test_every_other_split_keeps_the_same_laws(task: str, split: str, scribe: Any) -> None:
    pairs = drawn(task, scribe, split, 100)
    assert len(pairs) >= 98
    check_tokens(pairs, scribe)
    for pair in pairs:
        if split != "seen":
            check_words(pair)
        check_spans(pair)


def test_a_token_for_the_space_goes_to_the_prompt(scribe: Any, bytewise: Any) -> None:
    whole, apart = (TASKS["pronoun"].pair(0, tokenizer) for tokenizer in (scribe, bytewise))
    assert whole is not None
    assert apart is not None
    assert (whole.clean[-1], whole.answer[0]) != (" ", " ") == (apart.clean[-1], " ")
    assert whole.answer[0] == " "
    assert apart.answer in ("she", "he")


def test_tokenizers_that_write_words_alike_get_the_same_pairs(scribe: Any, gpt2: Any) -> None:
    one, two = (TASKS["indirect-object"].drawn(range(50), tokenizer) for tokenizer in (scribe, gpt2))
    assert one == two
