"""The catalogue finds analyses by looking, and its index is never believed against the sources."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import xarray as xr

from neuronscope import catalogue
from neuronscope.contract import analysis, ask
from neuronscope.results import label, provenance
from neuronscope.words import BadInput

FIRST = {"activation_patching", "attention_patterns", "logit_lens", "model_card", "neuron_activations"}


@pytest.fixture(autouse=True)
def forgetful() -> None:
    catalogue._places.cache_clear()
    catalogue._forms.cache_clear()


def test_the_first_analyses_are_found() -> None:
    assert {form["name"] for form in catalogue.forms()} >= FIRST


def test_the_index_is_fresh() -> None:
    kept = json.loads(catalogue.INDEX.read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(catalogue.build())), "run python -m neuronscope.catalogue"


def test_a_form_is_what_the_definition_says() -> None:
    for form in catalogue.forms():
        assert form == json.loads(json.dumps(catalogue.find(form["name"]).form()))


def test_a_stale_or_missing_index_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = json.loads(catalogue.INDEX.read_text(encoding="utf-8"))
    index["analyses"]["logit_lens"] |= {"source": "changed", "form": {"name": "false"}}
    stale = tmp_path / "stale.json"
    stale.write_text(json.dumps(index))
    for file in (stale, tmp_path / "missing.json"):
        monkeypatch.setattr(catalogue, "INDEX", file)
        catalogue._forms.cache_clear()
        assert catalogue.form("logit_lens")["summary"].startswith("Decode the residual stream")


def test_both_spellings_name_one_analysis() -> None:
    assert catalogue.find("logit-lens") is catalogue.find("logit_lens")


def test_a_name_that_is_nearly_right_is_guessed() -> None:
    with pytest.raises(BadInput, match=r"no analysis called 'logit-lense'; did you mean 'logit_lens'\?$"):
        catalogue.find("logit-lense")


def test_other_packages_add_theirs_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    @analysis(kind="profile")
    def letters() -> xr.Dataset:
        """Number two letters."""
        return label({}, code=("position", [97, 98]))

    point = EntryPoint("letters", "tests_of_others.plugin:letters", "neuronscope.analyses")
    monkeypatch.setattr(
        catalogue, "entry_points", lambda group: [point] if group == "neuronscope.analyses" else []
    )
    monkeypatch.setattr(EntryPoint, "load", lambda _self: letters)
    assert "tests_of_others/letters" in {form["name"] for form in catalogue.forms()}
    result = ask(catalogue.find("tests_of_others/letters"), {})
    assert provenance(result)["analysis"] == "tests_of_others/letters"
