"""A cut takes the slice that was asked for, and what belongs beside it."""

import re

import numpy as np
import pytest
import xarray as xr

from neuronscope.results import label
from neuronscope.views.cut import cut
from neuronscope.words import BadInput
from tests.views.examples import attention, effects, lens, profile


def test_the_first_variable_and_the_first_place_are_shown_unless_asked() -> None:
    part = cut(lens())
    assert (part.variable, part.kind, part.shown) == ("probability", "grid", "rank 1 of 3")
    assert [axis.name for axis in part.axes] == ["depth", "position"]
    assert (part.values == lens().probability.values[:, :, 0]).all()


def test_a_slice_is_the_one_selected() -> None:
    patterns = attention()
    part = cut(patterns, select={"layer": 1, "head": -1})
    assert (part.values == patterns.pattern.values[1, 2]).all()
    assert [(s["axis"], s["size"], s["index"]) for s in part.sliders] == [("layer", 2, 1), ("head", 3, 2)]


def test_companions_follow_the_slice() -> None:
    part = cut(lens(), select={"rank": 2})
    words = part.words_beside()
    assert words is not None
    assert words[3, 1] == " w312"


def test_words_of_the_variable_itself_come_before_other_words() -> None:
    found = label(
        {},
        score=("rank", [2.0, 1.0]),
        text=("rank", ["other", "words"]),
        score_word=("rank", ["own", "words"]),
    )
    words = cut(found).words_beside()
    assert words is not None
    assert words.tolist() == ["own", "words"]


def test_a_held_axis_is_told_in_the_words_of_its_coordinate() -> None:
    found = label({"item": ["previous token", "induction"]}, score=("item layer head", np.zeros((2, 3, 4))))
    found["item"].attrs["long_name"] = "sort of head"
    assert cut(found).shown == "sort of head previous token"


def test_tokens_name_positions_and_show_their_spaces() -> None:
    axis = cut(lens()).axes[1]
    assert axis.tokens
    assert axis.labels == ["When", "·Mary", "⏎", "<script>"]


def test_twin_tokens_show_both_where_they_differ() -> None:
    found = label(
        {"token": ("position", [" Mary", " went"]), "corrupt_token": ("position", [" John", " went"])},
        effect=("depth position", np.zeros((2, 2))),
    )
    assert cut(found).axes[1].labels == ["·Mary/·John", "·went"]


def test_groups_do_not_name_places() -> None:
    found = label({"group": ("item", ["x", "x", "y"])}, place=("item component", np.zeros((3, 2))))
    assert cut(found).axes[0].labels == ["0", "1", "2"]


def test_an_interval_is_found_by_name_and_by_bound() -> None:
    by_name = cut(profile()).interval()
    by_bound = cut(
        label({}, gain=("layer", [1.0, 2.0]), interval=("bound layer", [[0.5, 1.5], [1.5, 2.5]]))
    ).interval()
    itself = cut(label({}, gain=("layer bound", [[0.0, 2.0], [1.0, 3.0]])))
    own = itself.interval()
    assert by_name is not None
    assert by_bound is not None
    assert own is not None
    assert by_name[0].tolist() == [0.8, 0.4, 0.7]
    assert [end.tolist() for end in by_bound] == [[0.5, 1.5], [1.5, 2.5]]
    assert [end.tolist() for end in own] == [[0.0, 1.0], [2.0, 3.0]]
    assert itself.values.tolist() == [1.0, 2.0]


def test_companions_of_the_first_variable_are_not_those_of_another() -> None:
    found = profile().assign(other=("layer", [1.0, 2.0, 3.0]))
    assert cut(found, variable="other").interval() is None
    assert cut(found, variable="other").null() is None


def test_a_large_p_or_a_null_in_the_interval_is_not_distinct() -> None:
    by_p, by_null = cut(effects()).indistinct(), cut(profile()).indistinct()
    assert by_p is not None
    assert by_null is not None
    assert by_p.tolist() == [[False, False, True], [False, False, False]]
    assert by_null.tolist() == [False, True, False]
    assert cut(lens()).indistinct() is None


def test_the_level_of_p_may_be_said() -> None:
    strict = effects()
    strict["p"].attrs["level"] = 0.005
    masked = cut(strict).indistinct()
    assert masked is not None
    assert masked.sum() == 5


def test_true_counts_one_and_a_complex_number_its_size() -> None:
    assert cut(label({}, hit=("layer", [True, False]))).values.tolist() == [1.0, 0.0]
    turned = cut(label({}, wave=("layer", np.array([3 + 4j, 1j]))))
    assert turned.values.tolist() == [5.0, 1.0]
    assert turned.title == "size of wave"


def test_a_tree_gives_its_first_part_or_the_one_named() -> None:
    tree = xr.DataTree.from_dict({"/a": profile(), "/b": effects()})
    assert cut(tree).variable == "accuracy"
    assert cut(tree, variable="b/effect").values.shape == (2, 3)
    assert cut(tree, variable="effect").values.shape == (2, 3)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"variable": "probabilty"}, "The result has no variable 'probabilty'; did you mean 'probability'?"),
        (
            {"select": {"rnak": 0}},
            "Axis 'rnak' is no axis to choose; did you mean 'rank'?",
        ),
        ({"select": {"depth": 0}}, "Axis 'depth' is drawn, so it takes no index; sliders here: rank"),
        ({"select": {"rank": 3}}, "Index 3 is outside 'rank', which has 3 places; use 0 to 2"),
    ],
)
def test_what_cannot_be_cut_is_said(choice: dict, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        cut(lens(), **choice)


def test_nothing_and_a_single_number_are_refused() -> None:
    with pytest.raises(BadInput, match="holds no variable"):
        cut(xr.Dataset())
    with pytest.raises(BadInput, match="single number"):
        cut(xr.Dataset({"loss": 1.0}))


def test_dates_are_refused() -> None:
    dates = xr.Dataset({"when": ("layer", np.array(["2026-01-01"], dtype="datetime64[s]"))})
    with pytest.raises(BadInput, match="views draw numbers, true/false and words"):
        cut(dates)
