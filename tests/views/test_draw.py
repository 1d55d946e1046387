"""Pictures are drawn from figures without a browser, and equal figures give equal bytes."""

import struct
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neuronscope.results import label
from neuronscope.views import draw, figure, picture
from neuronscope.words import BadInput
from tests.views.examples import EXAMPLES, effects, lens, profile, ranking

kinds = pytest.mark.parametrize("kind", EXAMPLES)


@kinds
def test_a_png_has_two_pixels_for_each_of_the_layout(kind: str, tmp_path: Path) -> None:
    drawn = figure(EXAMPLES[kind])
    draw(drawn, tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    size = struct.unpack(">II", content[16:24])
    meta = drawn["layout"]["meta"]
    assert size == pytest.approx((2 * meta["width"], 2 * meta["height"]), abs=1)


@kinds
def test_an_svg_is_well_formed_and_keeps_its_words_as_text(kind: str) -> None:
    drawn = figure(EXAMPLES[kind])
    root = ElementTree.fromstring(picture(drawn, format="svg"))
    words = "".join(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn["layout"]["meta"]["title"] in words


@pytest.mark.parametrize("format", ["png", "svg"])
@kinds
def test_equal_figures_give_equal_bytes(kind: str, format: str) -> None:
    first, again = (picture(figure(EXAMPLES[kind]), format=format) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("result", [effects(), profile(), ranking()], ids=["grid", "profile", "ranking"])
def test_uncertainty_is_drawn(result) -> None:
    plain = result.drop_vars([name for name in ("low", "high", "p", "null") if name in result])
    assert picture(figure(result), format="png") != picture(figure(plain), format="png")


def test_words_in_cells_are_in_the_picture() -> None:
    assert b"w010" in picture(figure(lens()), format="svg")


def test_tokens_are_escaped_in_the_picture() -> None:
    svg = picture(figure(lens()), format="svg")
    assert b"&lt;script&gt;" in svg
    assert b"<script" not in svg


def test_names_that_nothing_refers_to_are_left_out_so_that_two_pictures_share_a_page() -> None:
    first, second = (
        ElementTree.fromstring(picture(figure(EXAMPLES[k]), format="svg")) for k in ("grid", "matrix")
    )
    names = [{part.attrib["id"] for part in root.iter() if "id" in part.attrib} for root in (first, second)]
    assert not names[0] & names[1]


def test_signs_without_a_face_are_drawn_in_silence() -> None:
    result = label({"token": ("position", ["你好", "\U0001f600"])}, surprise=("position", [1.0, 2.0]))
    assert picture(figure(result), format="png")


def test_dollars_are_no_formulas() -> None:
    result = label({"token": ("position", ["$x^2", "$"])}, surprise=("position", [1.0, 2.0]))
    assert b"$x^2" in picture(figure(result), format="svg")


def test_a_large_grid_is_drawn_as_an_image() -> None:
    result = label(
        {}, activation=("neuron position", [[float(i * j % 7) for j in range(90)] for i in range(90)])
    )
    assert b"<image" in picture(figure(result), format="svg")


def test_a_picture_goes_into_an_open_file() -> None:
    stream = BytesIO()
    draw(figure(lens()), stream, format="SVG")
    assert stream.getvalue() == picture(figure(lens()), format="svg")


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Cannot draw as 'gif'; choose png or svg"):
        draw(figure(lens()), tmp_path / "a.gif")
    with pytest.raises(BadInput, match="Cannot draw as 'a file without ending'; choose png or svg"):
        draw(figure(lens()), tmp_path / "a")


def test_a_path_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Cannot write .*missing.*: No such file or directory; choose"):
        draw(figure(lens()), tmp_path / "missing" / "a.png")


def test_a_log_scale_is_drawn_as_one() -> None:
    result = label({"step": [1, 2, 4, 8, 16, 512, 1000]}, loss=("step", [8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]))
    words = "".join(ElementTree.fromstring(picture(figure(result), format="svg")).itertext())
    assert "log scale" in words
    assert "1,000" in words


def test_whiskers_of_dots_are_drawn() -> None:
    result = label({}, effect=("head", [1.0, 2.0]), low=("head", [0.5, 1.5]), high=("head", [1.5, 2.5]))
    plain = picture(figure(result.drop_vars(["low", "high"])), format="svg")
    assert picture(figure(result), format="svg") != plain


def test_a_single_cell_is_drawn() -> None:
    assert picture(figure(label({}, gain=("layer position", [[2.0]]))), format="png")
    assert picture(figure(label({"x": [3.0], "y": [1.0]}, loss=("y x", [[2.0]]))), format="png")
