"""Asking and looking from Python, in a notebook or out of one."""

import json
import sys
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import xarray as xr

import neuronscope
from neuronscope import catalogue, views
from neuronscope.doors import notebook
from neuronscope.models import open_model
from neuronscope.results import CannotStore, Store, open_store, provenance, track
from neuronscope.words import BadInput


@pytest.fixture
def lens(tiny: str) -> xr.Dataset:
    return notebook.ask("logit_lens", model=tiny, prompt="Paris is")


def test_asking_by_name_is_asking_the_function(lens: xr.Dataset, tiny: str) -> None:
    xr.testing.assert_equal(lens, catalogue.find("logit_lens").run(open_model(tiny), "Paris is"))


def test_an_opened_model_and_its_name_ask_the_same_question(lens: xr.Dataset, tiny: str) -> None:
    again = notebook.ask("logit-lens", model=open_model(tiny), prompt="Paris is")
    assert provenance(again)["created"] == provenance(lens)["created"]
    assert len(open_store().ls()) == 1


def test_without_the_store_nothing_is_kept_or_looked_up(lens: xr.Dataset, tiny: str) -> None:
    afresh = notebook.ask("logit_lens", store=False, model=tiny, prompt="Paris is")
    assert provenance(afresh)["created"] > provenance(lens)["created"]
    assert len(open_store().ls()) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("logit_lense", {}, "did you mean 'logit_lens'"),
        ("logit_lens", {"promt": "a"}, "did you mean 'prompt'"),
        ("logit_lens", {"model": "{tiny}"}, "needs a prompt"),
        ("logit_lens", {"model": "{tiny}", "prompt": ""}, "prompt is empty"),
        ("logit_lens", {"model": "{tiny}", "prompt": "a", "top_k": 0}, "top_k=0"),
        ("logit_lens", {"model": "{tiny}", "prompt": "a", "dtype": "float31"}, "float31"),
        ("logit_lens", {"model": "builtin:scrib", "prompt": "a"}, "no built-in model"),
        ("logit_lens", {"model": "{tiny}", "prompt": "a" * 201}, "201"),
    ],
)
def test_bad_input_is_refused_in_words(name: str, arguments: dict[str, Any], words: str, tiny: str) -> None:
    given: dict[str, Any] = {
        k: v.format(tiny=tiny) if isinstance(v, str) else v for k, v in arguments.items()
    }
    with pytest.raises(BadInput, match=words) as caught:
        notebook.ask(name, **given)
    assert "\n" not in str(caught.value)


def test_a_notebook_gets_a_plotly_figure_a_drawing_and_text(lens: xr.Dataset) -> None:
    bundle = notebook.show(lens)._repr_mimebundle_()
    figure = bundle["application/vnd.plotly.v1+json"]
    assert figure == json.loads(json.dumps(figure))
    assert set(figure) >= {"data", "layout"}
    drawing = bundle["text/html"]
    assert "<script" not in drawing
    svg = drawing[drawing.index("<svg") : drawing.index("</svg>") + len("</svg>")]
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert bundle["text/plain"].startswith("Logit lens: probability of the next token\n")


def test_a_terminal_gets_text(lens: xr.Dataset) -> None:
    assert repr(notebook.show(lens)).startswith("Logit lens: probability of the next token\n")
    assert "Shown: rank 2 " in repr(notebook.show(lens, at={"rank": 1}))
    assert repr(notebook.show(lens, variable="entropy")).startswith("Logit lens: entropy")


def test_a_theme_changes_the_colours(lens: xr.Dataset) -> None:
    light, dark = (notebook.show(lens, theme=theme).figure for theme in ("light", "dark"))
    assert light["layout"]["paper_bgcolor"] != dark["layout"]["paper_bgcolor"]


@pytest.mark.parametrize(
    "wrong", [{"variable": "nothing"}, {"at": {"rnak": 1}}, {"at": {"rank": 9}}, {"theme": "drak"}]
)
def test_what_cannot_be_shown_is_refused_at_once(lens: xr.Dataset, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        notebook.show(lens, **wrong)


def test_the_package_offers_both(lens: xr.Dataset) -> None:
    assert neuronscope.ask is notebook.ask
    assert neuronscope.show is notebook.show


def test_the_picture_is_the_one_of_every_door(lens: xr.Dataset) -> None:
    shown = notebook.show(lens, at={"rank": 1})
    assert shown.figure == views.figure(lens, select={"rank": 1})
    drawn = views.picture(shown.figure, format="svg").decode()
    inside = drawn[drawn.index(">", drawn.index("<svg")) :].strip()
    assert inside in shown._repr_html_()
    assert inside in views.page(lens)


class Formatter:
    """A notebook's own formatter, as far as it is told how a type looks."""

    def __init__(self) -> None:
        self.by_name: dict[tuple[str, str], Any] = {}

    def for_type_by_name(self, module: str, name: str, printer: Any) -> None:
        self.by_name[module, name] = printer

    def __call__(self, shown: Any) -> Any:
        return self.by_name[type(shown).__module__, type(shown).__name__](shown)


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> Formatter:
    told = Formatter()
    shell = SimpleNamespace(kernel=object(), display_formatter=SimpleNamespace(mimebundle_formatter=told))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    neuronscope._show_in_notebooks()
    return told


def test_a_result_displays_itself_in_a_notebook(lens: xr.Dataset, formatter: Formatter) -> None:
    bundle = formatter(lens)
    shown = notebook.show(lens)._repr_mimebundle_()
    assert bundle["text/html"].startswith(shown["text/html"])
    assert "<details><summary>Variables</summary>" in bundle["text/html"]
    assert {**bundle, "text/html": ""} == {**shown, "text/html": ""}


def test_what_no_analysis_made_looks_as_it_always_did(lens: xr.Dataset, formatter: Formatter) -> None:
    assert formatter(xr.Dataset({"loss": ("step", [1.0, 2.0])})) is None
    assert formatter(lens.drop_vars(list(lens.data_vars))) is None
    assert formatter(xr.DataTree()) is None


def test_a_terminal_is_not_told_how_results_look(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Formatter()
    shell = SimpleNamespace(display_formatter=SimpleNamespace(mimebundle_formatter=told))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    neuronscope._show_in_notebooks()
    assert told.by_name == {}


class Display:
    """What a notebook would show, kept for the test."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> "Display":
        assert raw
        assert display_id
        self.shown.append(bundle)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


def test_a_notebook_shows_progress_and_takes_it_away(monkeypatch: pytest.MonkeyPatch, tiny: str) -> None:
    display = Display()
    kernel = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel, display=display))
    monkeypatch.setattr("neuronscope.contract.ask", lambda *_, **__: list(track("abcd", "depths")))
    notebook.ask("logit_lens", model=tiny, prompt="ab")
    assert display.shown[1] == {
        "text/plain": "depths: 0 of 4",
        "text/html": '<label>depths: 0 of 4 <progress value="0" max="4"></progress></label>',
    }
    assert display.shown[-2]["text/plain"] == "depths: 4 of 4"
    assert display.shown[-1] == {"text/plain": "", "text/html": ""}


def test_progress_without_an_end_counts_up(monkeypatch: pytest.MonkeyPatch, tiny: str) -> None:
    display = Display()
    kernel = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel, display=display))
    monkeypatch.setattr("neuronscope.contract.ask", lambda *_, **__: list(track(iter("a"), "letters")))
    notebook.ask("logit_lens", model=tiny, prompt="ab")
    assert [bundle["text/plain"] for bundle in display.shown] == ["", "letters: 0", "letters: 1", ""]


def test_a_full_disk_loses_no_answer(
    monkeypatch: pytest.MonkeyPatch, tiny: str, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise CannotStore(28, "The store cannot keep the result: No space left on device; free some space.")

    monkeypatch.setattr(Store, "put", full)
    assert notebook.ask("logit_lens", model=tiny, prompt="ab").sizes["position"] == 2
    assert "No space left on device" in caplog.text


def test_a_terminal_with_ipython_stays_quiet(
    monkeypatch: pytest.MonkeyPatch, tiny: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    notebook.ask("logit_lens", model=tiny, prompt="ab")
    assert capsys.readouterr() == ("", "")
