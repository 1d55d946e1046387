"""The terminal shows the numbers, with colour and without, and says what it leaves out."""

import io

import numpy as np
import pytest
from rich.console import Console

from neuronscope.results import label
from neuronscope.views import terminal
from neuronscope.words import BadInput
from tests.views.examples import EXAMPLES, attention, effects, lens, profile, ranking


def printed(result, *, colour: bool = False, columns: int = 80, **choice) -> str:
    """Return what a console of a width prints."""
    console = Console(
        file=io.StringIO(), width=columns, force_terminal=colour, color_system="truecolor" if colour else None
    )
    with console.capture() as text:
        console.print(terminal(result, **choice))
    return text.get()


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_kind_is_printed_within_the_width(kind: str, colour: bool) -> None:
    text = printed(EXAMPLES[kind], colour=colour, columns=60)
    assert text.strip()
    assert ("\x1b[" in text) is colour
    if not colour:
        assert max(map(len, text.splitlines())) <= 60


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with console.capture() as text:
        console.print(terminal(effects()))
    assert "−0.20" in text.get()
    assert "48;2" not in text.get()
    assert "38;2" not in text.get()


def test_cells_show_numbers_where_they_fit() -> None:
    lines = printed(effects()).splitlines()
    top = lines.index(next(line for line in lines if line.startswith("1 ")))
    assert [line.split() for line in lines[top : top + 2]] == [
        ["1", "2.00", "–", "−1.00"],
        ["0", "0.50", "−0.20", "0.01"],
    ]


def test_the_last_layer_is_on_top_and_the_first_query() -> None:
    assert printed(effects()).index("\n1 ") < printed(effects()).index("\n0 ")
    text = printed(attention())
    assert text.index("When ") < text.index("<script> 0")


def test_words_stand_in_the_cells() -> None:
    assert "·w000" in printed(lens())
    assert "·w002" in printed(lens(), select={"rank": 2})


def test_narrow_cells_show_tenths() -> None:
    result = label({}, gain=("layer position", np.linspace(-1, 1, 60).reshape(2, 30)))
    text = printed(result, columns=100)
    assert "in tenths of the largest" in text
    assert "−9" in text
    assert " 9" in text


def test_the_caption_says_the_slice_and_how_to_see_others() -> None:
    text = printed(attention(), select={"layer": 1})
    assert "Shown: layer 1 · head 0" in text
    assert "--at layer=1 (0, 1)" in text
    assert "--at head=2 (0, 1, 2)" in text
    assert "--variable entropy" in printed(lens())
    assert "n = 24 prompts" in printed(effects())


def test_what_does_not_fit_is_said() -> None:
    result = label(
        {"token": ("position", [f"{i}" for i in range(200)])}, gain=("neuron position", np.ones((90, 200)))
    )
    text = printed(result)
    assert "of 200)" in text
    assert "position (the last" in text
    assert "the first 40 of 90" in text
    assert text.splitlines()[1].endswith("19 ")  # 199, cut to the column


def test_a_ranking_shows_values_intervals_and_what_is_not_distinct() -> None:
    text = printed(ranking())
    assert "2 … 4" in text
    assert "not distinguishable from random (third)" in text
    assert text.index("first") < text.index("second")


def test_a_long_profile_is_a_line_of_sparks() -> None:
    text = printed(label({}, loss=("step", np.linspace(8, 1, 500))), columns=50)
    assert "█" in text.splitlines()[1]
    assert text.splitlines()[1].endswith("▁")
    assert "each column the mean of 10" in text


def test_a_short_profile_is_a_table() -> None:
    assert "0.8 … 1" in printed(profile())


def test_an_empty_slice_says_so() -> None:
    empty = label({}, effect=("depth position", np.full((2, 2), np.nan)))
    assert "Nothing to draw: every value of this slice is missing." in printed(empty)


def test_a_width_may_be_given() -> None:
    text = printed(label({}, gain=("layer position", np.ones((2, 60)))), columns=120, width=40)
    picture = [line for line in text.splitlines() if line.startswith(("0 ", "1 "))]
    assert len(picture) == 2
    assert max(map(len, picture)) <= 40


def test_bad_choices_are_refused_before_anything_is_printed() -> None:
    with pytest.raises(BadInput, match="has no variable 'x'"):
        terminal(lens(), variable="x")


def test_words_are_listed_by_name() -> None:
    text = printed(
        label({"item": ["width", "family"]}, value=("item", ["160", "a long text " * 9])), columns=40
    )
    assert text.splitlines()[1].split() == ["width", "160"]
    assert text.count("long") == 9


def test_a_grid_of_words_is_printed_as_words() -> None:
    assert "·w310" in printed(lens(), variable="candidate")


def test_long_lists_say_how_many_they_show() -> None:
    assert "first 40 of 50" in printed(label({}, share=("rank", np.linspace(1, 0, 50))))
    assert "first 40 of 50" in printed(label({}, place=("item component", np.ones((50, 2)))))


def test_a_value_that_is_missing_has_no_bar() -> None:
    assert "no value" in printed(label({}, loss=("layer", [1.0, np.nan])))


def test_a_picture_in_colour_has_its_legend_and_says_what_it_clips() -> None:
    values = np.ones((30, 30))
    values[0, 0] = 1000.0
    text = printed(label({}, gain=("layer position", values)), colour=True)
    assert "1 value lies beyond the ends" in text


def test_numbers_fit_five_characters() -> None:
    result = label({}, gain=("layer position", [[0.123, 1234.5, 1e8, -1e-9]]))
    assert printed(result).splitlines()[2].split() == ["0", "0.12", "1234", "1e+08", "−0.00"]
