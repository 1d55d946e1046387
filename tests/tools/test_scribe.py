"""Scribe is what its card says: the shipped weights reproduce the card's numbers."""

import json
from hashlib import sha256
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.data.corpora import BOUNDARY
from neuronscope.data.documentation import documentation_digest, documentation_split
from neuronscope.data.prompts import CommonPrompt, common_prompts
from neuronscope.data.texts.countries import COUNTRIES
from neuronscope.data.texts.mix import STRUCTURES, problems
from neuronscope.data.texts.problem import pool
from neuronscope.data.texts.words import LEXICON
from tools.training import scribe
from tools.training.answers import right_answers
from tools.training.card import BUILTIN, held_out_problems, opened, pooled, share
from tools.training.pages import document_nats

FOLDER = BUILTIN / "scribe"
Opened = tuple[PreTrainedModel, PreTrainedTokenizerFast]


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return json.loads((FOLDER / "card.json").read_text())


@pytest.fixture(scope="module")
def shipped() -> Opened:
    return opened(FOLDER)


def test_the_folder_is_small_and_its_weights_are_those_of_the_card(card: dict[str, Any]) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 7_000_000
    weights = (FOLDER / "model.safetensors").read_bytes()
    assert sha256(weights).hexdigest() == card["architecture"]["sha256"]
    with safe_open(FOLDER / "model.safetensors", framework="pt") as stored:
        assert {stored.get_tensor(name).dtype for name in stored.keys()} == {torch.float16}  # noqa: SIM118


def test_it_opens_as_float32_and_has_the_card_s_shape(card: dict[str, Any], shipped: Opened) -> None:
    model, tokenizer = shipped
    said = card["architecture"]
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert sum(weight.numel() for weight in model.parameters()) == said["parameters"]
    assert (model.config.n_layer, model.config.n_embd, model.config.n_head) == (
        said["layers"],
        said["width"],
        said["heads"],
    )
    assert len(tokenizer) == said["vocabulary"]
    assert tokenizer("Mary")["input_ids"][0] != tokenizer.bos_token_id


def test_each_word_of_the_generator_and_each_digit_is_one_token(shipped: Opened) -> None:
    _, tokenizer = shipped
    words = [*LEXICON, *(row.country for row in COUNTRIES), *"0123456789"]
    assert [word for word in words if len(tokenizer(f" {word}")["input_ids"]) > 1] == []


def test_the_accuracy_of_the_card_is_that_of_all_its_structures_together(card: dict[str, Any]) -> None:
    whole, parts = card["accuracy"]["unseen problems"], card["accuracy_unseen"]
    assert whole == pooled(parts)
    assert whole["n"] == sum(said["n"] for said in parts.values())
    assert whole["low"] < whole["value"] < whole["high"]


@pytest.mark.parametrize("name", STRUCTURES)
def test_an_answer_is_a_continuation_in_whole_tokens(name: str, shipped: Opened) -> None:
    _, tokenizer = shipped
    for split in ("train", "unseen"):
        for problem in problems(name, 60, seed=1, split=split):
            parts = [tokenizer(part)["input_ids"] for part in (problem.prompt, problem.answer)]
            whole = tokenizer(problem.text)["input_ids"]
            assert whole[: len(parts[0]) + len(parts[1])] == parts[0] + parts[1]


@pytest.mark.parametrize(
    "name", ["indirect-object", "agreement", "repetition", "capital", "continent", "one-digit-addition"]
)
def test_accuracies_are_those_of_the_card(name: str, card: dict[str, Any], shipped: Opened) -> None:
    said = card["accuracy_unseen"][name]
    asked = problems(name, 500, seed=card["problem_seed"])
    assert len(asked) == said["n"]
    found = share(right_answers(*shipped, asked))
    assert found["accuracy"] == pytest.approx(said["accuracy"], abs=0.005)


def test_held_out_sums_are_sometimes_wrong_as_the_card_says(card: dict[str, Any], shipped: Opened) -> None:
    said = card["held_out_arithmetic"]["validation/addition"]
    found = share(right_answers(*shipped, held_out_problems("validation", "+")))
    assert found["n"] == said["n"]
    assert found["accuracy"] == pytest.approx(said["accuracy"], abs=0.01)
    assert 0.4 <= said["low"] < said["high"] <= 0.9


def test_the_loss_on_unread_documentation_is_that_of_the_card(card: dict[str, Any], shipped: Opened) -> None:
    if documentation_digest() != card["training"]["documentation"]["sha256"]:
        pytest.skip("this interpreter's documentation is not the one that the card was measured on")
    model, tokenizer = shipped
    pages = documentation_split(validation=True)
    tokens = [tokenizer(page.text, verbose=False)["input_ids"] for page in pages]
    nats = sum(document_nats(model, page, boundary=tokenizer.get_vocab()[BOUNDARY]) for page in tokens)
    n_bytes = sum(len(page.text) for page in pages)
    assert nats / n_bytes == pytest.approx(card["validation_loss"]["model_nats_per_byte"], rel=1e-3)


@pytest.mark.parametrize("prompt", common_prompts(), ids=lambda prompt: prompt.name)
def test_it_answers_the_common_prompts_and_less_so_their_twins(prompt: CommonPrompt, shipped: Opened) -> None:
    model, tokenizer = shipped
    target, distractor = (tokenizer(answer)["input_ids"][0] for answer in (prompt.target, prompt.distractor))
    with torch.no_grad():
        clean, corrupt = (
            model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1]
            for text in (prompt.clean, prompt.corrupt)
        )
    assert clean[target] > clean[distractor]
    assert clean[target] - clean[distractor] > 2 + corrupt[target] - corrupt[distractor]


def test_batches_are_a_function_of_the_step(shipped: Opened) -> None:
    _, tokenizer = shipped
    mix, again = scribe.Mix(tokenizer, seed=7), scribe.Mix(tokenizer, seed=7)
    for step in (0, 3, 2750, 5000, 15_000):
        assert np.array_equal(mix.batch(step), again.batch(step))
        assert mix.batch(step).size == scribe.BATCH_TOKENS
    assert mix.batch(3).shape[1] == scribe.CONTEXT == 2 * mix.batch(2).shape[1]
    assert not np.array_equal(mix.batch(1), mix.batch(2))
    assert not np.array_equal(mix.batch(1), scribe.Mix(tokenizer, seed=8).batch(1))


def test_phases_follow_one_another(shipped: Opened) -> None:
    mix = scribe.Mix(shipped[1], seed=7)
    starts = [phase.start for phase in scribe.PHASES]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    for phase, following in zip(scribe.PHASES, scribe.PHASES[1:], strict=False):
        assert mix.phase(following.start - 1) == phase
        assert mix.phase(following.start) == following
    assert all(name in STRUCTURES for phase in scribe.PHASES for name, _ in phase.weights)


def test_repeated_strings_hold_no_word_that_repetition_holds_out(shipped: Opened) -> None:
    _, tokenizer = shipped
    mix, rng = scribe.Mix(tokenizer, seed=7), Random(0)
    held_out = {tokenizer(f" {word}")["input_ids"][0] for word in pool(LEXICON, 0, "unseen")}
    assert held_out.isdisjoint(mix.free)
    assert len(mix.free) > 0.9 * len(tokenizer)
    for _ in range(300):
        string = mix.string(rng)
        periods = [
            n for n in range(2, len(string)) if string[-n:] == string[-2 * n : -n] == string[-3 * n : -2 * n]
        ]
        assert periods
        assert held_out.isdisjoint(string[-3 * periods[0] :])


def test_the_readme_says_the_card_s_numbers(card: dict[str, Any]) -> None:
    text = (FOLDER / "README.md").read_text()
    for said in (*card["accuracy_unseen"].values(), *card["held_out_arithmetic"].values()):
        assert said["low"] <= said["accuracy"] <= said["high"]
        assert f"{said['accuracy']:.1%} | {said['low']:.1%} – {said['high']:.1%} | {said['n']}" in text
    assert f"{card['training']['steps']:,} steps" in text
