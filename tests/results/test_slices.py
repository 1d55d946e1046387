"""A slice is named by axes and holds exactly what numpy would give."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronscope.results import TooLarge, label, slice_of
from neuronscope.words import BadInput

GRID = np.arange(24.0).reshape(2, 3, 4)


@pytest.fixture
def result() -> xr.Dataset:
    return label(
        {"depth": [0, 5], "token": ("position", ["a", "b", "c", "d"])},
        effect=("depth head position", GRID),
        site=("head", ["z.0", "z.1", "z.2"]),
    )


def test_an_index_drops_its_axis_and_a_range_keeps_it_with_its_labels(result: xr.Dataset) -> None:
    cut = slice_of(result, "effect", {"head": 1, "position": "1:3"})
    assert cut == {
        "variable": "effect",
        "axes": ["depth", "position"],
        "shape": [2, 2],
        "coords": {"depth": [0, 5], "position": [1, 2]},
        "values": GRID[:, 1, 1:3].tolist(),
    }


places = st.integers(-4, 4)
ends = st.none() | places


@settings(deadline=None)
@given(ends, ends, st.none() | st.integers(1, 3))
def test_a_range_counts_as_python_counts(start: int | None, stop: int | None, step: int | None) -> None:
    result = label({}, effect=("depth head position", GRID))
    text = ":".join("" if part is None else str(part) for part in (start, stop, *([step] if step else [])))
    for wanted in (text, slice(start, stop, step)):
        cut = slice_of(result, "effect", {"position": wanted})
        assert cut["values"] == GRID[..., start:stop:step].tolist()
        assert cut["coords"]["position"] == list(range(4))[start:stop:step]


@settings(deadline=None)
@given(st.integers(-4, 3))
def test_a_negative_index_counts_from_the_end(place: int) -> None:
    result = label({}, effect=("depth head position", GRID))
    for wanted in (place, str(place), np.int64(place)):
        assert slice_of(result, "effect", {"position": wanted})["values"] == GRID[..., place].tolist()


def test_nothing_chosen_is_everything_and_a_single_value_is_one_number(result: xr.Dataset) -> None:
    assert slice_of(result, "effect")["values"] == GRID.tolist()
    assert slice_of(result, "effect", {"depth": 0, "head": 0, "position": 3})["values"] == 3.0
    assert slice_of(result, "token", {"position": "2:"})["values"] == ["c", "d"]


def test_what_is_not_finite_is_null_in_strict_json() -> None:
    result = label({}, v=("item", [1.0, np.nan, np.inf, -np.inf]), w=("", np.nan))
    assert json.dumps(slice_of(result, "v")["values"], allow_nan=False) == "[1.0, null, null, null]"
    assert slice_of(result, "w")["values"] is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([True, False], [True, False]),
        (np.array([1, 2], "i8"), [1, 2]),
        (["a", ""], ["a", ""]),
        (np.array([1 + 2j, 3]), [[1.0, 2.0], [3.0, 0.0]]),
        (np.array([1.5, np.nan], "f2"), [1.5, None]),
        (np.array(["2026-11-21", "NaT"], "M8[s]"), ["2026-11-21T00:00:00", "NaT"]),
    ],
)
def test_every_dtype_leaves_as_plain_json(values, told: list) -> None:
    assert slice_of(label({}, v=("item", values)), "v")["values"] == told


def test_a_group_of_a_tree_comes_before_its_variable(result: xr.Dataset) -> None:
    tree = xr.DataTree.from_dict({"/part/inner": result})
    assert slice_of(tree, "part/inner/site", {"head": 1})["values"] == "z.1"
    for name in ("elsewhere/site", "part/inner/site/site"):
        with pytest.raises(BadInput, match="The result has no group"):
            slice_of(tree, name)


@pytest.mark.parametrize(
    ("variable", "selection", "sentence"),
    [
        ("efect", {}, "The result has no variable 'efect'; did you mean 'effect'?"),
        ("zzz", {}, "The result has no variable 'zzz'; it has effect, site, depth, token."),
        ("effect", {"had": 0}, "There is no axis 'had' to cut; did you mean 'head'?"),
        ("effect", {"step": 0}, "There is no axis 'step' to cut; it has depth, head, position."),
        ("effect", {"head": 3}, "head=3 is out of range; head has 3 entries, so 0 to 2."),
        ("effect", {"head": "-4"}, "head=-4 is out of range"),
        ("effect", {"head": "one"}, "head='one' is neither an index nor a range such as 0:8."),
        ("effect", {"head": "1:2:3:4"}, "is neither an index nor a range"),
        ("effect", {"head": 1.0}, "head=1.0 is neither an index nor a range"),
        ("effect", {"head": True}, "head=True is neither an index nor a range"),
        ("effect", {"head": None}, "head=None is neither an index nor a range"),
        ("effect", {"head": "::-1"}, "head cannot run backwards; give a step of 1 or more."),
        ("effect", {"head": "::0"}, "head cannot run backwards"),
    ],
)
def test_a_wrong_slice_is_refused_in_words(
    variable: str, selection: dict, sentence: str, result: xr.Dataset
) -> None:
    with pytest.raises(BadInput) as refusal:
        slice_of(result, variable, selection)
    assert sentence in str(refusal.value)


def test_an_empty_axis_has_no_index() -> None:
    with pytest.raises(BadInput, match="item=0 is out of range; item is empty"):
        slice_of(label({}, v=("item", np.zeros(0))), "v", {"item": 0})


def test_a_slice_too_large_says_how_to_cut_it(result: xr.Dataset) -> None:
    with pytest.raises(
        TooLarge, match=r"holds 24 values and 10 fit one answer; cut it by depth=0:8 or head=0:8"
    ):
        slice_of(result, "effect", limit=10)
    assert slice_of(result, "effect", {"depth": 0, "position": "0:3"}, limit=10)["shape"] == [3, 3]
    assert slice_of(result, "effect", limit=None)["shape"] == [2, 3, 4]
