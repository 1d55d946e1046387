"""Points keep their distances, their names and their groups."""

import numpy as np
import pytest

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.theme import THEMES
from tests.views.examples import EXAMPLES


def test_groups_are_coloured_and_named() -> None:
    result = EXAMPLES["points"]
    drawn = figure(result)
    assert [trace["marker"]["color"] for trace in drawn["data"]] == list(THEMES["light"].categories[:2])
    assert drawn["data"][0]["x"] == result.place.values[:2, 0].tolist()
    assert drawn["data"][1]["y"] == result.place.values[2:, 1].tolist()
    texts = [note["text"] for note in drawn["layout"]["annotations"]]
    assert {" x ", " y ", "4 points"} <= set(texts)


def test_both_axes_have_one_scale_and_say_how_many_components_there_are() -> None:
    layout = figure(EXAMPLES["points"])["layout"]
    lengths = [layout[name]["range"][1] - layout[name]["range"][0] for name in ("xaxis", "yaxis")]
    assert lengths[0] == pytest.approx(lengths[1])
    assert layout["yaxis"]["scaleanchor"] == "x"
    assert layout["xaxis"]["title"]["text"] == "component 0; 3 components in all"


def test_numbers_colour_the_points_along_a_scale() -> None:
    result = label({}, place=("item component", np.eye(2)), norm=("item", [1.0, 3.0], {"units": "a.u."}))
    (dots,) = figure(result)["data"]
    assert dots["marker"]["color"] == [1.0, 3.0]
    assert (dots["marker"]["cmin"], dots["marker"]["cmax"]) == (0.0, 3.0)
    assert dots["marker"]["colorbar"]["title"]["text"] == "norm (a.u.)"


def test_few_points_are_named_and_many_are_not() -> None:
    few = figure(label({"item": [" cat", "dog"]}, place=("item component", np.eye(2))))["data"][0]
    many = figure(label({}, place=("item component", np.zeros((50, 2)))))["data"][0]
    assert few["text"] == [" cat", "dog"]
    assert many["mode"] == "markers"


def test_beyond_eight_groups_are_the_others() -> None:
    names = [f"g{i}" for i in range(10) for _ in range(2)]
    result = label(
        {"group": ("item", names)}, place=("item component", np.random.default_rng(0).normal(size=(20, 2)))
    )
    drawn = figure(result)
    assert len(drawn["data"]) == 9
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert " others (2) " in notes
    assert "colour: group, the eight most frequent" in notes


def test_one_component_lies_on_a_line() -> None:
    drawn = figure(label({}, place=("item component", [[1.0], [2.0]])))
    assert drawn["data"][0]["y"] == [0.0, 0.0]
    assert drawn["layout"]["yaxis"]["title"]["text"] == ""


def test_many_points_on_a_ramp_are_drawn_in_a_mixed_order_with_their_own_colours() -> None:
    count = 400
    places = np.stack([np.arange(count), np.zeros(count)], 1).astype(float)
    dots = figure(label({}, place=("item component", places), layer=("item", np.arange(count))))["data"][0]
    assert dots["x"] == dots["marker"]["color"]
    assert dots["x"] != sorted(dots["x"])
    assert sorted(dots["x"]) == list(map(float, range(count)))
