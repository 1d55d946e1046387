"""Whichever door a question comes through, the answer is the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope import catalogue
from neuronscope.doors import command_line, notebook
from neuronscope.models import open_model
from neuronscope.results import digest, load, open_store

SAMPLE = {"prompt": "When Mary met John", "corrupt": "When John met Mary", "target": "a", "distractor": "b"}
NAMES = [form["name"] for form in catalogue.forms() if form["sort"] == "ask" and "/" not in form["name"]]


@pytest.mark.parametrize("name", NAMES)
def test_terminal_and_python_agree_each_from_an_empty_store(
    name: str, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = catalogue.form(name)
    takes = form["parameters"]["properties"]
    arguments: dict[str, Any] = {
        "model": tiny,
        **{key: value for key, value in SAMPLE.items() if key in takes},
    }
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "terminal"))
    words = [f"--{key}={value}" for key, value in arguments.items()]
    assert command_line.main(["ask", form["command"], *words, "--out", str(tmp_path / "answer.nc")]) == 0
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "python"))
    assert open_store().ls() == []
    from_python = notebook.ask(name, **arguments)
    from_terminal = load(tmp_path / "answer.nc")
    assert isinstance(from_terminal, xr.Dataset)
    xr.testing.assert_equal(from_terminal, from_python)
    assert digest(from_terminal) == digest(from_python)


def test_the_last_depth_of_the_file_is_what_the_model_says(tiny: str, tmp_path: Path) -> None:
    words = ["--model", tiny, "--prompt", SAMPLE["prompt"], "--out", str(tmp_path / "lens.nc")]
    assert command_line.main(["ask", "logit-lens", *words]) == 0
    model = open_model(tiny)
    tokens = model.tokenize(SAMPLE["prompt"])
    best = model.hf(tokens[None]).logits[0].softmax(-1).topk(5).values
    with xr.open_dataset(tmp_path / "lens.nc") as lens:
        np.testing.assert_allclose(lens["probability"][-1], best.detach(), atol=1e-5)
