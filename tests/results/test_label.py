"""Every axis of a result has its word, or one sentence says what is wrong."""

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.results import label
from neuronscope.words import AXES, BadInput


def test_variables_keep_their_order_axes_values_and_attributes() -> None:
    result = label(
        {"depth": [0, 1], "token": ("position", ["a", " b", "c"])},
        probability=("depth position", [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], {"units": "1", "layers": (1, 2)}),
        entropy=("depth", [2.0, 1.0]),
    )
    assert list(result.data_vars) == ["probability", "entropy"]
    assert result.probability.dims == ("depth", "position")
    assert result.probability.attrs == {"units": "1", "layers": [1, 2]}
    assert result.token.dims == ("position",)
    assert result.entropy.sel(depth=1).item() == 1.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.bool])
def test_a_tensor_keeps_its_values_and_dtype(dtype: torch.dtype) -> None:
    tensor = torch.arange(6).reshape(2, 3).to(dtype)
    result = label({}, value=("layer head", tensor))
    np.testing.assert_array_equal(result.value, tensor.numpy())
    assert result.value.dtype == tensor.numpy().dtype


def test_a_tensor_with_a_gradient_in_bfloat16_arrives_as_float32() -> None:
    tensor = torch.tensor([1.5, -2.0], dtype=torch.bfloat16, requires_grad=True)
    result = label({}, value=("layer", tensor))
    assert result.value.dtype == np.float32
    assert result.value.values.tolist() == [1.5, -2.0]


def test_a_conjugated_tensor_arrives_conjugated() -> None:
    assert label({}, value=("layer", torch.tensor([1j]).conj())).value.item() == -1j


@pytest.mark.parametrize("words", [["a\0", "b"], ["\0"], ["", "\0\0"]])
def test_a_token_that_is_a_nul_character_survives(words: list[str]) -> None:
    assert label({}, token=("position", words)).token.values.tolist() == words


def test_text_true_and_false_stay_what_they_are() -> None:
    result = label({}, site=("item", ["z.9", "été"]), exact=("item", [True, False]))
    assert result.site.dtype.kind == "U"
    assert result.exact.dtype == bool


def test_numpy_text_of_either_sort_is_taken() -> None:
    for words in (
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        np.array(["a", "b"], np.dtypes.StringDType()),
    ):
        assert label({}, site=("item", words)).site.values.tolist() == ["a", "b"]


def test_a_single_number_has_no_axis() -> None:
    assert label({}, accuracy=("", 0.5)).accuracy.dims == ()


def test_an_axis_may_be_empty() -> None:
    assert label({"item": []}, value=("item rank", np.zeros((0, 3)))).sizes == {"item": 0, "rank": 3}


@pytest.mark.parametrize(
    ("coords", "variables", "sentence"),
    [
        ({}, {}, "A result needs at least one variable: name=(axes, values)."),
        ({}, {"v": ("positon", [1])}, "Unknown axis 'positon' in 'v'; did you mean 'position'?"),
        ({"t": ("positon", [1])}, {"v": ("item", [1])}, "Unknown axis 'positon' in 't'"),
        (
            {},
            {"v": ("layer layer", [[1]])},
            "'v' names an axis twice in 'layer layer'; each",
        ),
        ({}, {"v": ("layer head", [1, 2])}, "'v' has 2 axes 'layer head' but its values have shape (2,)."),
        (
            {},
            {"v": ("layer", [1, 2]), "w": ("layer", [1, 2, 3])},
            "Axis 'layer' is 2 long in 'v' but 3 long in 'w'.",
        ),
        ({"layer": [0]}, {"v": ("layer", [1, 2])}, "Axis 'layer' is 2 long in 'v' but 1 long in 'layer'."),
        ({}, {"v": ("layer head", [[1], [1, 2]])}, "'v' is ragged: its rows must all be of one length."),
        ({}, {"v": ("item", ["a", 1])}, "'v' mixes text with int; results hold numbers, true/false or text."),
        ({}, {"v": ("item", ["a", None])}, "'v' mixes text with NoneType"),
        ({}, {"v": ("item", [b"a"])}, "'v' has dtype |S1; results hold numbers, true/false and text."),
        ({}, {"v": [1, 2]}, "'v' must be (axes, values) or (axes, values, attributes), axes as one string."),
        ({}, {"v": (["item"], [1])}, "'v' must be (axes, values)"),
        (
            {"v": ("item", [1])},
            {"v": ("item", [1])},
            "'v' is an axis or coordinate already; give",
        ),
        ({}, {"item": ("item", [1])}, "'item' is an axis or coordinate already"),
        (
            {"layer": ("item", [1])},
            {"v": ("item layer", [[1]])},
            "'layer' is named like an axis",
        ),
        ({}, {"v": ("item", [1], {"made": object()})}, "A object is not plain data; use text, numbers"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(coords: dict, variables: dict, sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        label(coords, **variables)
    assert sentence in str(refusal.value)


def test_an_axis_nothing_like_ours_is_answered_with_all_of_ours() -> None:
    with pytest.raises(BadInput) as refusal:
        label({}, v=("zzzz", [1]))
    assert all(axis in str(refusal.value) for axis in AXES)


def test_the_result_is_an_ordinary_dataset() -> None:
    one, two = label({}, v=("layer", [1.0, 2.0])), label({}, v=("layer", [1.0, 1.0]))
    xr.testing.assert_equal(one - two, label({}, v=("layer", [0.0, 1.0])))
