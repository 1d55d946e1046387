"""Every analysis, present and future, keeps the same promises."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.results import Store, digest, kind_of, load, provenance, save
from neuronscope.words import AXES, BadInput

SAMPLE = {
    "model": "builtin:scribe",
    "prompt": "When Mary and John went to the shop, John gave a drink to",
    "corrupt": "When Mary and John went to the shop, Mary gave a drink to",
    "task": "capital",
    "other": "builtin:scribe",
    "checkpoints": "builtin:induction/seed0@0,145,1024",
    "ops": ["z.2.1 zero"],
}
MADE = {
    "components": (
        "second_order_components",
        {"model": "builtin:scribe", "top_k": 2, "n_null": 0, "n_resamples": 20},
    ),
    "effects": ("second_order_effects", {"model": "builtin:scribe"}),
    "first": ("second_order_report", {}),
    "representations": ("representations", {"model": "builtin:scribe"}),
    "second": ("second_order_report", {}),
}
"""Subjects that are the answer of another analysis, and how that is asked."""

OTHERS = {"second_order_vision": {"model": "builtin:digits-clip"}}
"""Arguments of analyses that are not about a language model."""

FEW = {
    **dict.fromkeys(("n_prompts", "n_strings", "n_sentences", "n_random", "n_null"), 2),
    **dict.fromkeys(("n_cells", "n_neurons", "steps", "orders", "random_orders"), 2),
    **dict.fromkeys(("n_tokens", "n_resamples"), 16),
    "n_passages": 40,  # of which as many examples are listed
}
"""As little of each sort as shows what is promised; what is told by default is asked at the doors."""

ENOUGH = {
    "correctness_direction": {"task": "two-digit-arithmetic", "n_prompts": 24, "n_folds": 2},
    "second_order_components": {"n_prompts": 16},
}
"""What some analyses cannot do with less of."""

NAMES = [form["name"] for form in catalogue.forms() if form["sort"] == "ask" and "/" not in form["name"]]


def needs(name: str) -> set[str]:
    """Name the arguments that an analysis must have."""
    form = catalogue.form(name)
    needed = {subject["name"] for subject in form["subjects"] if subject["required"]}
    return needed | set(form["parameters"].get("required", []))


def sample(name: str) -> dict[str, Any]:
    """Give the arguments that an analysis must have, and no more."""
    given = {argument: made(argument) if argument in MADE else SAMPLE[argument] for argument in needs(name)}
    return {**given, **OTHERS.get(name, {})}


def small(name: str) -> dict[str, Any]:
    """Give the arguments that an analysis must have, and as little of each sort as it takes."""
    known = catalogue.form(name)["parameters"]["properties"]
    few = {word: max(n, int(known[word].get("minimum", n))) for word, n in FEW.items() if word in known}
    return {**sample(name), **few, **ENOUGH.get(name, {})}


@cache
def made(argument: str) -> xr.Dataset:
    """Ask once for the answer that is the subject of other analyses."""
    name, arguments = MADE[argument]
    return ask(catalogue.find(name), {**sample(name), **arguments})


@pytest.fixture(scope="module")
def answers() -> dict[str, xr.Dataset]:
    return {name: ask(catalogue.find(name), small(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_promised_kind_comes_back(name: str, answers: dict[str, xr.Dataset]) -> None:
    assert kind_of(answers[name]) == catalogue.form(name)["kind"]


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_is_one_of_our_words(name: str, answers: dict[str, xr.Dataset]) -> None:
    assert {str(axis) for axis in answers[name].dims} <= AXES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_provenance_names_the_analysis_and_the_model(name: str, answers: dict[str, xr.Dataset]) -> None:
    source = provenance(answers[name])
    assert source["analysis"] == name
    assert not source["derived"]
    if "checkpoints" in needs(name):
        assert source["sources"]["checkpoints"]["name"] == SAMPLE["checkpoints"]
        assert len(source["sources"]["checkpoints"]["fingerprint"]) == 16
        return
    if "model" not in needs(name):
        assert set(source["parents"]) == needs(name)
        return
    assert source["models"]["model"]["name"] == sample(name)["model"]
    assert len(source["models"]["model"]["fingerprint"]) == 16
    if name in OTHERS:
        return
    certificate = source["models"]["model"]["certificate"]
    assert "resid_post" in certificate["exact"]
    assert "can be read but not written" in certificate["reduced"]["result"]
    assert "has no gate" in certificate["refused"]["mlp_up"]


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
@pytest.mark.parametrize("name", NAMES)
def test_a_result_survives_its_file(
    name: str, ending: str, answers: dict[str, xr.Dataset], tmp_path: Path
) -> None:
    save(answers[name], tmp_path / f"kept{ending}")
    xr.testing.assert_identical(load(tmp_path / f"kept{ending}"), answers[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_question_has_the_same_answer_and_that_survives_the_store(
    name: str, answers: dict[str, xr.Dataset], tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    kept = ask(catalogue.find(name), small(name), store=store)
    looked_up = ask(catalogue.find(name), small(name), store=store)
    xr.testing.assert_identical(kept, looked_up)
    assert digest(looked_up) == digest(answers[name])
    assert len(store.ls()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_parameter_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=f"{name} has no parameter 'promt'"):
        ask(catalogue.find(name), {**sample(name), "promt": "x"})


@pytest.mark.parametrize("name", [name for name in NAMES if "prompt" in needs(name)])
@pytest.mark.parametrize(
    ("prompt", "words"), [("", "empty"), ("many words " * 400, "tokens, but this model reads 256 at most")]
)
def test_a_prompt_that_cannot_be_read_is_refused(name: str, prompt: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ask(catalogue.find(name), {**sample(name), "prompt": prompt})


@pytest.mark.parametrize("name", [name for name in NAMES if needs(name) == {"model", "prompt"}])
def test_one_token_is_enough(name: str) -> None:
    result = ask(catalogue.find(name), {"model": "builtin:scribe", "prompt": "a"})
    assert all(np.isfinite(v.values).all() for v in result.data_vars.values() if v.dtype.kind == "f")
