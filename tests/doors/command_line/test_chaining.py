"""Recipes and batches from a terminal: what is read on the way, and what is in the folder afterwards."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neuronscope.chains.reading import recipe_names

Run = Callable[..., tuple[int, str, str]]

CHAIN = """
title: Lenses
with: {prompt: Paris is in, k: 2}
steps:
  - name: lens
    ask: logit-lens
    with: {model: builtin:scribe, prompt: "{prompt}", top_k: "{k}"}
    prose: What does it say next?
    show: [{at: {rank: "{k}"}}, {variable: sureness}]
    check:
      - {of: probability, at: {rank: "{k}"}, above: 0, met: It says something., missed: It is silent.}
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(CHAIN, encoding="utf-8")
    return "mine.yaml"


def test_a_recipe_prints_prose_picture_and_check_in_eighty_columns(run: Run, mine: str) -> None:
    status, out, err = run("recipe", mine, "--k", "3")
    assert status == 0
    assert "What does it say next?" in out
    assert "Shown: rank 3" in out
    assert "A picture asks for 'sureness', which the answer does not have" in out
    assert "met (" in out
    assert "neuronscope show mine/answers/lens.nc" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "1 of 1 questions answered" in err
    assert Path("mine/index.html").is_file()


def test_an_empty_value_is_a_value(run: Run, mine: str) -> None:
    status, out, _ = run("recipe", mine, "--prompt", "", "--json")
    assert json.loads(out)[0]["arguments"]["prompt"] == ""
    assert status == 1


def test_what_a_parameter_may_not_be_is_told(run: Run, mine: str) -> None:
    status, _, err = run("recipe", mine, "--k", "two")
    assert status == 2
    assert "--k: 'two' is not a whole number" in err


def test_the_plan_of_a_batch_counts_and_asks_nothing(run: Run, mine: str) -> None:
    assert (
        run("batch", mine, "--plan", "--json")[1]
        == json.dumps({"questions": 1, "steps": {"lens": 1}}, indent=1) + "\n"
    )
    assert not Path("mine").exists()


def test_recipes_are_listed_and_copied(run: Run, mine: str) -> None:
    assert list(json.loads(run("recipe", "--json")[1])) == list(recipe_names())
    assert run("recipe", "induction", "--copy", "copy.yaml")[0] == 0
    assert run("recipe", "copy.yaml", "--help")[1].count("neuronscope recipe copy.yaml")
    status, _, err = run("recipe", "induction", "--copy", "copy.yaml")
    assert (status, "is there already" in err) == (2, True)
