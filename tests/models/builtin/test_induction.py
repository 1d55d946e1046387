"""Induction heads form while these networks learn, once and for good, in every seed."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from neuronscope.instruments import run, zero
from neuronscope.models import open_model
from neuronscope.models.checkpoints import open_checkpoints
from tools.training import induction_small as small

SEEDS = [f"seed{seed}" for seed in small.SEEDS]


@cache
def card(variant: str) -> dict[str, Any]:
    return open_model(f"builtin:induction/{variant}").card


@cache
def development(variant: str) -> list[dict[str, Any]]:
    series = open_checkpoints(f"builtin:induction/{variant}@*")
    return [{"step": step, **small.moment(model)} for step, model in series]


def curve(variant: str, number: str) -> np.ndarray:
    return np.array([moment[number] for moment in development(variant)])


@pytest.mark.parametrize("variant", SEEDS)
def test_the_card_says_what_the_kept_weights_give(variant: str) -> None:
    said = card(variant)["inside"]["development"]
    assert [moment["step"] for moment in said] == card(variant)["steps"]
    for told, found in zip(said, development(variant), strict=True):
        assert found == pytest.approx(told, abs=2e-3)
    last = open_model(f"builtin:induction/{variant}")
    for sort, scores in small.scores(last).items():
        assert scores == pytest.approx(card(variant)["inside"]["scores"][sort], abs=2e-3)
    assert small.known.share(small.last_letters(last.hf)) == card(variant)["accuracy"]["last letter"]


@pytest.mark.parametrize("variant", SEEDS)
def test_there_are_many_steps_evenly_spaced_in_the_logarithm(variant: str) -> None:
    steps = np.array(card(variant)["steps"])
    assert len(steps) >= 16
    assert steps[0] == 0
    assert np.ptp(np.diff(np.log(steps[1:]))) < 0.1


@pytest.mark.parametrize("variant", SEEDS)
def test_the_induction_score_rises_once_and_the_loss_falls_once(variant: str) -> None:
    score, loss = curve(variant, "induction_score"), curve(variant, "repeated_loss")
    assert score[0] < 0.1
    assert score[-1] > 0.95
    assert loss[0] > 3
    assert loss[-1] < 0.01
    for rising in (score, -loss):
        reached = (rising - rising[0]) / (rising[-1] - rising[0])
        assert np.count_nonzero(np.diff((reached > 0.5).astype(int))) == 1
        assert (np.maximum.accumulate(reached) - reached).max() < 0.02


@pytest.mark.parametrize("variant", SEEDS)
def test_the_loss_falls_while_the_heads_form(variant: str) -> None:
    score, loss = curve(variant, "induction_score"), curve(variant, "repeated_loss")
    assert abs(int(np.diff(score).argmax()) - int(np.diff(loss).argmin())) <= 1


@pytest.mark.parametrize("variant", SEEDS)
def test_the_first_round_stays_a_guess_among_the_letters(variant: str) -> None:
    assert curve(variant, "first_round_loss")[-1] > np.log(len(small.LETTERS)) - 0.2


def share_wrong(variant: str, without: list[str]) -> float:
    tokens, period = small.measured_strings()
    logits = run(
        open_model(f"builtin:induction/{variant}"), tokens, do=[zero(head) for head in without]
    ).logits
    wrong = (logits[:, :-1].argmax(-1) != tokens[:, 1:])[small.repeats(period)]
    return float(wrong.double().mean())


@pytest.mark.parametrize("variant", SEEDS)
def test_the_answer_needs_the_heads_that_the_card_names_and_not_the_others(variant: str) -> None:
    named = card(variant)["inside"]["heads"]
    assert share_wrong(variant, named["induction"]) > 0.7
    others = sorted({"z.0.0", "z.0.1"} - set(named["previous_token"]))
    assert share_wrong(variant, named["previous_token"]) > 10 * share_wrong(variant, others)


def test_seeds_differ_and_the_series_opens_by_its_name() -> None:
    prints = {open_model(f"builtin:induction/{variant}").fingerprint for variant in SEEDS}
    assert len(prints) == len(SEEDS)
    assert open_checkpoints("builtin:induction@*").steps == tuple(card("seed0")["steps"])
    assert open_model("builtin:induction/seed1@145").tokenizer("a b c")["input_ids"] == [0, 1, 2, 3]
