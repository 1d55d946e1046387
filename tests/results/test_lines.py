"""Lines and arrays for other programs: everything of a prompt is found again, under its own number."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from neuronscope.results import label, load, save
from neuronscope.words import BadInput


@pytest.fixture
def evaluation() -> xr.Dataset:
    rng = np.random.default_rng(0)
    return label(
        {"prompt": [10, 11, 12], "depth": [0, 1]},
        accuracy=("item", [0.5]),
        written=("prompt", ["Pá⏎", 'say "no"\n', ""]),
        correct=("prompt", [True, False, True]),
        metric=("prompt", [1.25, float("nan"), -0.1]),
        candidate_text=("prompt candidate", [["a", "b"], ["c", ""], ["d", "e"]]),
        residual=("depth prompt width", rng.normal(size=(2, 3, 4)).astype(np.float16)),
    ).assign_attrs(task="capital")


def test_each_prompt_has_its_line_and_its_row_of_every_array(evaluation: xr.Dataset, tmp_path: Path) -> None:
    path = save(evaluation, tmp_path / "run.jsonl")
    names = ["run.jsonl", "run.residual.npy", "run.rest.json"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert lines[0] == {
        "prompt": 10,
        "written": "Pá⏎",
        "correct": True,
        "metric": 1.25,
        "candidate_text": ["a", "b"],
    }
    assert [line["prompt"] for line in lines] == [10, 11, 12]
    assert [line["metric"] for line in lines] == [1.25, None, -0.1]
    stored = np.load(tmp_path / "run.residual.npy", allow_pickle=False)
    assert stored.dtype == np.float16
    np.testing.assert_array_equal(stored[1], evaluation.residual.isel(prompt=1))


def test_the_rest_loads_and_names_the_axes_of_the_arrays(evaluation: xr.Dataset, tmp_path: Path) -> None:
    save(evaluation, tmp_path / "run.jsonl")
    rest = load(tmp_path / "run.rest.json")
    assert isinstance(rest, xr.Dataset)
    assert rest.accuracy.values.tolist() == [0.5]
    assert rest.attrs["task"] == "capital"
    assert rest.attrs["array_axes"] == {"residual": "prompt depth width"}


def test_without_prompts_the_first_axis_counts_the_lines(tmp_path: Path) -> None:
    save(label({}, entropy=("depth", [2.0, 1.0])), tmp_path / "lens.jsonl")
    lines = (tmp_path / "lens.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"depth": 0, "entropy": 2.0},
        {"depth": 1, "entropy": 1.0},
    ]


def test_what_makes_no_lines_is_refused(evaluation: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"A result without an axis makes no lines; save it as \.json"):
        save(xr.Dataset({"one": 1.0}), tmp_path / "x.jsonl")
    with pytest.raises(BadInput, match="A result in parts makes no lines; save one of its parts"):
        save(xr.DataTree(evaluation), tmp_path / "x.jsonl")
    save(evaluation, tmp_path / "run.jsonl")
    with pytest.raises(BadInput, match=r"A .jsonl file does not say what its axes are"):
        load(tmp_path / "run.jsonl")
    assert not list(tmp_path.glob("x*"))
