"""Options are read off a form: their names, bounds, defaults and values."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from neuronscope import catalogue
from neuronscope.contract import analysis
from neuronscope.doors.command_line import options
from neuronscope.doors.command_line.commands import understand
from neuronscope.doors.command_line.parser import Parser
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput


@analysis(kind="profile")
def planted(
    model: Model,
    *,
    words: list[str],
    share: Annotated[float, Field(gt=0, le=1, description="Part of 100%.")] = 0.5,
    layers: Annotated[list[int], Field(description="Which.")] = [0],  # noqa: B006 - copied by pydantic
    deep: Annotated[bool, Field(description="Go on.")] = False,
    way: Literal["up", "down"] = "up",
    most: int | None = None,
) -> Any:
    """Plant every sort of parameter."""
    return label({"layer": [0]}, effect=("layer", [0.0]))


@pytest.fixture
def form() -> dict[str, Any]:
    return planted.definition.form()  # pyright: ignore[reportFunctionMemberAccess]


def read(form: dict[str, Any], *words: str) -> dict[str, Any]:
    parser = Parser("planted", "Plant.")
    options.add_form(parser, form)
    return options.arguments(form, parser.read(words))


def test_values_arrive_in_their_own_types(form: dict[str, Any]) -> None:
    words = "--model a --words b c --share 0.25 --layers 1 2 --layers 3 --deep --way down --most 7".split()
    assert read(form, *words) == {
        "model": "a",
        "words": ["b", "c"],
        "share": 0.25,
        "layers": [1, 2, 3],
        "deep": True,
        "way": "down",
        "most": 7,
    }


def test_a_default_of_nothing_is_said_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        understand(["make", "language-model", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "--seed N What chance is drawn from; the same seed, the same draw. 0 to 4294967295. "
        "Unless you say: 0." in said
    )
    assert "less than 1. Unless you say: 0.0." in said


def test_what_is_not_said_is_left_to_the_analysis(form: dict[str, Any]) -> None:
    assert read(form, "--model", "a", "--words", "b") == {"model": "a", "words": ["b"]}
    assert read(form, "--model", "a", "--words", "b", "--no-deep")["deep"] is False


def test_a_number_stays_text_where_text_is_asked_for(form: dict[str, Any]) -> None:
    assert read(form, "--model", "1", "--words", "2") == {"model": "1", "words": ["2"]}


def test_a_value_may_begin_with_a_dash_after_an_equals_sign(form: dict[str, Any]) -> None:
    assert read(form, "--model=-a", "--words", "b", "--most", "-3")["most"] == -3
    with pytest.raises(BadInput, match="write --model=VALUE where the value begins with a dash"):
        read(form, "--model", "-a", "--words", "b")


def test_a_needed_parameter_is_asked_for_by_its_option(form: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"^planted needs --words"):
        read(form, "--model", "a")


def test_help_states_bounds_choices_and_defaults(form: dict[str, Any]) -> None:
    parser = Parser("planted", "Plant.")
    options.add_form(parser, form)
    text = " ".join(parser.format_help().split())
    assert "--share X Part of 100%. More than 0 and at most 1. Unless you say: 0.5." in text
    assert "--way WORD One of up, down. Unless you say: up." in text
    assert "--words TEXT [TEXT ...] Needed." in text
    assert "--layers N [N ...] Which. Unless you say: 0." in text
    assert "--deep, --no-deep Go on. --way" in text
    assert "--most N where" in text


def test_help_states_no_default_that_is_empty() -> None:
    parser = Parser("planted", "Plant.")
    names = {"type": "array", "items": {"type": "string"}, "default": []}
    options.add_form(parser, {"subjects": [], "parameters": {"properties": {"names": names}}})
    assert "Unless you say" not in parser.format_help()


@pytest.mark.parametrize("name", [form["name"] for form in catalogue.forms() if form["sort"] == "ask"])
def test_no_parameter_takes_the_name_of_an_option_of_the_door(name: str) -> None:
    with pytest.raises(SystemExit):
        understand(["ask", name, "--help"])
