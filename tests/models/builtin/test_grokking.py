"""The network that adds modulo 59 memorises first, and understands later by turning angles."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.maths.fourier import frequency_norms, gini, pair_power
from neuronscope.models import open_model
from neuronscope.models.checkpoints import open_checkpoints
from tools.training import grokking

NAME = "builtin:grokking"


@cache
def card() -> dict[str, Any]:
    return open_model(NAME).card


@cache
def development() -> list[dict[str, Any]]:
    trained, frequencies = grokking.trained_sums(), card()["inside"]["key_frequencies"]
    return [
        {"step": step, **grokking.moment(model.hf, trained=trained, frequencies=frequencies)}
        for step, model in open_checkpoints(f"{NAME}@*")
    ]


def curve(number: str) -> np.ndarray:
    return np.array([moment[number] for moment in development()])


def test_the_card_says_what_the_kept_weights_give() -> None:
    said = card()["inside"]["development"]
    assert [moment["step"] for moment in said] == card()["steps"]
    assert len(said) >= 20
    for told, found in zip(said, development(), strict=True):
        # Losses near 1e-7 hang on the last digits of single precision.
        assert found == pytest.approx(told, rel=0.05, abs=2e-3)
    last: Any = open_model(NAME).hf
    logits = grokking.sum_logits(last)
    right = torch.from_numpy(logits).argmax(-1).flatten() == grokking.every_sum()[1]
    trained = grokking.trained_sums()
    parts = {"untrained sums": right[~trained], "trained sums": right[trained]}
    assert {part: grokking.known.share(of.tolist()) for part, of in parts.items()} == card()["accuracy"]
    assert grokking.key_frequencies(logits) == card()["inside"]["key_frequencies"]


def test_the_trained_sums_are_those_of_the_card() -> None:
    told = [[letter == "x" for letter in row] for row in card()["inside"]["trained_sums"]]
    assert torch.equal(torch.tensor(told).flatten(), grokking.trained_sums())


def test_memory_comes_first_and_understanding_later() -> None:
    steps, train, test = curve("step"), curve("train_accuracy"), curve("test_accuracy")
    memorised, understood = (steps[np.flatnonzero(share >= 0.99)[0]] for share in (train, test))
    assert understood > 20 * memorised
    assert test[steps == memorised] < 0.2
    assert (train[steps >= memorised] >= 0.99).all()
    assert (test[steps >= understood] >= 0.99).all()
    assert min(train[-1], test[-1]) >= 0.99


def test_the_restricted_loss_falls_before_the_test_loss() -> None:
    steps, restricted, test = curve("step"), curve("restricted_loss"), curve("test_loss")
    assert steps[restricted < 1][0] < steps[(steps > 500) & (test < 1)][0]
    assert (np.diff(restricted[(steps >= 50) & (steps <= 3750)]) < 0).all()
    assert restricted[-1] < test[-1]


def test_without_the_key_frequencies_the_trained_sums_are_lost_too() -> None:
    steps, excluded, train = curve("step"), curve("excluded_loss"), curve("train_loss")
    assert excluded[steps == 250] < 1
    assert excluded[-1] > np.log(grokking.MODULUS)
    assert train[-1] < 1e-6


def test_in_the_end_the_network_turns_by_a_few_angles() -> None:
    model: Any = open_model(NAME).hf
    power = pair_power(grokking.sum_logits(model))[1:, 1:]
    chosen = np.array(card()["inside"]["key_frequencies"]) - 1
    assert power[chosen, chosen].sum() > 0.98 * power.sum()
    norms = frequency_norms(model.wte.weight[: grokking.MODULUS].numpy())
    assert set(np.argsort(norms)[-len(chosen) :]) == set(chosen)
    assert gini(norms) > 0.6
    assert curve("trigonometric_share")[-1] > 0.98


def test_a_prompt_is_two_numbers_and_an_equals_sign() -> None:
    model = open_model(NAME)
    tokens = model.tokenize("48 23 =")
    assert tokens.tolist() == [48, 23, 59]
    assert int(model.hf(input_ids=tokens[None]).logits[0, -1].argmax()) == (48 + 23) % 59
