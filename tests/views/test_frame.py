"""Axes have few ticks that do not overlap, and headers keep to the paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronscope.results import label
from neuronscope.views import figure
from neuronscope.views.cut import Axis
from neuronscope.views.frame import fitting, number_ticks, plain_numbers, span_of, ticks, wrapped


def numbered(size: int) -> Axis:
    return Axis("layer", "layer", [str(i) for i in range(size)], False, np.arange(size, dtype=float))


@given(st.integers(1, 5000), st.floats(50, 900), st.booleans())
def test_ticks_keep_their_distance(size: int, length: float, upright: bool) -> None:
    chosen = ticks(numbered(size), length, upright=upright)
    gaps = np.diff(chosen.places) * length / size
    assert chosen.places[0] == 0
    assert (gaps >= 13).all()
    assert all(text == str(int(place)) for text, place in zip(chosen.texts, chosen.places, strict=True))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_round_ticks_lie_within_and_are_few(low: float, length: float, most: int) -> None:
    places, texts = number_ticks(low, low + length, most=most)
    assert len(places) <= most + 1
    assert all(low - 1e-6 * length <= place <= low + length * (1 + 1e-6) for place in places)
    assert len(texts) == len(places)


def test_a_span_shows_what_must_be_kept() -> None:
    low, high = span_of(np.array([2.0, 3.0, np.nan]), keep=[0.0])
    assert low < 0
    assert high > 3
    assert span_of(np.array([np.nan])) == pytest.approx((-0.05, 1.05))
    low, high = span_of(np.array([4.0]))
    assert low < 4 < high


def test_what_is_no_number_becomes_none() -> None:
    assert plain_numbers(np.array([[1.0, np.nan], [np.inf, -2.0]])) == [[1.0, None], [None, -2.0]]


@given(st.text(alphabet="ab ", max_size=80), st.integers(3, 20))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line for line in lines)


def test_a_title_too_long_for_its_axis_drops_its_brackets() -> None:
    assert fitting("depth (blocks passed)", 400) == "depth (blocks passed)"
    assert fitting("depth (blocks passed)", 80) == "depth"


def test_a_long_reading_is_broken_into_lines_that_fit() -> None:
    reading = "word " * 60
    layout = figure(label({}, gain=("layer", [1.0, 2.0], {"meaning": reading.strip()})))["layout"]
    lines = layout["title"]["subtitle"]["text"].split("<br>")
    assert len(lines) > 1
    assert max(map(len, lines)) * 6.6 <= layout["meta"]["width"]
    assert layout["margin"]["t"] > 40 + 16 * len(lines)
