"""Rankings name every bar and say how sure it is."""

import numpy as np

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.theme import THEMES
from tests.views.examples import ranking


def test_the_first_bar_is_on_top_with_its_value_beside_it() -> None:
    drawn = figure(ranking())
    (bars,) = drawn["data"]
    assert bars["x"] == [3.0, -1.0, 0.2]
    assert bars["y"] == [0, 1, 2]
    top = drawn["layout"]["yaxis"]
    assert top["range"][0] > top["range"][1]
    assert top["ticktext"] == ["first", "second", "third"]
    assert [note["text"] for note in drawn["layout"]["annotations"] if note["xref"] == "x"] == [
        "3",
        "−1",
        "0.2",
    ]


def test_the_sign_has_its_colour_and_randomness_its_hatching() -> None:
    marker = figure(ranking())["data"][0]["marker"]
    theme = THEMES["light"]
    assert marker["color"] == [theme.signed[-2], theme.signed[1], theme.missing]
    assert marker["pattern"]["shape"] == ["", "", "/"]


def test_whiskers_reach_the_ends_of_the_interval() -> None:
    bars = figure(ranking())["data"][0]
    assert bars["error_x"]["array"] == [1.0, 0.5, 0.39999999999999997]
    assert bars["error_x"]["arrayminus"] == [1.0, 1.0, 0.5]
    low, high = figure(ranking())["layout"]["xaxis"]["range"]
    assert low < -2
    assert high > 4


def test_the_number_of_a_small_negative_bar_stays_inside_the_plot() -> None:
    layout = figure(label({}, effect=("rank", [4.0, -1.52e-5])))["layout"]
    low, high = layout["xaxis"]["range"]
    plot = layout["meta"]["width"] - layout["margin"]["l"] - layout["margin"]["r"]
    assert -low / (high - low) * plot > len("−1.52e−5") * 6


def test_bars_of_magnitudes_begin_at_zero() -> None:
    assert figure(label({}, share=("rank", [0.9, 0.8])))["layout"]["xaxis"]["range"][0] == 0.0


def test_ranks_are_named_by_words_or_by_what_they_rank() -> None:
    words = label({}, probability=("rank", [0.9, 0.1]), candidate=("rank", [" the", " a"]))
    assert figure(words)["layout"]["yaxis"]["ticktext"] == ["·the", "·a"]
    units = label(
        {"token": ("position", ["When", " Mary"])},
        top_activation=("layer rank", [[2.0, 1.0]]),
        top_neuron=("layer rank", [[40, 7]]),
        top_position=("layer rank", [[1, 0]]),
    )
    assert figure(units)["layout"]["yaxis"]["ticktext"] == [
        "neuron 40, position 1 ·Mary",
        "neuron 7, position 0 When",
    ]


def test_a_long_ranking_says_how_much_it_keeps() -> None:
    drawn = figure(label({}, share=("rank", np.linspace(1, 0, 1200))))
    assert len(drawn["data"][0]["x"]) == 40
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert "first 40 of 1,200, in the order of the result" in notes
