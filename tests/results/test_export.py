"""What leaves for other tools says the same in their words."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from neuronscope.results import label, save
from neuronscope.words import BadInput


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


@pytest.fixture
def lens() -> xr.Dataset:
    return label(
        {"rank": [1, 2], "token": ("position", ["Paris", ' "is",\r'])},
        probability=(
            "depth position rank",
            np.array([0.1, 0.2, 0.3, 0.4, np.nan, np.inf, 0.7, 0.8], "f4").reshape(2, 2, 2),
        ),
        entropy=("position depth", [[1.5, 2.5], [3.5, 4.5]]),
        neuron=("layer", [7, 8]),
    )


def test_a_table_has_a_row_for_each_cell_and_a_column_for_each_name(lens: xr.Dataset, tmp_path: Path) -> None:
    rows = rows_of(save(lens, tmp_path / "lens.csv"))
    assert rows[0] == ["depth", "position", "rank", "token", "probability", "entropy"]
    assert len(rows) == 1 + 8
    assert rows[1] == ["0", "0", "1", "Paris", "0.1", "1.5"]
    assert rows[4] == ["0", "1", "2", ' "is",\r', "0.4", "3.5"]
    assert rows[5] == ["1", "0", "1", "Paris", "nan", "2.5"]
    assert rows[6][4] == "inf"


def test_a_variable_over_other_axes_has_a_table_of_its_own(lens: xr.Dataset, tmp_path: Path) -> None:
    save(lens, tmp_path / "lens.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lens.csv", "lens.neuron.csv"]
    assert rows_of(tmp_path / "lens.neuron.csv") == [["layer", "neuron"], ["0", "7"], ["1", "8"]]


def test_numbers_read_back_exactly(tmp_path: Path) -> None:
    sent = np.random.default_rng(0).standard_normal(200)
    for dtype in ("f8", "f4"):
        save(label({}, v=("item", sent.astype(dtype))), tmp_path / "v.csv")
        back = [float(row[1]) for row in rows_of(tmp_path / "v.csv")[1:]]
        np.testing.assert_array_equal(np.array(back, dtype), sent.astype(dtype))


def test_a_single_number_is_a_table_of_one_row(tmp_path: Path) -> None:
    assert rows_of(save(label({}, accuracy=("", 0.5)), tmp_path / "a.csv")) == [["accuracy"], ["0.5"]]


def test_the_groups_of_a_tree_are_tables_of_their_own(lens: xr.Dataset, tmp_path: Path) -> None:
    save(xr.DataTree.from_dict({"/scores": lens, "/more": lens[["neuron"]]}), tmp_path / "all.csv")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["all.csv", "all.more.csv", "all.scores.neuron.csv"]
    assert rows_of(tmp_path / "all.csv")[0][-1] == "entropy"


def test_nothing_to_tabulate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="A result without variables makes no table"):
        save(xr.Dataset(), tmp_path / "none.csv")


def test_a_json_document_explains_itself_and_is_strict(lens: xr.Dataset, tmp_path: Path) -> None:
    lens.attrs = {"clean_metric": 2.5, "odds": float("inf")}
    text = save(lens, tmp_path / "lens.json").read_text()
    document = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (document["format"], document["version"], document["kind"]) == ("neuronscope", 1, "dataset")
    assert list(document["variables"]) == ["probability", "entropy", "neuron"]
    assert document["variables"]["probability"]["axes"] == ["depth", "position", "rank"]
    assert document["variables"]["probability"]["dtype"] == "float32"
    assert document["variables"]["probability"]["values"][1][0] == [None, "Infinity"]
    assert document["coords"]["token"]["values"] == ["Paris", ' "is",\r']
    assert document["attrs"]["clean_metric"] == 2.5
