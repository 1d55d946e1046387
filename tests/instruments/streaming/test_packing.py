"""Activations in few bytes are as near as the bytes allow, and what cannot be kept is refused."""

import numpy as np
import pytest
import torch

from neuronscope.instruments.streaming.packing import STRONGEST, Detail, bytes_each, packed
from neuronscope.words import BadInput

ACTIVATION = torch.randn(3, 100, generator=torch.Generator().manual_seed(1)) * torch.tensor(
    [[1.0], [50], [0]]
)


def test_int8_is_within_half_a_step_and_keeps_each_layers_largest() -> None:
    kept = packed(ACTIVATION, "int8")
    again = kept["activation"].astype(np.float32) * kept["scale"][:, None]
    error = np.abs(again - ACTIVATION.numpy())
    assert (error <= kept["scale"][:, None] * 0.5001).all()
    assert np.abs(kept["activation"]).max(1).tolist() == [127, 127, 0]
    assert kept["scale"][2] == 0


def test_single_precision_is_exact_and_half_precision_the_nearest() -> None:
    np.testing.assert_array_equal(packed(ACTIVATION, "f32")["activation"], ACTIVATION.numpy())
    np.testing.assert_array_equal(packed(ACTIVATION, "f16")["activation"], ACTIVATION.numpy().astype("f2"))


def test_the_strongest_are_the_strongest() -> None:
    kept = packed(ACTIVATION, "top")
    for layer, values in enumerate(ACTIVATION[:2]):
        order = values.abs().argsort(descending=True)[:STRONGEST]
        assert kept["top_neuron"][layer].tolist() == order.tolist()
        np.testing.assert_array_equal(kept["top_activation"][layer], values[order].half().numpy())
    assert packed(torch.ones(1, 5), "top")["top_neuron"].shape == (1, 5)


@pytest.mark.parametrize("detail", ["int8", "f16", "f32", "top"])
def test_the_bytes_of_a_token_are_those_announced(detail: Detail) -> None:
    kept = packed(ACTIVATION, detail)
    size = sum(values.nbytes for name, values in kept.items() if name != "scale")
    assert size == bytes_each(detail, layers=3, neurons=100)


def test_what_is_too_large_for_half_precision_is_refused() -> None:
    with pytest.raises(BadInput, match="too large for half precision"):
        packed(torch.full((1, 2), 1e6), "f16")
    assert packed(torch.full((1, 2), 1e6), "int8")["activation"].tolist() == [[127, 127]]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="not a finite number"):
        packed(torch.full((1, 2), value), "int8")
