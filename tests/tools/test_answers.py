"""An answer counts only when it is written whole, and nothing more."""

from dataclasses import replace
from random import Random

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from neuronscope.data.corpora import BOUNDARY
from neuronscope.data.texts import Problem
from neuronscope.data.texts.mix import draw
from neuronscope.learned.vocabulary import byte_pair_tokenizer
from tools.training.answers import completions, right_answers

TEXTS = ["12 + 34 = 46.", "The capital of France is Paris.", "Mary gave a drink to John."] * 20


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return byte_pair_tokenizer(TEXTS, n_tokens=300, context=64)


@pytest.fixture(scope="module")
def model(tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=2,
        n_embd=32,
        n_head=2,
        vocab_size=len(tokenizer),
        n_positions=64,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config).eval()


def greedy(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, prompt: str, n_new: int) -> str:
    tokens = tokenizer(prompt)["input_ids"]
    for _ in range(n_new):
        tokens = [*tokens, int(model(torch.tensor([tokens])).logits[0, -1].argmax())]
    return str(tokenizer.decode(tokens[-n_new:]))


def test_completions_are_those_of_each_prompt_alone(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    asked = [
        draw(name, Random(seed))
        for seed in range(4)
        for name in ("capital", "two-digit-addition", "agreement")
    ]
    written = completions(model, tokenizer, asked, batch=5)
    for problem, text in zip(asked, written, strict=True):
        n_new = len(tokenizer(problem.answer)["input_ids"]) + 1
        assert text == greedy(model, tokenizer, problem.prompt, n_new)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (" 46.", True),
        (" 46\n", True),
        (" 46", True),
        (" 460", False),
        (" 4", False),
        ("46.", False),
        (" 64.", False),
    ],
)
def test_an_answer_is_right_when_it_is_whole_and_ends(
    written: str,
    right: bool,
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = replace(draw("two-digit-addition", Random(0)), answer=" 46")
    monkeypatch.setattr("tools.training.answers.completions", lambda *_, **__: [written])
    assert right_answers(model, tokenizer, [problem]) == [right]


def test_every_accepted_answer_is_right(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem: Problem = replace(draw("greater-than", Random(0)), answer="45", accepted=("45", "46"))
    for written, right in (("46.", True), ("45", True), ("44.", False)):
        monkeypatch.setattr("tools.training.answers.completions", lambda *_, written=written, **__: [written])
        assert right_answers(model, tokenizer, [problem]) == [right]


def test_digits_stand_alone_and_the_boundary_is_the_first_token(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.tokenize("12 + 345") == ["1", "2", "Ġ+", "Ġ3", "4", "5"]
    assert tokenizer.convert_tokens_to_ids(BOUNDARY) == 0
    assert tokenizer.decode(tokenizer("Mary gave\n  12 drinks.")["input_ids"]) == "Mary gave\n  12 drinks."
