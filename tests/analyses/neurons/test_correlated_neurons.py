"""Correlated neurons, held to copies that were planted in a model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.neurons.correlated_neurons import correlated_neurons
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.neurons.profiles import activation_profiles
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

WORDS = ["cat", "table", "ocean", "sky", "lamp", "river"]
CORPUS = Corpus(
    "words", lambda: (f"{one} and {one[::-1]} are {n} words. " * 40 for n, one in enumerate(WORDS))
)
SMALL: dict[str, Any] = {"n_passages": 8, "n_tokens": 20}


@pytest.fixture
def twins(make_model: Callable[..., Model]) -> Model:
    """Make a model whose neurons 1.7 and 1.30 do the same."""
    model = make_model("gpt2")
    mlp = native(model).transformer.h[1].mlp
    with torch.no_grad():
        mlp.c_fc.weight[:, 30] = mlp.c_fc.weight[:, 7]
        mlp.c_fc.bias[30] = mlp.c_fc.bias[7]
    return model


def test_a_planted_twin_is_the_most_correlated(twins: Model) -> None:
    for arguments in ({"layer": 1, "neuron": 30}, {}, {"layer": 1}):
        found = correlated_neurons(twins, CORPUS, **arguments, **SMALL)
        assert float(found.correlation[0]) == pytest.approx(1, abs=1e-10)
        assert str(found["pair"].values[0]) in ("1.7", "1.7–1.30")
        assert found.low[0] == pytest.approx(1, abs=1e-9)
    one = correlated_neurons(twins, CORPUS, layer=1, neuron=30, **SMALL)
    assert one.single_p[0] < 0.01


def test_the_partners_of_a_neuron_are_those_of_numpy(model: Model) -> None:
    found = correlated_neurons(model, CORPUS, layer=2, neuron=3, top_k=9, **SMALL)
    read = passages(model, CORPUS, n=8, n_tokens=20)
    activity = activation_profiles(model, read, [0, 1, 2])
    every = np.corrcoef(activity.values)[2 * 48 + 3]
    every[2 * 48 + 3] = 0
    order = np.argsort(-np.abs(every))[:9]
    np.testing.assert_allclose(found.correlation, every[order], atol=1e-6)
    np.testing.assert_array_equal(found.second_layer * 48 + found.second_neuron, order)
    assert ((found.low <= found.correlation + 1e-9) & (found.correlation <= found.high + 1e-9)).all()


def test_partners_can_be_kept_to_the_same_layer(model: Model) -> None:
    found = correlated_neurons(model, CORPUS, layer=1, neuron=3, partners="same", top_k=5, **SMALL)
    assert (found.second_layer == 1).all()


def test_a_model_of_short_context_is_read_as_far_as_it_reads() -> None:
    model = open_model("builtin:iit-lookup")
    assert model.n_positions == 8
    found = correlated_neurons(model, CORPUS, n_passages=8)
    xr.testing.assert_equal(found, correlated_neurons(model, CORPUS, n_passages=8, n_tokens=8))


def test_without_chance_there_is_no_p(model: Model) -> None:
    for arguments in ({"layer": 0, "neuron": 1}, {"layer": 0}):
        found = correlated_neurons(model, CORPUS, n_null=0, **arguments, **SMALL)
        assert np.isnan(found.p).all()
        assert np.isfinite(found.correlation).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"neuron": 3}, "neuron=3 needs a layer from 0"),
        ({"neuron": 48, "layer": 1}, "neuron=48 is beyond the last of layer 1, 47"),
        ({"layer": 3, "neuron": 1}, "layer=3 is beyond the model's last, 2"),
    ],
)
def test_a_neuron_that_is_not_there_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, int], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        correlated_neurons(make_model("gpt2"), CORPUS, **arguments, **SMALL)
