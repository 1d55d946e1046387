"""Figures hold the data, say what they show, and differ between themes in colours only."""

import json
import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuronscope.results import KINDS, kind_of, label
from neuronscope.views import draw, figure
from neuronscope.views.figure import VIEWS
from neuronscope.words import BadInput
from tests.views.examples import EXAMPLES, effects, lens

COLOUR = re.compile(r"#[0-9a-f]{6}")
kinds = pytest.mark.parametrize("kind", EXAMPLES)


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """Return every leaf of plain data by its path."""
    if isinstance(tree, dict):
        return {k: v for key, part in tree.items() for k, v in leaves(part, f"{path}/{key}").items()}
    if isinstance(tree, list):
        return {k: v for i, part in enumerate(tree) for k, v in leaves(part, f"{path}/{i}").items()}
    return {path: tree}


def test_every_kind_has_its_view_and_its_example() -> None:
    assert set(VIEWS) == set(KINDS) == set(EXAMPLES)


@kinds
def test_a_figure_is_plain_json_of_its_kind(kind: str) -> None:
    drawn = figure(EXAMPLES[kind])
    assert kind_of(EXAMPLES[kind]) == kind == drawn["layout"]["meta"]["kind"]
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn
    assert drawn["data"]


@kinds
def test_themes_differ_in_colours_only(kind: str) -> None:
    light = leaves(figure(EXAMPLES[kind], theme="light"))
    dark = leaves(figure(EXAMPLES[kind], theme="dark"))
    assert light.keys() == dark.keys()
    changed = {path for path in light if light[path] != dark[path]} - {"/layout/meta/theme"}
    assert "/layout/paper_bgcolor" in changed
    assert all(COLOUR.fullmatch(light[path]) and COLOUR.fullmatch(dark[path]) for path in changed)


@kinds
def test_axes_that_are_drawn_have_titles_or_names_on_their_ticks(kind: str) -> None:
    layout = figure(EXAMPLES[kind])["layout"]
    for name in ("xaxis", "yaxis"):
        axis = layout[name]
        assert not axis.get("visible", True) or axis["title"]["text"] or axis["ticktext"]


def test_a_slider_moves_the_values_and_not_the_colours() -> None:
    first, last = figure(lens()), figure(lens(), select={"rank": 2})
    assert first["data"][0]["z"] == lens().probability.values[:, :, 0].tolist()
    assert last["data"][0]["z"] == lens().probability.values[:, :, 2].tolist()
    ends = [[drawn["data"][0][end] for end in ("zmin", "zmax")] for drawn in (first, last)]
    assert ends == [[0.0, 0.9], [0.0, 0.9]]
    assert last["layout"]["meta"]["sliders"] == [
        {"axis": "rank", "size": 3, "index": 2, "label": "rank 3 of 3"}
    ]
    assert last["layout"]["title"]["subtitle"]["text"] == "how sure the model is — rank 3 of 3"


def test_the_title_says_analysis_and_variable() -> None:
    layout = figure(lens(), variable="entropy")["layout"]
    assert layout["title"]["text"] == "Logit lens: entropy"
    assert figure(effects())["layout"]["title"]["text"] == "Effect"


def test_n_stands_in_the_corner() -> None:
    notes = [note["text"] for note in figure(effects())["layout"]["annotations"]]
    assert "n = 24 prompts" in notes


def test_markup_in_data_stays_text() -> None:
    texts = [leaf for leaf in leaves(figure(lens())).values() if isinstance(leaf, str)]
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script" in text for text in texts)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (
            label({}, effect=("depth position", np.full((2, 2), np.nan))),
            "every value of this slice is missing",
        ),
        (label({}, effect=("depth position", np.zeros((2, 0)))), "position has no places"),
        (label({}, pattern=("layer query key", np.zeros((0, 2, 2)))), "layer has no places"),
        (label({}, value=("item", np.array([], dtype=str))), "item has no places"),
        (label({}, score=("node", np.zeros(0))), "node has no places"),
    ],
)
def test_nothing_is_drawn_of_nothing_and_the_figure_says_why(result: xr.Dataset, why: str) -> None:
    drawn = figure(result)
    assert drawn["data"] == []
    assert why in drawn["layout"]["annotations"][0]["text"]


def test_words_are_listed_as_words() -> None:
    drawn = figure(label({"item": ["width"]}, value=("item", ["160 <b>"])))
    assert [note["text"] for note in drawn["layout"]["annotations"]] == ["width", "160 &lt;b&gt;"]


def test_a_grid_of_words_is_written_into_cells() -> None:
    drawn = figure(lens(), variable="candidate")
    assert drawn["data"][0]["text"][:2] == ["·w000", "·w010"]
    assert [trace["type"] for trace in drawn["data"]] == ["scatter"]


def test_a_long_list_of_words_says_how_much_it_keeps() -> None:
    drawn = figure(label({}, text=("line", [f"line {i}" for i in range(100)])))
    assert "first 60 of 100 rows" in [note["text"] for note in drawn["layout"]["annotations"]]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(BadInput, match="Unknown theme 'sepia'; choose light or dark"):
        figure(lens(), theme="sepia")


AXES = {
    "grid": ("depth", "position", "rank"),
    "attention": ("layer", "query", "key"),
    "profile": ("layer",),
    "ranking": ("layer", "rank"),
    "tokens": ("position",),
    "matrix": ("item", "other"),
    "points": ("item", "component"),
    "trajectory": ("step", "component"),
    "field": ("x", "y", "step"),
    "graph": ("edge",),
}
TEXT = st.text(max_size=12) | st.sampled_from(["<br>", "$x$", "\x00\ud800\x1b[0m", " a\nb\t"])


@st.composite
def results(draw_from: st.DrawFn, kind: str) -> xr.Dataset:
    """Draw a labelled result of a kind: any sizes, any numbers, any words."""
    axes = AXES[kind]
    shape = tuple(draw_from(st.integers(0 if i else 1, 5)) for i, _ in enumerate(axes))
    count = int(np.prod(shape))
    reach = draw_from(st.sampled_from([1.0, 1e-9, 1e12]))
    value = st.floats(-1, 1, width=32) | st.sampled_from([float("nan"), float("inf"), 0.0])
    values = np.array(draw_from(st.lists(value, min_size=count, max_size=count)), dtype=float) * reach
    coords: dict[str, Any] = {}
    for axis, size in zip(axes, shape, strict=True):
        words = np.array(draw_from(st.lists(TEXT, min_size=size, max_size=size)), dtype=object)
        name = (
            "token" if kind == "tokens" else draw_from(st.sampled_from([f"{axis}_token", "group", axis, ""]))
        )
        if name:
            coords[name] = (axis, words)
    if kind == "graph":
        ends = st.lists(st.integers(0, 4), min_size=count, max_size=count)
        coords |= {"from_node": ("edge", draw_from(ends)), "to_node": ("edge", draw_from(ends))}
    found = xr.Dataset({"effect": (axes, values.reshape(shape))}, coords)
    if draw_from(st.booleans()):
        found["low"], found["high"] = found.effect - 0.1, found.effect + 0.2
        found["p"] = found.effect * 0 + draw_from(st.sampled_from([0.001, 0.5]))
    return found


@pytest.mark.parametrize("kind", AXES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_labelled_result_becomes_a_figure_and_a_picture(kind: str, data: st.DataObject) -> None:
    found = data.draw(results(kind))
    assert kind_of(found) == kind
    drawn = figure(found, theme=data.draw(st.sampled_from(["light", "dark"])))
    json.dumps(drawn, allow_nan=False)
    stream = BytesIO()
    draw(drawn, stream, format=data.draw(st.sampled_from(["png", "svg"])))
    if not stream.getvalue().startswith(b"\x89PNG"):
        ElementTree.fromstring(stream.getvalue())
