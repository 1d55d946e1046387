"""Tokens, numbers and names are written as readers of figures expect them."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from neuronscope.views.labels import (
    axis_title,
    escaped,
    is_text,
    number,
    plain,
    shortened,
    value_title,
    visible,
    written,
)


@pytest.mark.parametrize(
    ("token", "shown"),
    [(" the", "·the"), ("a\n", "a⏎"), ("\t", "⇥"), ("\r", "␍"), ("", "∅"), ("\x00", "\\x00"), ("你", "你")],
)
def test_what_cannot_be_seen_is_shown(token: str, shown: str) -> None:
    assert visible(token) == shown


@given(st.text())
def test_no_white_space_and_nothing_unprintable_is_left(token: str) -> None:
    shown = visible(token)
    assert shown.isprintable()
    assert not set(shown) & set(" \n\t\r")


@given(st.text())
def test_what_is_escaped_for_plotly_comes_back_plain(text: str) -> None:
    assert "<" not in escaped(text)
    assert plain(escaped(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.98765, "0.988"),
        (-0.5, "−0.5"),
        (1234.5, "1,234"),
        (-1e-5, "−1e−5"),
        (3e9, "3e9"),
        (float("nan"), "no value"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_keep_three_figures(value: float, text: str) -> None:
    assert number(value) == text


def test_values_are_written_by_their_type() -> None:
    assert [written(v) for v in (True, np.int64(-3), 0.25, "x", b"y")] == ["yes", "−3", "0.25", "x", "y"]


@given(st.text(), st.integers(1, 20))
def test_a_shortened_text_fits(text: str, length: int) -> None:
    assert len(shortened(text, length)) <= length
    assert shortened(text, max(len(text), 1)) == text


def test_titles_carry_units() -> None:
    array = xr.DataArray(
        [1.0], dims="step", name="loss", attrs={"long_name": "training loss", "units": "nats"}
    )
    step = xr.DataArray([5], dims="step", attrs={"units": "tokens"})
    assert value_title(array) == "training loss (nats)"
    assert axis_title(xr.Dataset({"loss": array}, {"step": step}), "step") == "step (tokens)"
    assert axis_title(xr.Dataset({"loss": array}), "from_node") == "from node"


def test_one_is_no_unit() -> None:
    assert value_title(xr.DataArray(0.0, name="share", attrs={"units": "1"})) == "share"


def test_words_are_told_from_numbers() -> None:
    assert is_text(np.array(["a"]))
    assert is_text(np.array(["a", "b\0"], dtype=object))
    assert not is_text(np.array([1.0]))
    assert not is_text(np.array([1.0, 2.0], dtype=object))
