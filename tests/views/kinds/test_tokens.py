"""Tokens are set as text, each on the colour of its value."""

from itertools import pairwise

import numpy as np
import xarray as xr

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.theme import THEMES, contrast
from tests.views.examples import EXAMPLES


def test_boxes_follow_each_other_and_take_the_colours_of_the_values() -> None:
    drawn = figure(EXAMPLES["tokens"])
    boxes = drawn["layout"]["shapes"]
    theme = THEMES["light"]
    assert len(boxes) == 4
    assert boxes[3]["fillcolor"] == theme.magnitude[-1]
    assert all(a["x1"] <= b["x0"] or a["y0"] < b["y0"] for a, b in pairwise(boxes))
    (words,) = drawn["data"]
    assert words["text"] == ["When", "·Mary", "⏎", "&lt;script&gt;"]
    assert words["marker"]["color"] == [1.0, 2.0, 0.5, 4.0]
    inks = zip(words["textfont"]["color"], boxes, strict=True)
    assert all(contrast(ink, box["fillcolor"]) >= 4.5 for ink, box in inks)


def test_a_line_end_breaks_the_line() -> None:
    assert figure(EXAMPLES["tokens"])["data"][0]["y"] == [0, 0, 0, 1]


def test_long_texts_wrap_and_very_long_ones_say_what_is_left_out() -> None:
    tokens = [f" word{i}" for i in range(700)]
    drawn = figure(label({"token": ("position", tokens)}, surprise=("position", np.ones(700))))
    starts, lines = drawn["data"][0]["x"], drawn["data"][0]["y"]
    assert max(starts) < 90
    assert lines == sorted(lines)
    assert lines[-1] > 10
    assert "first 600 of 700 tokens" in [note["text"] for note in drawn["layout"]["annotations"]]


def test_what_is_not_distinct_from_random_is_grey() -> None:
    result = EXAMPLES["tokens"].assign(p=("position", [0.9, 0.01, 0.01, 0.01]))
    assert figure(result)["layout"]["shapes"][0]["fillcolor"] == THEMES["light"].veil


def lines_of_tokens() -> xr.Dataset:
    """Two examples with tokens of their own, given by id, the second cut off at its end."""
    ids = [[[0, 1, 2], [2, 1, -1]], [[1, 1, 1], [-1, 0, -1]]]
    values = [[[1.0, 8.0, 2.0], [0.5, 4.0, np.nan]], [[0.1, 0.2, 0.1], [np.nan, 0.1, np.nan]]]
    return label(
        {
            "position": [-1, 0, 1],
            "token": ("neuron rank position", ids, {"words": "token_text"}),
        },
        activation=("neuron rank position", values),
        token_text=("vocab", ["When", " a", " longer"]),
    )


def test_lines_with_tokens_of_their_own_stand_below_each_other_at_position_zero() -> None:
    drawn = figure(lines_of_tokens())
    (words,) = drawn["data"]
    assert words["text"] == ["When", "·a", "·longer", "·longer", "·a"]
    assert words["y"] == [0, 0, 0, 1, 1]
    assert words["x"][1] == words["x"][4]
    assert words["marker"]["color"] == [1.0, 8.0, 2.0, 0.5, 4.0]
    boxes = drawn["layout"]["shapes"]
    assert all(a["x1"] <= b["x0"] or a["y0"] < b["y0"] for a, b in pairwise(boxes))
    assert [slider["axis"] for slider in drawn["layout"]["meta"]["sliders"]] == ["neuron"]


def test_lines_of_tokens_are_coloured_by_the_values_shown() -> None:
    first, second = (figure(lines_of_tokens(), select={"neuron": n})["data"][0] for n in (0, 1))
    assert first["marker"]["cmax"] == 8.0
    assert second["marker"]["cmax"] == 0.2
