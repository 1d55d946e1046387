"""Heatmaps show the numbers they were given, the right way up, and what cannot be told from random."""

import numpy as np
import pytest

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.theme import THEMES, contrast
from tests.views.examples import attention, effects, lens


def test_cells_hold_the_values_and_none_where_there_is_none() -> None:
    cells = figure(effects())["data"][0]
    assert cells["z"] == [[0.5, -0.2, 0.01], [2.0, None, -1.0]]
    assert (cells["x"], cells["y"]) == ([0, 1, 2], [0, 1])
    notes = [note["text"] for note in figure(effects())["layout"]["annotations"]]
    assert any("plain grey: no finite value" in note for note in notes)


def test_signed_cells_are_symmetric_about_zero() -> None:
    cells = figure(effects())["data"][0]
    assert (cells["zmin"], cells["zmax"]) == (-2.0, 2.0)
    assert cells["colorbar"]["ticktext"] == ["−2", "0", "2"]
    assert cells["colorbar"]["title"]["text"] == "effect (logits)"


def test_depth_rises_and_queries_fall() -> None:
    low, high = figure(lens())["layout"]["yaxis"]["range"]
    assert low < high
    low, high = figure(attention())["layout"]["yaxis"]["range"]
    assert low > high


def test_a_list_of_sites_is_read_from_the_top() -> None:
    result = label({"site": ["q", "k"]}, effect=("site position", np.ones((2, 3))))
    low, high = figure(result)["layout"]["yaxis"]["range"]
    assert low > high


def test_attention_cells_are_square() -> None:
    layout = figure(attention())["layout"]
    assert layout["yaxis"]["scaleanchor"] == "x"


def test_tokens_stand_on_the_axis_with_their_spaces() -> None:
    axis = figure(lens())["layout"]["xaxis"]
    assert axis["ticktext"] == ["When", "·Mary", "⏎", "&lt;script&gt;"]
    assert axis["tickvals"] == [0, 1, 2, 3]
    assert "monospace" in axis["tickfont"]["family"]
    assert axis["title"]["text"] == "position (token)"


def test_a_crowded_axis_names_every_so_many_and_says_so() -> None:
    tokens = [f" token{i}" for i in range(200)]
    axis = figure(label({"token": ("position", tokens)}, gain=("depth position", np.ones((2, 200)))))
    axis = axis["layout"]["xaxis"]
    step = int(axis["tickvals"][1] - axis["tickvals"][0])
    assert step > 1
    assert axis["title"]["text"] == f"position (token); every {step}th named"
    assert axis["tickangle"] == -45


def test_a_long_axis_of_numbers_has_round_ticks() -> None:
    axis = figure(label({}, gain=("neuron position", np.ones((1000, 300)))))["layout"]
    for name in ("xaxis", "yaxis"):
        steps = set(np.diff(axis[name]["tickvals"]).tolist())
        assert len(steps) == 1
        assert steps.pop() in (10, 20, 50, 100)


def test_words_are_written_into_cells_in_readable_ink() -> None:
    drawn = figure(lens())
    written = drawn["data"][-1]
    assert written["mode"] == "text"
    assert written["text"][4 * 3 + 1] == "·w310"
    assert written["x"][4 * 3 + 1] == 1
    assert written["y"][4 * 3 + 1] == 3
    theme = THEMES["light"]
    share = drawn["data"][0]["z"][3][1] / 0.9
    ground = theme.magnitude[round(share * 10)]
    assert contrast(written["textfont"]["color"][13], ground) >= 4.5


def test_words_are_left_out_where_cells_are_narrow() -> None:
    many = label(
        {}, probability=("depth position", np.ones((2, 60))), candidate=("depth position", [["a"] * 60] * 2)
    )
    assert [trace["type"] for trace in figure(many)["data"]] == ["heatmap"]


def test_what_is_not_distinct_from_random_is_veiled_and_hatched() -> None:
    drawn = figure(effects())
    veil, strokes = drawn["data"][1:3]
    assert veil["z"] == [[None, None, 1], [None, None, None]]
    assert strokes["mode"] == "lines"
    known = [x for x in strokes["x"] if x is not None]
    assert (min(known), max(known)) == (1.5, 2.5)
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert "hatched grey: not distinguishable from random" in notes


def test_hatching_strikes_no_word_out() -> None:
    both = ("layer head", np.ones((2, 2)))
    words = ("layer head", [["previous", "first"], ["first", "–"]])
    drawn = figure(label({}, score=both, p=both, sort=words))
    strokes = next(trace for trace in drawn["data"] if trace.get("mode") == "lines")
    heights = [abs(y - round(y)) for y in strokes["y"] if y is not None]
    assert min(heights) > 0.15


def test_a_plot_of_few_columns_fills_its_paper_and_keeps_its_labels_level() -> None:
    names = ["recipient", "subject", "giver", "thing", "end"]
    layout = figure(label({"span": names}, effect=("depth span", np.ones((7, 5)))))["layout"]
    assert layout["xaxis"]["tickangle"] == 0
    assert layout["xaxis"]["ticktext"] == names


def test_many_veiled_cells_are_not_hatched_one_by_one() -> None:
    size = (50, 40)
    result = label({}, gain=("neuron position", np.ones(size)), p=("neuron position", np.ones(size)))
    assert [trace["type"] for trace in figure(result)["data"]] == ["heatmap", "heatmap"]


def test_clipped_values_say_so() -> None:
    values = np.ones((30, 30))
    values[0, 0] = 1000.0
    drawn = figure(label({}, gain=("neuron position", values)))
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert notes[0] == "1 value lies beyond the ends of the scale, the furthest at 1,000"
    assert drawn["data"][0]["colorbar"]["ticktext"][-1] == "≥ 1"
    assert drawn["data"][0]["z"][0][0] == 1000.0


def test_hovering_tells_place_and_value() -> None:
    assert figure(lens())["data"][0]["hovertext"][0][1] == "depth 0, position ·Mary: 0.843 ·w010"
    large = figure(label({}, gain=("neuron position", np.ones((80, 80)))))["data"][0]
    assert "hovertext" not in large
    assert "%{z" in large["hovertemplate"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (400, 1), (3, 1000)])
def test_any_shape_fits_the_paper(shape: tuple[int, int]) -> None:
    meta = figure(label({}, gain=("neuron position", np.ones(shape))))["layout"]["meta"]
    assert 500 <= meta["width"] <= 920
    assert 100 <= meta["height"] <= 700
