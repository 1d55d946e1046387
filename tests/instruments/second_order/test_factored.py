"""Effects as vectors, in factors: what they recombine to, and what their inner products are."""

import pytest
import torch

from neuronscope.instruments import linearise, logit_direction
from neuronscope.instruments.second_order import carried, grams, neuron_effects, paths, strengths, vectors
from neuronscope.instruments.second_order.factored import neuron_vectors
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput
from tests.models.tiny import opened, shared, some_tokens

FAMILIES = [
    "gpt2",
    "gpt_neox parallel",
    "opt",
    "bloom",
    "llama",
    "qwen2",
    "gemma",
    "gemma2",
    "olmo2",
    "gemma3",
]
SITES = ["mlp_act.*", "mlp_out.*"]


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_reading_of_the_vectors_is_the_effect(family: str, layer: int) -> None:
    model = shared(family, torch.float64)
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    reading = logit_direction(model, torch.tensor([3, 7]), torch.tensor([5, 8]))
    effect = torch.einsum("bpn,npw->bnw", strengths(seen, layer), vectors(model, layer))
    read = torch.einsum("bnw,bw->bn", effect, reading.vectors)
    torch.testing.assert_close(read, neuron_effects(seen, reading)[:, layer], rtol=0, atol=1e-12)
    assert strengths(seen, layer).shape[1] == len(paths(model, layer)) == 4 * (2 - layer)


@pytest.mark.parametrize("family", FAMILIES)
def test_sums_over_neurons_are_carried_without_their_vectors(family: str) -> None:
    model = shared(family, torch.float64)
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    strength = strengths(seen, 0)
    each = torch.einsum("bpn,npw->bw", strength, vectors(model, 0))
    mixed = torch.einsum("bpn,nw->bpw", strength, neuron_vectors(model, 0))
    torch.testing.assert_close(carried(model, 0, mixed), each, rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2"])
def test_inner_products_of_the_paths_give_the_lengths_of_the_effects(family: str) -> None:
    model = shared(family, torch.float64)
    seen = linearise(model, some_tokens(rows=5), order=2, keep=SITES)
    few = torch.tensor([4, 0, 31])
    strength, fixed = strengths(seen, 1)[..., few], vectors(model, 1, few)
    off = strength - strength.mean(0)
    effect = torch.einsum("bpn,npw->bnw", off, fixed)
    squares = torch.einsum("bpn,npq,bqn->bn", off, grams(model, 1, few), off)
    torch.testing.assert_close(squares, effect.square().sum(-1), rtol=0, atol=1e-12)
    torch.testing.assert_close(grams(model, 1)[few], grams(model, 1, few), rtol=0, atol=1e-12)


def test_neurons_of_the_last_layer_have_no_path_and_no_effect() -> None:
    model = shared("gpt2", torch.float64)
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    assert paths(model, 2) == ()
    assert not neuron_effects(seen, logit_direction(model, 3, 5))[:, 2].any()
    assert not carried(model, 2, torch.zeros(2, 0, model.width, dtype=torch.float64)).any()


def test_hidden_neurons_have_no_effect_and_no_vectors() -> None:
    model = opened("mixtral", dtype=torch.float64)
    seen = linearise(model, some_tokens(), order=2)
    assert isinstance(seen.parts.layers[0].down, Absence)
    assert neuron_effects(seen, logit_direction(model, 3, 5)).isnan().all()
    with pytest.raises(BadInput, match="The neurons of layer 0 are hidden"):
        vectors(model, 0)
