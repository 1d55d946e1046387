"""Tokens are set as text, each on the colour of its value."""

from itertools import pairwise

import numpy as np

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
