"""Few of many heads do induction in these networks, and none of the others is needed alone."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.instruments import run, zero
from neuronscope.learned.loop import next_token_loss
from neuronscope.models import Model, open_model
from tools.training import induction as wide
from tools.training import induction_small as small

SEEDS = [f"wide{seed}" for seed in wide.SEEDS]


@cache
def network_of(variant: str) -> Model:
    return open_model(f"builtin:induction/{variant}")


def share_right(model: Model, without: list[str]) -> float:
    tokens, period = small.measured_strings()
    logits = run(model, tokens, do=[zero(head) for head in without]).logits[:, :-1]
    return float((logits.argmax(-1) == tokens[:, 1:])[small.repeats(period)].double().mean())


@pytest.mark.parametrize("variant", SEEDS)
def test_the_card_says_what_the_weights_give(variant: str) -> None:
    model = network_of(variant)
    inside = model.card["inside"]
    for sort, scores in small.scores(model).items():
        assert scores == pytest.approx(inside["scores"][sort], abs=2e-3)
    assert wide.sizes(model.hf) == pytest.approx(inside["sizes"], abs=2e-3)
    assert small.measure(model.hf) == pytest.approx(inside["measured"], abs=2e-3)
    right = small.known.share(small.last_letters(model.hf))
    assert right == model.card["accuracy"]["last letter"]
    assert right["value"] >= 0.99
    assert inside["measured"]["repeated_loss"] < 0.1


@pytest.mark.parametrize("variant", SEEDS)
def test_the_heads_of_the_card_are_needed_and_no_other_is_needed_alone(variant: str) -> None:
    model = network_of(variant)
    named = model.card["inside"]["heads"]
    assert 1 <= len(named["induction"]) <= 4
    assert len(named["previous_token"]) >= 2
    assert share_right(model, named["induction"]) < 0.3
    others = [f"z.0.{head}" for head in range(8) if f"z.0.{head}" not in named["previous_token"]]
    assert 1 - share_right(model, named["previous_token"]) > 10 * (1 - share_right(model, others))
    for head in named["previous_token"]:
        assert share_right(model, [head]) > 0.98


@pytest.mark.parametrize("variant", SEEDS)
def test_the_weights_are_small(variant: str) -> None:
    folder = small.known.Path(wide.__file__).parents[2] / "src/neuronscope/models/builtin"
    files = list((folder / "induction" / variant).iterdir())
    assert sum(file.stat().st_size for file in files) < 100_000


@torch.no_grad()
def test_heads_are_left_out_below_the_last_layer_and_only_while_it_learns() -> None:
    torch.manual_seed(0)
    network: Any = small.make_model(wide.SHAPE)
    tokens = wide.batch(0, seed=0)
    plain = next_token_loss(network, tokens)
    cost = wide.HEAD_COST * wide.head_sizes(network.h[1].attn).sum()
    noisy = [float(wide.loss(network, tokens) - cost) for _ in range(2)]
    assert noisy[0] != noisy[1]
    torch.testing.assert_close(next_token_loss(network, tokens), plain, rtol=0, atol=0)
    network.h[0].attn.o_proj.weight.zero_()
    still = [float(wide.loss(network, tokens)) for _ in range(2)]
    assert still[0] == still[1]
    assert still[0] == pytest.approx(float(next_token_loss(network, tokens) + cost), abs=1e-5)


def test_a_head_without_values_or_without_output_has_no_size() -> None:
    torch.manual_seed(0)
    attention: Any = small.make_model(wide.SHAPE).h[0].attn
    width = attention.head_dim
    with torch.no_grad():
        attention.v_proj.weight[2 * width : 3 * width] = 0
        attention.o_proj.weight[:, 5 * width : 6 * width] = 0
        found = wide.head_sizes(attention).numpy()
    assert set(np.flatnonzero(found < 1e-5)) == {2, 5}
