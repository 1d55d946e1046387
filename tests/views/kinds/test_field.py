"""A field stands on its real coordinates."""

import numpy as np

from neuronscope.results import label
from neuronscope.views import figure
from tests.views.examples import EXAMPLES


def test_cells_stand_at_their_coordinates_with_y_upwards() -> None:
    drawn = figure(EXAMPLES["field"])
    cells = drawn["data"][0]
    assert cells["x"] == [-1.0, 0.0, 1.0]
    assert cells["y"] == [0.0, 0.5]
    assert cells["z"] == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert drawn["layout"]["xaxis"]["range"] == [-1.5, 1.5]
    assert drawn["layout"]["yaxis"]["range"] == [-0.25, 0.75]


def test_uneven_coordinates_move_the_hatching_with_the_cells() -> None:
    result = label(
        {"x": [0.0, 1.0, 10.0], "y": [0.0, 1.0]},
        loss=("y x", np.ones((2, 3))),
        p=("y x", [[0.0, 0.0, 0.9], [0.0, 0.0, 0.0]]),
    )
    strokes = figure(result)["data"][2]
    known = [x for x in strokes["x"] if x is not None]
    assert (min(known), max(known)) == (5.5, 14.5)


def test_coordinates_out_of_order_are_only_numbered() -> None:
    result = label({"x": [1.0, 0.0], "y": [0.0, 1.0]}, loss=("y x", np.ones((2, 2))))
    assert figure(result)["data"][0]["x"] == [0, 1]
    assert figure(result)["layout"]["xaxis"]["ticktext"] == ["1", "0"]
