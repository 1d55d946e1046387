"""The words: each with a meaning, each bound kept."""

from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from neuronscope import words
from neuronscope.words import AXES, BadInput, nearest

TYPES = {
    name: value
    for name, value in vars(words).items()
    if any(isinstance(part, FieldInfo) for part in get_args(value))
}


def test_axes_are_whole_words_in_the_singular() -> None:
    assert all(axis.islower() and axis.isidentifier() and not axis.endswith("s") for axis in AXES)


@pytest.mark.parametrize("axis", AXES)
def test_every_axis_says_what_it_means(axis: str) -> None:
    assert len(AXES[axis]) > 10


@pytest.mark.parametrize("name", TYPES)
def test_every_parameter_type_has_its_help(name: str) -> None:
    field = next(part for part in get_args(TYPES[name]) if isinstance(part, FieldInfo))
    assert field.description
    assert field.description.endswith(".")


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("TopK", 1, 0),
        ("TopK", 100, 101),
        ("LayerIndex", -1, -2),
        ("TopNeurons", 4096, 4097),
        ("Prompt", "a", ""),
    ],
)
def test_bounds_hold(name: str, allowed: object, refused: object) -> None:
    adapter = TypeAdapter(TYPES[name])
    assert adapter.validate_python(allowed) == allowed
    with pytest.raises(ValidationError):
        adapter.validate_python(refused)


def test_a_misspelt_word_is_guessed_and_a_strange_one_is_not() -> None:
    assert nearest("promt", ["prompt", "top_k"]) == "; did you mean 'prompt'?"
    assert nearest("zebra", ["prompt", "top_k"]) == ""


def test_bad_input_is_a_value_error() -> None:
    assert issubclass(BadInput, ValueError)
