"""Clusters of neurons, held to groups that were planted in a model and to chance."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.analyses.neurons.neuron_clusters import neuron_clusters
from neuronscope.data.corpora import Corpus
from neuronscope.maths.geometry.clustering import agreement
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

WORDS = ["cat", "table", "ocean", "sky", "lamp", "river"]
CORPUS = Corpus(
    "words", lambda: (f"{one} and {one[::-1]} are {n} words. " * 8 for n, one in enumerate(WORDS))
)
SMALL: dict[str, Any] = {"n_passages": 6, "n_tokens": 14, "most_clusters": 5}
TRUTH = np.repeat([0, 1, 2], [22, 16, 10])


@pytest.fixture
def planted(make_model: Callable[..., Model]) -> Model:
    """Make a model whose layer 1 has three groups of neurons that read almost the same, mixed in order."""
    model = make_model("gpt2")
    mlp = native(model).transformer.h[1].mlp
    order = torch.randperm(48, generator=torch.Generator().manual_seed(1))
    truth = torch.as_tensor(TRUTH)[order]
    with torch.no_grad():
        for side in (mlp.c_fc.weight, mlp.c_fc.bias):
            side.copy_(side[..., truth] + 0.02 * torch.randn_like(side))
        mlp.c_proj.weight.copy_(mlp.c_proj.weight[truth] + 0.02 * torch.randn_like(mlp.c_proj.weight))
    model.card["truth"] = truth.numpy()
    return model


@pytest.mark.parametrize("features", ["activations", "effects", "input_weights", "output_weights"])
@pytest.mark.parametrize("method", ["kmeans", "agglomerative", "hdbscan"])
def test_planted_groups_are_found_with_their_number(planted: Model, features: str, method: str) -> None:
    found = neuron_clusters(planted, CORPUS, layer=1, features=features, method=method, **SMALL)
    assert agreement(found.cluster_of_item, planted.card["truth"]) == 1
    assert found["size"].values.tolist() == [22, 16, 10]
    assert found.scan_p < 0.05
    np.testing.assert_array_equal(found.group, [f"cluster {n}" for n in found.cluster_of_item.values])


def test_planted_groups_come_back_on_other_text(planted: Model) -> None:
    found = neuron_clusters(planted, CORPUS, layer=1, **SMALL)
    assert found.stability_low > 0.95
    assert (found.recovery > 0.9).all()
    assert (found.recovery_null < 0.6).all()
    weights = neuron_clusters(planted, CORPUS, layer=1, features="input_weights", **SMALL)
    assert np.isnan(weights.stability)


def test_centres_and_central_neurons_are_those_of_the_members(planted: Model) -> None:
    found = neuron_clusters(planted, CORPUS, layer=1, top_k=3, **SMALL)
    for number in range(3):
        own = np.flatnonzero(found.cluster_of_item == number)
        points = found.coordinates.values[own]
        np.testing.assert_allclose(found.centre[number], points.mean(0), atol=1e-5)
        nearest = own[np.linalg.norm(points - points.mean(0), axis=1).argsort()][:3]
        np.testing.assert_array_equal(found.top_neuron[number], found.item.values[nearest])


def test_random_weights_are_not_called_clusters_more_often_than_chance_allows(
    make_model: Callable[..., Model],
) -> None:
    p = []
    for seed in range(8):
        model = make_model("gpt2", seed=seed)
        with torch.no_grad():
            native(model).transformer.h[0].mlp.c_proj.weight.normal_()
        found = neuron_clusters(
            model, CORPUS, layer=0, features="output_weights", components=3, **{**SMALL, "most_clusters": 3}
        )
        p.append(float(found.scan_p))
    # With few neurons the test errs on the side of chance: shuffling lets components correlate a little.
    assert np.mean(p) > 0.4
    assert np.sum(np.array(p) < 0.05) <= 1


def test_a_number_that_is_asked_for_is_the_number_given(model: Model) -> None:
    found = neuron_clusters(model, CORPUS, n_clusters=4, n_null=0, n_resamples=0, **SMALL)
    assert found.sizes["cluster"] == 4
    assert int(found["size"].sum()) == 144
    assert np.isnan(found.scan_p)
    assert np.isnan(found.stability)
    assert found.cluster_count.values.tolist() == [2, 3, 4, 5]


def test_too_many_clusters_are_refused_in_words(make_model: Callable[..., Model]) -> None:
    with pytest.raises(BadInput, match="n_clusters=60 is too many; 47 is the most here"):
        neuron_clusters(make_model("gpt2"), CORPUS, layer=0, n_clusters=60, **SMALL)
