"""The networks that choose and remember are what their cards say."""

import doctest
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.data.stimuli import (
    angular_error,
    chosen_right,
    decision_trials,
    ideal_choice,
    memory_trials,
    remembered,
)
from neuronscope.instruments import put, run
from neuronscope.models import Model, open_model
from tests.conftest import ROOT
from tools.training.card import BUILTIN
from tools.training.recipe import Wanted
from tools.training.recurrent import PLANS, export, ideal_spread, outputs, psychometric, train

OPENED: dict[str, Model] = {}
PAGE = ROOT / "docs" / "models" / "rnn.md"
CHOOSING = ("rnn-decision", "rnn-decision-dale")


def opened(name: str) -> Model:
    if name not in OPENED:
        OPENED[name] = open_model(f"builtin:{name}")
    return OPENED[name]


def card_of(name: str) -> dict[str, Any]:
    return json.loads((BUILTIN / name / "card.json").read_text())


def assert_same(found: Any, said: Any, where: str = "") -> None:
    """Compare two cards: equal but for one trial of an estimate, or a thousandth, for other processors."""
    if isinstance(said, dict):
        assert found.keys() == said.keys(), where
        slack = 1.01 / said["n"] if said.get("n", 0) >= 200 else 0.0
        for key, value in said.items():
            if key in ("value", "low", "high"):
                assert found[key] == pytest.approx(value, rel=1e-3, abs=slack + 2e-4), f"{where}/{key}"
            else:
                assert_same(found[key], value, f"{where}/{key}")
    elif isinstance(said, list):
        assert len(found) == len(said), where
        for number, (one, other) in enumerate(zip(found, said, strict=True)):
            assert_same(one, other, f"{where}/{number}")
    elif isinstance(said, float):
        assert found == pytest.approx(said, rel=1e-3, abs=2e-4), where
    else:
        assert found == said, where


@pytest.mark.parametrize("name", PLANS)
def test_the_shipped_weights_reproduce_every_number_of_the_card(name: str) -> None:
    card = card_of(name)
    found = json.loads(json.dumps(PLANS[name].measured(opened(name))))
    assert found.keys() < card.keys()
    assert_same(found, {key: card[key] for key in found})
    for what, aim in card["aims"].items():
        assert found["accuracy"][what]["value"] >= aim["at_least"]


@pytest.mark.parametrize("name", PLANS)
def test_the_weights_in_the_folder_are_those_of_the_card(name: str) -> None:
    said = card_of(name)["architecture"]
    assert sha256((BUILTIN / name / "model.safetensors").read_bytes()).hexdigest() == said["sha256"]
    assert opened(name).n_parameters == said["parameters"]


def test_all_networks_that_see_choose_and_remember_fit_in_three_megabytes() -> None:
    names = [*PLANS, "digits-cnn", "digits-vit", "digits-clip"]
    assert sum((BUILTIN / name / "model.safetensors").stat().st_size for name in names) < 3_000_000


def test_dales_law_holds_exactly_in_the_weights_that_act() -> None:
    network: Any = opened("rnn-decision-dale").hf
    acting = network.recurrent.effective()
    assert network.config.n_excitatory == 64
    assert bool((acting[:, :64] >= 0).all())
    assert bool((acting[:, 64:] <= 0).all())
    assert not bool(network.readout.effective()[:, 64:].any())
    free: Any = opened("rnn-decision").hf
    assert bool(((free.recurrent.effective() > 0).any(0) & (free.recurrent.effective() < 0).any(0)).all())


@pytest.mark.parametrize("name", CHOOSING)
def test_choices_follow_the_best_possible_psychometric_curve(name: str) -> None:
    for coherence in (0.04, 0.08, 0.16):
        trials = decision_trials(1000, seed=5, coherences=(coherence,))
        right = chosen_right(outputs(opened(name), trials), trials) == (trials.asked > 0)
        assert abs(right.mean() - ideal_choice(coherence)) < 0.06


def test_the_psychometric_fit_finds_bias_and_spread_of_planted_choices() -> None:
    rng = np.random.default_rng(0)
    coherence = rng.choice([-0.3, -0.1, 0.0, 0.1, 0.3], 6000)
    right = coherence + 0.15 * rng.standard_normal(6000) > 0.05
    bias, spread = psychometric(coherence, right)
    for found, planted in ((bias, 0.05), (spread, 0.15)):
        width = found["high"] - found["low"]  # some four standard errors
        assert abs(found["value"] - planted) < width < 0.03
        assert found["low"] < found["value"] < found["high"]


def test_the_best_possible_spread_is_that_of_the_ideal_observer() -> None:
    assert ideal_choice(ideal_spread()) == pytest.approx(0.8413, abs=1e-4)


def test_a_ring_is_found_where_states_turn_with_the_angle() -> None:
    said = card_of("rnn-memory")["inside"]["ring"]
    assert said["variance in two components"] > 0.95
    assert said["spread of the radius"] < 0.05
    assert said["largest eigenvalue"]["value"] > 0.99 > said["second eigenvalue"]["value"] + 0.05


def test_a_state_put_in_place_of_another_is_remembered_instead() -> None:
    model, site = opened("rnn-memory"), "module.moments.40:out"
    asked = np.linspace(-3, 3, 12)
    trials = memory_trials(12, seed=0, angles=list(asked))
    seen = run(model, trials.stimuli, get=site)
    done = run(model, trials.stimuli, do=put(site, seen[site].flip(0)))
    assert torch.equal(done.logits[:, :40], seen.logits[:, :40])
    told = remembered(done.logits.numpy())
    assert np.degrees(np.abs(angular_error(told[:, 39], asked))).max() < 2
    assert np.degrees(np.abs(angular_error(told[:, -1], asked[::-1]))).max() < 2


@pytest.mark.parametrize("name", CHOOSING)
def test_the_page_says_the_choices_of_the_card(name: str) -> None:
    text, card = PAGE.read_text(encoding="utf-8"), card_of(name)
    for said in card["accuracy"].values():
        assert f"{said['value']:.1%} ({said['low']:.1%} – {said['high']:.1%})" in text
    for said in (card["psychometric"]["bias"], card["psychometric"]["spread"]):
        numbers = f"{said['value']:.4f} ({said['low']:.4f} – {said['high']:.4f})".replace("-", "−")
        assert numbers in text
    assert f"{card['inside']['choice axis']['turned']['value']:.1%}" in text
    assert card["inside"]["choice axis"]["turned by a random axis"]["value"] == 0


def test_the_page_says_the_memories_of_the_card() -> None:
    text, card = PAGE.read_text(encoding="utf-8"), card_of("rnn-memory")
    near = [said["value"] for said in card["accuracy"].values()]
    for error, share in zip(card["angular error in degrees"].values(), near, strict=True):
        assert f"{error['value']:.2f}° ({error['low']:.2f}° – {error['high']:.2f}°) | {share:.1%}" in text
    ring = card["inside"]["ring"]
    assert f"{ring['variance in two components']:.1%} of the variance" in text
    assert f"alike to {ring['spread of the radius']:.1%}" in text
    assert f"drift along it by {ring['drift in degrees a second']['value']:.2f}°" in text
    assert (
        f"{ring['largest eigenvalue']['value']:.4f}, and across it {ring['second eigenvalue']['value']:.3f}"
        in text
    )


def test_every_example_of_the_page_runs() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 10
    assert outcome.failed == 0


@pytest.mark.parametrize("name", PLANS)
def test_a_recipe_gives_the_same_bits_by_the_same_seed_and_others_by_another(
    name: str, tmp_path: Path
) -> None:
    weights = []
    for number, seed in enumerate((1, 1, 2)):
        out, folder = tmp_path / f"out{number}", tmp_path / f"model{number}"
        wanted = Wanted(name=name, seed=seed, steps=3, sizes={"units": 10})
        train(wanted, out, "")
        export(wanted, out, folder, "")
        weights.append((folder / "model.safetensors").read_bytes())
        assert open_model(str(folder)).width == 10
    assert weights[0] == weights[1] != weights[2]
