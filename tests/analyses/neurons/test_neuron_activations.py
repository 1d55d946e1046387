"""Neuron activations, held to what the layer's output matrix really multiplies."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope import neuron_activations
from neuronscope.data.prompts import common_prompts
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

PROMPT = "a small test"


def test_what_is_read_is_what_the_output_matrix_multiplies(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    caught: dict[int, torch.Tensor] = {}
    hooks = [
        block.mlp.down_proj.register_forward_pre_hook(
            lambda _module, args, layer=layer: caught.__setitem__(layer, args[0][0])
        )
        for layer, block in enumerate(native(model).model.layers)
    ]
    with torch.no_grad():
        native(model)(model.tokenize(PROMPT)[None])
    for hook in hooks:
        hook.remove()
    found = neuron_activations(model, PROMPT)
    for layer in range(model.n_layers):
        np.testing.assert_array_equal(found.activation.values[layer].T, caught[layer].numpy())


def test_a_neuron_with_a_planted_bias_comes_first(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        native(model).transformer.h[1].mlp.c_fc.bias[7] = 50.0
    found = neuron_activations(model, PROMPT, top_k=3)
    assert found.top_neuron.sel(layer=1, rank=1) == 7
    assert found.top_activation.sel(layer=1, rank=1) > 40


def test_the_ranking_points_at_the_values_that_it_ranks(model: Model) -> None:
    found = neuron_activations(model, PROMPT, top_k=5)
    for layer in range(model.n_layers):
        at = found.activation.values[layer, found.top_neuron.values[layer], found.top_position.values[layer]]
        np.testing.assert_array_equal(at, found.top_activation.values[layer])
    strength = np.abs(found.top_activation.values)
    assert (np.diff(strength, axis=1) <= 0).all()
    assert strength[:, 0] == pytest.approx(np.abs(found.activation.values).max((1, 2)))


def test_less_the_prompts_mean_every_neuron_averages_to_zero(model: Model) -> None:
    found = neuron_activations(model, PROMPT, reference="prompt")
    np.testing.assert_allclose(found.activation.mean("position").values, 0, atol=1e-12)


def test_the_common_reference_is_the_mean_over_all_tokens_of_the_common_prompts(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    prompts = [common.clean for common in common_prompts()]
    native(model).config.n_positions = 1024
    native(model).transformer.wpe = torch.nn.Embedding(1024, model.width, dtype=torch.float64).eval()
    raw = [neuron_activations(model, prompt).activation.values for prompt in prompts]
    mean = np.concatenate(raw, axis=-1).mean(-1, keepdims=True)
    less = neuron_activations(model, PROMPT, reference="common_prompts").activation.values
    whole = neuron_activations(model, PROMPT).activation.values
    np.testing.assert_allclose(whole - less, np.broadcast_to(mean, whole.shape), atol=1e-10)


def test_one_layer_alone_reads_as_it_does_among_all(model: Model) -> None:
    alone, all_layers = neuron_activations(model, PROMPT, layer=2), neuron_activations(model, PROMPT)
    np.testing.assert_array_equal(alone.activation.values[0], all_layers.activation.values[2])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"layer": 3}, "beyond the model's last, 2"), ({"top_k": 49}, "more than a layer's 48 neurons")],
)
def test_what_the_model_lacks_is_refused_in_words(
    make_model: Callable[..., Model], wrong: dict[str, int], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_activations(make_model("gpt2"), PROMPT, **wrong)
