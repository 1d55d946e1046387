"""The map of neurons, held to the singular vectors of what the model does and to planted twins."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.analyses.neurons.neuron_map import neuron_map
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.neurons.profiles import activation_profiles, standardised
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

WORDS = ["cat", "table", "ocean", "sky", "lamp", "river"]
CORPUS = Corpus(
    "words", lambda: (f"{one} and {one[::-1]} are {n} words. " * 8 for n, one in enumerate(WORDS))
)
SMALL: dict[str, Any] = {"n_passages": 5, "n_tokens": 12}


def test_the_map_is_the_first_singular_vectors_of_the_standardised_activations(model: Model) -> None:
    found = neuron_map(model, CORPUS, components=3, **SMALL)
    read = passages(model, CORPUS, n=5, n_tokens=12)
    values = standardised(activation_profiles(model, read, [0, 1, 2]).values, "neuron")
    left, size, _ = np.linalg.svd(values - values.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.coordinates), np.abs(left * size)[:, :3], atol=1e-4)
    np.testing.assert_allclose(found.explained_variance, (size**2 / (size**2).sum())[:3], rtol=1e-5)


def test_a_louder_copy_of_a_neuron_lies_on_it(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    mlp = native(model).transformer.h[1].mlp
    with torch.no_grad():
        mlp.act = torch.nn.ReLU().eval()  # doubles what it gives where what it is given doubles
        mlp.c_fc.weight[:, 5] = 2 * mlp.c_fc.weight[:, 9]
        mlp.c_fc.bias[5] = 2 * mlp.c_fc.bias[9]
    found = neuron_map(model, CORPUS, layer=1, **SMALL).coordinates
    np.testing.assert_allclose(found.sel(item="1.5"), found.sel(item="1.9"), atol=1e-8)
    loud = neuron_map(model, CORPUS, layer=1, standardise="none", **SMALL).coordinates
    assert float(np.abs(loud.sel(item="1.5") - loud.sel(item="1.9")).max()) > 0.1


def test_what_colours_the_points_comes_first_and_is_of_the_activations(model: Model) -> None:
    found = neuron_map(model, CORPUS, colour="deviation", features="output_weights", **SMALL)
    assert list(found.data_vars)[:2] == ["coordinates", "deviation"]
    read = passages(model, CORPUS, n=5, n_tokens=12)
    acts = activation_profiles(model, read, [0, 1, 2]).values
    np.testing.assert_allclose(found.deviation, acts.std(1), atol=1e-6)
    np.testing.assert_allclose(found.share_active, (acts > 0).mean(1))
    np.testing.assert_array_equal(found.layer, np.repeat([0, 1, 2], 48))


@pytest.mark.parametrize("features", ["effects", "token_classes", "input_weights", "output_weights"])
def test_every_sort_of_features_makes_a_finite_map(model: Model, features: str) -> None:
    found = neuron_map(model, CORPUS, features=features, components=2, **SMALL)
    assert found.coordinates.shape == (144, 2)
    assert np.isfinite(found.coordinates).all()
    assert np.isfinite(found.trustworthiness)


def test_structure_holds_more_variance_than_chance_and_noise_does_not(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    found = neuron_map(model, CORPUS, **SMALL)
    assert found.explained_variance[0] > 1.5 * found.explained_variance_null[0]
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.mlp.c_proj.weight.normal_()
    noise = neuron_map(model, CORPUS, features="output_weights", standardise="none", **SMALL)
    np.testing.assert_allclose(noise.explained_variance, noise.explained_variance_null, rtol=0.25)


def test_t_sne_keeps_neighbours_better_than_chance(model: Model) -> None:
    found = neuron_map(model, CORPUS, method="tsne", layer=0, neighbours=8, **SMALL)
    assert found.coordinates.shape == (48, 2)
    assert found.trustworthiness > found.trustworthiness_null + 0.1
    assert "explained_variance" not in found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer": 3}, "layer=3 is beyond the model's last, 2"),
        ({"method": "umap"}, "needs the package umap-learn"),
        ({"method": "tsne", "neighbours": 49}, "neighbours=49 is too many for 144 points: give 48 or less"),
        ({"n_tokens": 41}, "A passage of 41 tokens does not fit"),
        ({"features": "weights"}, "features='weights' should be"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_words(
    make_model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], words: str
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(BadInput, match=words):
        neuron_map(make_model("gpt2"), CORPUS, **{**SMALL, **arguments})
