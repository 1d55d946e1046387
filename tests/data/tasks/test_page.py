"""The page about tasks says what is so: its examples run, and its tables are those of the code."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

from neuronscope.analyses.tasks.task_evaluation import task_evaluation
from neuronscope.data.tasks import READERS, TASKS
from neuronscope.models import Model, open_model
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tasks.md"


def table(header: str) -> dict[str, list[str]]:
    """Return the cells of the table that begins so, by the name in the first column."""
    lines = PAGE.read_text(encoding="utf-8").split(header)[1].split("\n\n")[0].splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")
    ]
    return {row[0].strip("| `"): [cell.rstrip(" |") for cell in row[1:]] for row in rows}


def test_every_example_of_the_page_runs(tmp_path: Path) -> None:
    outcome = doctest.testfile(
        str(PAGE),
        module_relative=False,
        encoding="utf-8",
        optionflags=doctest.ELLIPSIS,
        extraglobs={"folder": tmp_path},
    )
    assert outcome.attempted > 14
    assert outcome.failed == 0


def test_the_examples_in_the_table_are_the_first_pairs(scribe: Any) -> None:
    rows = table("| task | clean | corrupt | answer | distractor |")
    assert list(rows) == list(TASKS)
    for name, cells in rows.items():
        pair = TASKS[name].pair(0, scribe)
        assert pair is not None
        told = [re.fullmatch("`(.*)`", cell)[1].replace("⏎", "\n") for cell in cells]  # pyright: ignore[reportOptionalSubscript]
        assert told == [pair.clean, pair.corrupt, pair.answer, pair.distractor]


def test_every_task_has_its_source_and_how_it_misleads() -> None:
    rows = table("| task | what differs | after | how it misleads |")
    assert list(rows) == list(TASKS)
    for name, (differs, source, misleads) in rows.items():
        assert source == TASKS[name].source
        assert len(differs) > 5
        assert misleads.endswith(".")


def test_the_counts_of_the_splits_are_those_of_the_tasks() -> None:
    rows = table("| task | unseen | train | validation | seen |")
    assert set(rows) == {name for name, task in TASKS.items() if any(task.splits.values())}
    for name, counts in rows.items():
        stated = dict(zip(("unseen", "train", "validation", "seen"), counts, strict=True))
        told = {split: int(count.replace(",", "")) for split, count in stated.items() if count != "none"}
        assert told == dict(TASKS[name].splits)


def test_every_reader_is_on_the_page() -> None:
    named = {name.split(":")[0] for name in table("| name | format |") if ":" in name}
    assert named == set(READERS)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("builtin:scribe")


@pytest.mark.parametrize("task", ["capital", "pronoun", "two-digit-arithmetic"])
def test_what_scribe_can_do_is_measured(task: str, model: Model) -> None:
    told = table("| task | unseen | seen |")[task]
    for cell, split in zip(told, ("unseen", "seen"), strict=True):
        found = task_evaluation(model, TASKS[task], n_prompts=200, split=split).sel(item="all")
        low, high = found.accuracy_interval.values
        forced = float(found.forced_accuracy)
        assert cell == f"{float(found.accuracy):.3f}, {low:.2f} to {high:.2f} ({forced:.3f})"
