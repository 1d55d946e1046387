"""What describes a neuron, held to plain runs of the model and to its own weights."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope.instruments import run, zero
from neuronscope.instruments.neurons.profiles import (
    activation_profiles,
    class_profiles,
    input_biases,
    layers_with_neurons,
    resampled,
    standardised,
    token_classes,
    weight_profiles,
)
from neuronscope.models import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.words import BadInput
from tests.analyses.conftest import make_model, model, native  # noqa: F401 - fixtures

TEXTS = ["The cat sat", "on 12 mats.", "and\n It ate"]


def read(model: Model) -> list[torch.Tensor]:  # noqa: F811
    return [model.tokenize(text) for text in TEXTS]


def test_a_profile_is_what_a_run_reads_without_each_first_token(model: Model) -> None:  # noqa: F811
    found = activation_profiles(model, read(model), [0, 2])
    assert found.names[:2] == ["0.0", "0.1"]
    place = 0
    for number, ids in enumerate(read(model)):
        alone = run(model, ids, get="mlp_act.2")["mlp_act.2"][0, 1:]
        columns = slice(place, place + len(ids) - 1)
        np.testing.assert_allclose(found.values[found.layer == 2][:, columns], alone.T, atol=1e-6)
        np.testing.assert_array_equal(found.tokens[columns], ids[1:])
        assert (found.passage[columns] == number).all()
        place += len(ids) - 1
    assert place == found.values.shape[1]


def test_the_effect_of_a_neuron_is_to_first_order_what_is_lost_without_it(
    make_model: Callable[..., Model],  # noqa: F811
) -> None:
    small = make_model("gpt2")
    with torch.no_grad():
        for block in native(small).transformer.h:
            block.mlp.c_proj.weight.mul_(1e-5)  # so small that the first order is all there is
    ids = small.tokenize(TEXTS[0])
    found = activation_profiles(small, [ids], [1], effects=True)

    def score(do: list) -> float:
        logits = run(small, ids, do=do).logits[0]
        return float(logits[:-1].log_softmax(-1).gather(-1, ids[1:, None]).sum())

    lost = score([]) - score([zero("mlp_act.1.7@1:")])
    assert found.values[7].sum() == pytest.approx(lost, rel=1e-3)


def test_the_bias_of_a_neuron_is_what_it_reads_when_the_stream_is_empty(
    make_model: Callable[..., Model],  # noqa: F811
) -> None:
    small = make_model("gpt2")
    with torch.no_grad():
        for weight in small.hf.parameters():
            weight.zero_()
        block = native(small).transformer.h[0]
        block.ln_2.weight.fill_(2.0)
        block.ln_2.bias.copy_(torch.arange(small.width) * 0.1)
        block.mlp.c_fc.weight.copy_(torch.randn(small.width, small.n_neurons, dtype=torch.float64))
        block.mlp.c_fc.bias.copy_(torch.randn(small.n_neurons, dtype=torch.float64))
    seen = run(small, "ab", get="mlp_pre.0")["mlp_pre.0"][0, 0]
    np.testing.assert_allclose(input_biases(small, 0), seen, atol=1e-10)


def test_weights_of_all_layers_lie_under_one_another(model: Model) -> None:  # noqa: F811
    found = weight_profiles(model, layers_with_neurons(model, -1), side="output")
    np.testing.assert_allclose(found.values[found.layer == 2], matrix(model.anatomy.down(2)), atol=1e-12)
    assert found.names[-1] == f"{model.n_layers - 1}.{model.n_neurons - 1}"


def test_means_by_class_weigh_back_to_the_mean(model: Model) -> None:  # noqa: F811
    found = activation_profiles(model, read(model), [0])
    number = token_classes(model, found.tokens)
    share = np.unique(number, return_counts=True)[1] / len(number)
    np.testing.assert_allclose(class_profiles(model, found).values @ share, found.values.mean(1), atol=1e-10)


def test_resampled_passages_come_whole(model: Model) -> None:  # noqa: F811
    found = activation_profiles(model, read(model), [0])
    again = resampled(found, np.random.default_rng(1))
    place = 0
    while place < len(again.passage):
        own = np.flatnonzero(found.passage == again.passage[place])
        columns = slice(place, place + len(own))
        np.testing.assert_array_equal(again.values[:, columns], found.values[:, own])
        np.testing.assert_array_equal(again.tokens[columns], found.tokens[own])
        place += len(own)


def test_standardised_features_have_mean_zero_and_deviation_one() -> None:
    values = np.random.default_rng(0).standard_normal((4, 9)) * [[1], [5], [0], [2]] + 3
    rows = standardised(values, "neuron")
    np.testing.assert_allclose(rows.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(rows.std(1), [1, 1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(standardised(values, "feature").std(0), 1)
    np.testing.assert_array_equal(standardised(values, "none"), values)
    np.testing.assert_allclose(standardised(values * [[9], [2], [1], [4]], "neuron"), rows, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "texts", "words"),
    [(7, TEXTS, "layer=7 is beyond the model's last, 2"), (-1, ["a"], "passages of two tokens or more")],
)
def test_what_cannot_be_described_is_refused_in_words(
    make_model: Callable[..., Model],  # noqa: F811
    layers: int,
    texts: list[str],
    words: str,
) -> None:
    small = make_model("gpt2")
    with pytest.raises(BadInput, match=words):
        activation_profiles(small, [small.tokenize(t) for t in texts], layers_with_neurons(small, layers))


def test_too_much_memory_is_refused_in_words(
    make_model: Callable[..., Model],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = make_model("gpt2")
    monkeypatch.setattr("neuronscope.instruments.neurons.profiles.MOST_BYTES", 1000)
    with pytest.raises(BadInput, match="48 neurons at 30 tokens are more than"):
        activation_profiles(small, read(small), [0])
