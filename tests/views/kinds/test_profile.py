"""Profiles show values, intervals and chance."""

import numpy as np
import pytest

from neuronscope.results import label
from neuronscope.views import figure
from tests.views.examples import profile


def test_a_line_has_its_interval_as_a_band_and_chance_dotted() -> None:
    band, chance, line = figure(profile())["data"]
    assert line["y"] == [0.9, 0.5, 0.8]
    assert line["x"] == [0.0, 1.0, 2.0]
    assert band["fill"] == "toself"
    assert band["y"] == [1.0, 0.6, 0.9, 0.7, 0.4, 0.8]
    assert chance["y"] == [0.5, 0.5, 0.5]
    assert chance["line"]["dash"] == "dot"


def test_what_is_not_distinct_from_random_is_an_empty_ring() -> None:
    drawn = figure(profile())
    colours = drawn["data"][-1]["marker"]["color"]
    assert colours[1] == drawn["layout"]["paper_bgcolor"]
    assert colours[0] == colours[2] != colours[1]
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert "empty grey rings: not distinguishable from random" in notes


def test_an_axis_without_order_has_dots_with_whiskers() -> None:
    result = label({}, effect=("head", [1.0, -1.0]), low=("head", [0.5, -2.0]), high=("head", [2.0, 0.0]))
    (dots,) = figure(result)["data"]
    assert dots["mode"] == "markers"
    assert dots["error_y"]["array"] == [1.0, 1.0]
    assert dots["error_y"]["arrayminus"] == [0.5, 1.0]


def test_the_whole_interval_is_on_the_paper() -> None:
    low, high = figure(profile())["layout"]["yaxis"]["range"]
    assert low < 0.4
    assert high > 1.0


@pytest.mark.parametrize(("values", "shown"), [([0.1, 2.0], True), ([9.0, 10.0], False), ([-1.0, 5.0], True)])
def test_zero_is_shown_where_it_is_near(values: list[float], shown: bool) -> None:
    low, high = figure(label({}, loss=("layer", values)))["layout"]["yaxis"]["range"]
    assert (low <= 0 <= high) is shown


def test_values_stand_at_their_own_steps() -> None:
    result = label({"step": [0, 10, 1000]}, loss=("step", [3.0, 2.0, 1.0]))
    drawn = figure(result)
    assert drawn["data"][-1]["x"] == [0.0, 10.0, 1000.0]
    assert 1000.0 in drawn["layout"]["xaxis"]["tickvals"]


def test_steps_over_decades_are_on_a_log_scale_that_says_so() -> None:
    result = label({"step": [1, 2, 4, 8, 16, 512, 1000]}, loss=("step", np.linspace(8, 1, 7)))
    axis = figure(result)["layout"]["xaxis"]
    assert axis["type"] == "log"
    assert axis["title"]["text"] == "step, log scale"
    assert axis["tickvals"] == [1.0, 10.0, 100.0, 1000.0]
    assert axis["range"][0] <= 0
    assert axis["range"][1] >= 3


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    assert figure(label({}, loss=("layer", [1.0, np.nan, 2.0])))["data"][-1]["y"] == [1.0, None, 2.0]
