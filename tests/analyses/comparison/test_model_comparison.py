"""Comparisons of two models, held to copies that must be found alike and strangers that must not."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

import neuronscope
from neuronscope.analyses.comparison.model_comparison import model_comparison
from neuronscope.models import Model, open_model

FEW = {"n_passages": 12, "n_tokens": 30, "n_shuffles": 19}


@pytest.mark.parametrize("measure", ["cka", "procrustes"])
def test_a_model_is_like_itself_layer_by_layer(model: Model, measure: str) -> None:
    found = model_comparison(model, model, measure=measure, **FEW)
    # A rotation says nothing of the embedding of a token that was not among the texts it was fitted on.
    first = 0 if measure == "cka" else 1
    np.testing.assert_allclose(np.diag(found.similarity)[first:], 1, atol=1e-6)
    assert (np.diag(found.p) == 1 / 20).all()
    if measure == "cka":
        np.testing.assert_allclose(found.similarity, found.similarity.T, atol=1e-9)
        assert (found.similarity_low <= found.similarity).all()


def test_renumbered_neurons_are_matched_and_leave_the_layer_the_same(
    make_model: Callable[..., Model],
) -> None:
    model, twin = make_model("gpt2"), make_model("gpt2")
    order = torch.randperm(model.n_neurons, generator=torch.Generator().manual_seed(1))
    mlp = twin.hf.transformer.h[1].mlp
    with torch.no_grad():
        mlp.c_fc.weight.copy_(mlp.c_fc.weight[:, order])
        mlp.c_fc.bias.copy_(mlp.c_fc.bias[order])
        mlp.c_proj.weight.copy_(mlp.c_proj.weight[order])
    found = model_comparison(model, twin, site="mlp_act", measure="matching", **FEW)
    assert str(found.matched_layer[1].values) == "layer 1"
    assert (order[found.matched_unit[1].values] == torch.arange(model.n_neurons)).all()
    np.testing.assert_allclose(found.matched_correlation[1], 1, atol=1e-9)
    plain = model_comparison(model, twin, site="mlp_act", **FEW)
    np.testing.assert_allclose(np.diag(plain.similarity), 1, atol=1e-9)


def test_texts_dealt_out_anew_have_little_in_common(model: Model) -> None:
    found = model_comparison(model, model, **FEW | {"n_shuffles": 60})
    assert float(found.similarity_null.mean()) < 0.5 * float(found.similarity.mean())


def test_layers_that_say_nothing_of_the_text_are_not_told_from_chance(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    model, p = make_model("gpt2"), []
    monkeypatch.setattr(
        "neuronscope.analyses.comparison.model_comparison.representations",
        lambda model, places, sites: {site: rng.normal(size=(len(places.groups), 6)) for site in sites},
    )
    for seed in range(12):
        p.append(model_comparison(model, model, seed=seed, **FEW).p.values.ravel())
    assert abs(np.mean(np.concatenate(p) <= 0.1) - 0.1) < 0.06
    assert abs(np.mean(np.concatenate(p)) - 0.5) < 0.08


def test_seeds_of_one_training_are_alike_in_the_same_depth() -> None:
    names = ("builtin:induction/seed0", "builtin:induction/seed1")
    found = neuronscope.model_comparison(*map(open_model, names))
    assert found.attrs["texts"] == "random tokens"
    assert (found.similarity.argmax("other") == [0, 1, 2]).all()


def test_a_model_of_another_tokenizer_can_be_compared(make_model: Callable[..., Model]) -> None:
    found = model_comparison(open_model("builtin:scribe"), make_model("llama"), n_passages=6, n_tokens=8)
    assert found.similarity.shape == (7, 4)
    assert np.isfinite(found.similarity).all()
