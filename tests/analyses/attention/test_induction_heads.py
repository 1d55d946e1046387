"""Induction heads: those that were written or declared are found, and matter."""

from typing import Any

import numpy as np
import pytest
import torch

from neuronscope import open_model
from neuronscope.analyses.attention.induction_heads import induction_heads
from neuronscope.words import BadInput
from tests.models.tiny import shared
from tools.training.handmade import LOUD


def test_of_the_heads_by_hand_the_true_ones_are_found_with_score_one() -> None:
    found = induction_heads(open_model("builtin:handmade-induction"))
    assert found.attrs["found_heads"] == "z.1.0"
    assert found.induction.sel(layer=1, head=0) == pytest.approx(1, abs=1e-6)
    assert found.previous_token.sel(layer=0, head=0) == pytest.approx(1, abs=1e-6)
    assert found.role.values.tolist() == [
        ["previous", "previous", "–", "–"],
        ["induction", "looks only", "–", "–"],
    ]


def test_the_true_head_costs_and_random_ones_cost_nothing() -> None:
    found = induction_heads(open_model("builtin:handmade-induction"), pool="unnamed")
    cost = found.loss_increase.sel(item=["found heads", "random heads"]).values
    assert cost[0] > 2
    assert abs(cost[1]) < 1e-6
    assert found.sizes["trial"] == 3  # as many other heads has the layer
    assert found.loss_increase_p.values[0] == pytest.approx(1 / 4)
    assert (found.random_loss_increase.values < 1e-6).all()


def test_a_head_with_the_true_pattern_that_writes_next_to_nothing_is_not_found() -> None:
    for loudness, found_heads, role in ((1e-2, "z.1.0", "induction"), (1e-4, "", "looks only")):
        model = open_model("builtin:handmade-induction")
        network: Any = model.hf
        with torch.no_grad():
            network.h[1].attn.o_proj.weight[:, : network.h[1].attn.head_dim].mul_(loudness)
        found = induction_heads(model, n_random=1)
        assert found.induction.sel(layer=1, head=0) == pytest.approx(1, abs=1e-6)
        assert found.copying.sel(layer=1, head=0) == 1
        assert found.copying_p.sel(layer=1, head=0) < 0.05
        assert found.raised.sel(layer=1, head=0) == pytest.approx(loudness * LOUD * 11 / 12, rel=1e-4)
        assert found.role.sel(layer=1, head=0) == role
        assert found.attrs["found_heads"] == found_heads


DECLARED = [f"{sort}{seed}" for sort, n in (("seed", 3), ("wide", 4)) for seed in range(n)]


@pytest.mark.parametrize("variant", DECLARED)
def test_the_declared_heads_of_trained_networks_are_found(variant: str) -> None:
    model = open_model(f"builtin:induction/{variant}")
    found = induction_heads(model, n_random=1)
    assert found.attrs["found_heads"].split() == model.card["inside"]["heads"]["induction"]
    best = found.previous_token.stack(site=("layer", "head")).idxmax().item()
    assert f"z.{best[0]}.{best[1]}" in model.card["inside"]["heads"]["previous_token"]


def test_a_silent_head_of_a_trained_network_is_told_apart_though_it_copies_by_place() -> None:
    found = induction_heads(open_model("builtin:induction/wide2"), n_random=1, seed=1)
    silent = found.sel(layer=1, head=5)
    assert silent.copying_p < 0.05
    assert abs(silent.raised) < 1e-6
    assert silent.role == "looks only"
    assert found.attrs["found_heads"] == "z.1.2 z.1.4 z.1.6"


def test_random_weights_have_no_induction_heads_and_no_cost() -> None:
    found = induction_heads(shared("llama"), n_strings=6, longest_period=8)
    assert found.attrs["found_heads"] == ""
    assert "loss_increase" not in found
    assert (found.null.values < 0.5).all()


def test_p_of_random_heads_is_no_smaller_than_chance_allows() -> None:
    p = [
        induction_heads(shared(family), n_strings=8, longest_period=8, seed=seed).p.values.ravel()
        for family in ("gpt2", "llama", "gpt_neox parallel")
        for seed in (0, 1)
    ]
    assert (np.concatenate(p) < 0.05).mean() <= 0.05


@pytest.mark.parametrize("ablation", ["mean", "resample", "zero"])
def test_every_ablation_shows_the_same_heads_to_matter(ablation: str) -> None:
    model = open_model("builtin:induction/seed1")
    found = induction_heads(model, ablation=ablation, n_random=1)  # pyright: ignore[reportArgumentType]
    assert found.loss_increase.values[0] > 1
    assert found.attrs["ablation"] == ablation


def test_an_encoder_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="reads both ways"):
        induction_heads(shared("bert"))
