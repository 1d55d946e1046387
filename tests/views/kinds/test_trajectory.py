"""A path keeps the order of its steps and names its ends."""

import numpy as np

from neuronscope.results import label
from neuronscope.views import figure
from tests.views.examples import EXAMPLES


def test_the_path_runs_through_its_steps() -> None:
    drawn = figure(EXAMPLES["trajectory"])
    path, dots = drawn["data"]
    assert (path["x"], path["y"]) == ([0.0, 1.0, 2.0], [1.0, 1.0, 0.0])
    assert dots["marker"]["color"] == [0.0, 10.0, 20.0]
    texts = [note["text"] for note in drawn["layout"]["annotations"]]
    assert texts == ["step 0", "step 20"]


def test_a_long_path_is_whole_and_its_marks_are_thinned() -> None:
    walk = np.cumsum(np.ones((5000, 2)), axis=0)
    path, dots = figure(label({}, path=("step component", walk)))["data"]
    assert len(path["x"]) == 5000
    assert len(dots["x"]) == 200
    assert (dots["x"][0], dots["x"][-1]) == (1.0, 5000.0)


def test_a_gap_is_not_bridged_and_the_ends_are_those_known() -> None:
    result = label({}, path=("step component", [[np.nan, 0.0], [1.0, 1.0], [2.0, 2.0]]))
    drawn = figure(result)
    assert drawn["data"][0]["x"] == [None, 1.0, 2.0]
    assert [note["text"] for note in drawn["layout"]["annotations"]] == ["step 1", "step 2"]
