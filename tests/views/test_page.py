"""A page is whole in itself, in both themes, and shows markup in data as text."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from neuronscope.results import label, stamp
from neuronscope.views import page
from neuronscope.words import BadInput
from tests.views.examples import attention, effects, lens, profile


class Reader(HTMLParser):
    """Collect the tags, the attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_markup_from_results_is_shown_and_never_run() -> None:
    read = Reader(page(lens()))
    assert "script" not in read.tags
    assert "<script>alert(1)</script>" in read.words
    assert read.words.count("<script>") > 2


def test_a_page_asks_nothing_of_the_network() -> None:
    text = page(attention())
    assert all(link.startswith(("#", "data:")) for link in Reader(text).links)
    assert "@import" not in text
    assert "url(http" not in text


def test_every_element_that_is_opened_is_closed() -> None:
    text = page(lens())
    for tag in ("div", "figure", "table", "tr", "td", "th", "dl", "svg", "p", "header"):
        assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), tag


def test_the_readers_system_chooses_the_theme() -> None:
    text = page(effects())
    assert "prefers-color-scheme: light" in text
    assert "prefers-color-scheme: dark" in text
    assert text.count("<svg") == 2


def test_a_theme_may_be_fixed() -> None:
    text = page(effects(), theme="dark")
    assert "prefers-color-scheme" not in text
    assert text.count("<svg") == 1
    assert "#14171c" in text
    with pytest.raises(BadInput, match="Unknown theme 'sepia'"):
        page(effects(), theme="sepia")


def test_a_short_slider_becomes_several_figures() -> None:
    text = page(lens(n_ranks=3), theme="light")
    assert all(f"rank {i} of 3" in text for i in (1, 2, 3))
    assert text.count("<figure>") == 4  # three ranks, and the entropy


def test_a_slice_of_more_says_what_it_leaves_out() -> None:
    read = Reader(page(attention(), theme="light"))
    assert "This is one slice: layer 0 · head 0. Further axes: layer (2), head (3)." in read.words


def test_a_table_holds_the_values_and_says_how_many_it_keeps() -> None:
    short = Reader(page(effects()))
    assert "6 rows" in short.words
    assert "−0.2" in short.words
    assert "no value" in short.words
    many = label({}, loss=("step", np.arange(1234.0)))
    text = page(many)
    assert "first 500 of 1,234 rows" in text
    assert text.count("<tr>") == 501


def test_companions_are_in_the_table_and_not_drawn_alone() -> None:
    text = page(profile(), theme="light")
    assert text.count("<figure>") == 1
    assert '<th scope="col" class=number>low</th>' in text


def test_a_page_says_where_it_came_from() -> None:
    words = Reader(page(lens())).words
    assert "Logit lens: probability" in words
    assert "logit_lens" in words
    assert "changed after" not in words


def test_a_changed_result_admits_it() -> None:
    changed = stamp(effects(), analysis="activation_patching")
    changed["effect"] = changed.effect * 2
    assert "These values were changed after the analysis made them." in page(changed)
    assert "Nobody knows: the result carries no provenance." in page(effects())


def test_a_result_that_no_view_draws_still_has_its_table() -> None:
    words = Reader(page(xr.Dataset({"loss": 1.25}))).words
    assert "1 rows" in words
    assert "1.25" in words
    assert "The result holds no values." in page(xr.Dataset())


def test_each_part_of_a_tree_has_its_table() -> None:
    tree = xr.DataTree.from_dict({"/clean": effects(), "/corrupt": profile()})
    words = Reader(page(tree)).words
    assert "clean: 6 rows" in words
    assert "corrupt: 3 rows" in words
