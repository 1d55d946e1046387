"""What neurons read and write by their weights, held to what the model computes."""

import numpy as np
import pytest

from neuronscope.instruments import run
from neuronscope.instruments.meaning.weights import (
    branches,
    named_neurons,
    neuron_inputs,
    neuron_outputs,
    token_vectors,
)
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


def test_all_that_a_neuron_reads_is_its_input_vector_on_the_stream_and_a_constant(
    model: Model, rounding: float
) -> None:
    stream = "resid_pre.1" if model.anatomy.parallel else "resid_mid.1"
    for branch in branches(model):
        seen = run(model, "the cat", get=[stream, "mlp_norm.1", f"{branch}.1"])
        read = seen[stream][0] @ neuron_inputs(model, 1, branch).T / seen["mlp_norm.1"][0][:, None]
        rest = seen[f"{branch}.1"][0] - read
        np.testing.assert_allclose(rest, rest[:1].expand_as(rest), atol=rounding)


def test_the_outputs_times_the_activations_are_what_the_mlp_adds(model: Model, rounding: float) -> None:
    seen = run(model, "abc", get=["mlp_act.2", "mlp_add.2"])
    down = model.anatomy.down(2)
    bias = getattr(down, "bias", None)
    written = seen["mlp_act.2"] @ neuron_outputs(model, 2)
    written = written if bias is None else written + bias
    np.testing.assert_allclose(written, seen["mlp_add.2"], atol=rounding)


def test_a_gated_mlp_has_two_branches_and_a_plain_one_has_one(model: Model) -> None:
    assert branches(model) == (["mlp_pre", "mlp_up"] if model.family == "llama" else ["mlp_pre"])


def test_the_token_vectors_are_what_enters_the_stream(model: Model) -> None:
    tokens = model.tokenize("xyz")
    np.testing.assert_array_equal(token_vectors(model)[tokens], run(model, tokens, get="embed")["embed"][0])


def test_neurons_are_named_by_layer_and_number(model: Model) -> None:
    assert named_neurons(model, "2.5, 0.40 mlp_act.1.3").labels == [
        "mlp_act.0.40",
        "mlp_act.1.3",
        "mlp_act.2.5",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3", "'3' names no neuron"),
        ("1.x", "'1.x' names no neuron"),
        ("1.900", "out of range"),
        ("", "No part"),
    ],
)
def test_what_is_no_neuron_is_refused(model: Model, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        named_neurons(model, text)


def test_a_layer_without_an_mlp_is_refused() -> None:
    with pytest.raises(BadInput, match="read is hidden"):
        neuron_inputs(open_model("builtin:handmade-induction"), 0)
