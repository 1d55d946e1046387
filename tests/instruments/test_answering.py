"""Answers are scored and written as one prompt at a time would give them, however many run together."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from neuronscope.instruments import Question, Reply, answer, run
from neuronscope.instruments.answered import passes
from neuronscope.instruments.answered.question import opens_with, posed
from neuronscope.instruments.answering import batches
from neuronscope.models import Model
from neuronscope.models.shortcuts import Shortcuts
from neuronscope.results import working_in
from neuronscope.words import BadInput
from tests.conftest import ROOT
from tests.models.tiny import FAMILIES, opened, shared

IN_DOUBLE = [family for family in FAMILIES if "upcast" not in family]  # that one refuses double precision
QUESTIONS = [
    Question(prompt=[5, 60, 17], right=([3], [9, 41]), wrong=([2], [77, 30, 8])),
    Question(prompt=[3, 9, 41, 2, 77, 30], right=([8],), wrong=([23],)),
    Question(prompt=[8, 23], right=([11, 12, 13, 14],), wrong=([11, 12, 13, 15], [11, 12])),
    Question(prompt=[44, 9, 1, 90], right=([5],), wrong=()),
]


def alone(model: Model, tokens: Sequence[int]) -> torch.Tensor:
    """Return the logits of one prompt that runs by itself."""
    return run(model, list(tokens)).logits[0]


def check_against_single_runs(model: Model, replies: Sequence[Reply], bound: float, *, n_new: int) -> None:
    """Hold every number of some replies to one run a row."""
    for question, reply in zip(QUESTIONS, replies, strict=True):
        prompt = list(question.prompt)
        assert all(isinstance(token, int) for token in prompt)
        for given, score in zip(question.right + question.wrong, reply.right + reply.wrong, strict=True):
            tokens = list(given)
            logits = alone(model, [*prompt, *tokens])[len(prompt) - 1 : -1]
            own = torch.tensor(tokens)[:, None]
            assert score.tokens == tuple(tokens)
            torch.testing.assert_close(
                torch.tensor(score.logits, dtype=logits.dtype),
                logits.gather(1, own)[:, 0],
                rtol=0,
                atol=bound,
            )
            expected = logits.log_softmax(-1).gather(1, own)[:, 0]
            found = torch.tensor(score.log_probabilities, dtype=logits.dtype)
            torch.testing.assert_close(found, expected, rtol=0, atol=bound)
            assert score.log_probability == pytest.approx(float(expected.sum()), abs=4 * bound)
        assert len(reply.written) == len(reply.log_probabilities) <= n_new
        assert len(reply.written) == n_new or reply.written[-1] == model.hf.generation_config.eos_token_id
        for token, sure in zip(reply.written, reply.log_probabilities, strict=True):
            told = alone(model, prompt)[-1].log_softmax(-1)
            assert token == int(told.argmax())
            assert sure == pytest.approx(float(told.max()), abs=bound)
            prompt.append(token)


@pytest.mark.parametrize("family", IN_DOUBLE)
def test_questions_of_any_length_together_give_the_numbers_of_single_runs(family: str) -> None:
    model = shared(family, torch.float64)
    replies = answer(model, QUESTIONS, n_new=5)
    check_against_single_runs(model, replies, 2e-6 if family in SINGLE_INSIDE else 1e-10, n_new=5)


SINGLE_INSIDE = {family for family in FAMILIES if "gpt2" not in family}
"""Families that take a softmax or a norm in single precision, also in a model of double precision."""


def test_single_precision_differs_by_rounding_alone() -> None:
    model = shared("gpt2", torch.float32)
    check_against_single_runs(model, answer(model, QUESTIONS, n_new=5), 2e-4, n_new=5)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize("way", ["no cache", "no padding", "neither"])
def test_a_network_without_shortcuts_gives_the_same_replies(
    family: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way != "no padding":
        none = Shortcuts(grows=False, drops=False, trims=False)
        monkeypatch.setattr(passes, "shortcuts", lambda _: none)
    if way != "no cache":
        monkeypatch.setattr(passes, "padding_side", lambda _: None)
    model = shared(family, torch.float64)
    check_against_single_runs(model, answer(model, QUESTIONS, n_new=4), 2e-6, n_new=4)


@pytest.mark.parametrize("budget", [1, 20, 60])
def test_the_size_of_a_batch_changes_nothing_but_rounding(budget: int) -> None:
    model = shared("gpt2", torch.float64)
    check_against_single_runs(
        model, answer(model, QUESTIONS, n_new=3, tokens_per_pass=budget), 1e-10, n_new=3
    )


def test_the_order_of_the_questions_is_the_order_of_the_replies() -> None:
    model = shared("gpt2", torch.float64)
    forwards, backwards = answer(model, QUESTIONS), answer(model, QUESTIONS[::-1])
    assert [reply.written for reply in forwards] == [reply.written for reply in backwards[::-1]]


def test_log_odds_of_single_tokens_are_the_difference_of_their_logits() -> None:
    model = shared("gpt2", torch.float64)
    reply = answer(model, QUESTIONS)[1]
    logits = alone(model, [3, 9, 41, 2, 77, 30])[-1]
    assert reply.log_odds == pytest.approx(float(logits[8] - logits[23]), abs=1e-10)
    assert reply.prefers_right == (reply.log_odds > 0)


def test_left_to_itself_a_model_writes_one_token_more_than_the_longest_right_answer() -> None:
    model = shared("gpt2", torch.float32)
    assert [len(reply.written) for reply in answer(model, QUESTIONS)] == [3, 2, 5, 2]
    assert [len(reply.written) for reply in answer(model, QUESTIONS, n_new=0)] == [0, 0, 0, 0]


def test_writing_stops_at_the_end_of_the_context() -> None:
    model = shared("gpt2", torch.float32)
    long = Question(prompt=list(range(1, 31)), right=([3],))
    replies = answer(model, [*QUESTIONS, long], n_new=9)
    assert [len(reply.written) for reply in replies] == [9, 9, 9, 9, 3]
    asked = [posed(model, question, 0, 9) for question in [*QUESTIONS, long]]
    assert [4] in batches(asked, 10_000, model.n_positions)  # beside it the others would outgrow the context


def test_a_token_that_ends_a_text_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = shared("gpt2", torch.float64)
    whole = answer(model, QUESTIONS, n_new=6)
    end = whole[0].written[2]
    monkeypatch.setattr(passes, "_ends", lambda _: frozenset([end]))
    stopped = answer(model, QUESTIONS, n_new=6)
    for before, after in zip(whole, stopped, strict=True):
        cut = before.written.index(end) + 1 if end in before.written else 6
        assert after.written == before.written[:cut]
    assert len(stopped[0].written) < 6


def test_a_reply_survives_its_line_bit_for_bit() -> None:
    for reply in answer(shared("gpt2", torch.float32), QUESTIONS):
        assert Reply.restored(json.loads(json.dumps(reply.plain()))) == reply


def test_the_sum_of_its_tokens_is_the_confidence_of_what_was_written() -> None:
    reply = answer(shared("gpt2", torch.float64), QUESTIONS, n_new=3)[0]
    expected = torch.tensor(reply.log_probabilities, dtype=torch.float64)[:2].sum().exp()
    assert reply.confidence(2) == pytest.approx(float(expected), rel=1e-12)
    assert reply.confidence(0) == 1.0


@pytest.mark.parametrize(
    ("text", "answers", "right"),
    [
        (" Mary went", [" Mary"], True),
        (" Mary", [" Mary"], True),
        (" Maryland", [" Mary"], False),
        (" 127", [" 12", " 127"], True),
        (" 127", [" 12"], False),
        (" 12.", [" 12"], True),
        ("Mary", [" Mary"], False),
        ("", [" Mary"], False),
    ],
)
def test_an_answer_counts_where_it_ends(text: str, answers: list[str], right: bool) -> None:
    assert opens_with(text, answers) == right


def test_what_is_done_is_kept_and_half_a_line_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened("gpt2")
    first = answer(model, QUESTIONS, tokens_per_pass=20, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    file.write_text(lines[0] + lines[1] + lines[2][:-40])
    asked: list[int] = []
    real = passes.replies_to

    def counted(model: Model, questions: Sequence[passes.Posed]) -> list[Reply]:
        asked.append(len(questions))
        return real(model, questions)

    monkeypatch.setattr("neuronscope.instruments.answering.replies_to", counted)
    assert answer(model, QUESTIONS, tokens_per_pass=20, folder=tmp_path) == first
    assert 0 < sum(asked) < 4
    assert answer(model, QUESTIONS, tokens_per_pass=20, folder=tmp_path) == first
    assert sum(asked) < 4


def test_other_questions_have_another_file(tmp_path: Path) -> None:
    model = opened("gpt2")
    with working_in(tmp_path / "kept"):
        answer(model, QUESTIONS)
        answer(model, QUESTIONS[:2])
        answer(model, QUESTIONS, n_new=1)
        assert len(list((tmp_path / "kept").iterdir())) == 3
    assert not (tmp_path / "kept").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here, and this system cannot")
def test_answering_killed_at_random_moments_goes_on_to_the_same_replies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.instruments.broken_off", str(tmp_path), "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["kills"] >= 4
    assert len({*said["lines"]}) > 2  # it was killed at several stages
    assert all(before <= after for before, after in pairwise(said["lines"]))
    assert (tmp_path / "killed.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question(prompt=[1], right=()), "Question 0 has no right answer: give at least one"),
        (Question(prompt=[1], right=([],)), "Question 0 has an empty answer"),
        (
            Question(prompt=[1] * 30, right=([1, 2, 3, 4],)),
            "30 tokens and an answer of 4, but this model reads 32",
        ),
        (Question(prompt=[1], right=([99],)), "Token 99 is out of range"),
        (Question(prompt="hello", right=("you",)), "has no tokenizer: give token ids"),
    ],
)
def test_a_question_that_cannot_be_put_is_refused(question: Question, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        answer(shared("gpt2", torch.float32), [question])


def test_settings_that_make_no_sense_are_refused() -> None:
    model = shared("gpt2", torch.float32)
    with pytest.raises(BadInput, match="tokens_per_pass is 0, but must be at least 1"):
        answer(model, QUESTIONS, tokens_per_pass=0)
    with pytest.raises(BadInput, match="n_new is -1, but a model writes 0 tokens or more"):
        answer(model, QUESTIONS, n_new=-1)
