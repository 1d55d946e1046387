"""The import contracts, held by the package and seen to fail on a skeleton of it."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = """
words/__init__.py results/__init__.py results/store.py maths/__init__.py models/__init__.py models/sites.py
data/__init__.py custody/__init__.py instruments/__init__.py learned/__init__.py contract/__init__.py
chains/__init__.py analyses/__init__.py analyses/predictions/__init__.py analyses/predictions/logit_lens.py
analyses/models/__init__.py analyses/attention/__init__.py analyses/attention/attention_patterns.py
views/__init__.py views/grid.py catalogue.py __init__.py
doors/__init__.py doors/command_line/__init__.py doors/notebook.py
doors/server/__init__.py doors/server/app.py
""".split()

BREACHES = {
    "words/__init__.py|import neuronscope.results": "Each room builds only on the rooms below it",
    "models/sites.py|import neuronscope.data": "Each room builds only on the rooms below it",
    "analyses/models/model_card.py|import neuronscope.views": "Each room builds only on the rooms below it",
    "catalogue.py|import neuronscope.doors": "Each room builds only on the rooms below it",
    "misc/__init__.py|": "Each room builds only on the rooms below it",
    "analyses/predictions/logit_lens.py|import neuronscope.analyses.attention.attention_patterns": (
        "No analysis imports another"
    ),
    "doors/notebook.py|import neuronscope.doors.server": "No door imports another",
    "contract/__init__.py|import fastapi": "Only the server door knows the web",
    "views/grid.py|import uvicorn": "Only the server door knows the web",
    "analyses/predictions/logit_lens.py|import matplotlib": "Only views draw",
    "results/store.py|import torch": "Words, results and views are readable without torch",
    "views/grid.py|import transformers": "Words, results and views are readable without torch",
    "models/__init__.py|import neuronscope.models.sites\nmodels/sites.py|import neuronscope.models.open\n"
    "models/open.py|import neuronscope.models.sites": "No folder's children depend on each other in a circle",
}


def judge(root: Path) -> str:
    """Run import-linter in a folder and return what it says."""
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    judged = subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return judged.stdout + judged.stderr


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Our rooms as empty files, under our own contracts."""
    for room in ROOMS:
        file = tmp_path / "src" / "neuronscope" / room
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("", encoding="utf-8")
    ours = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = ours[ours.index("[tool.importlinter]") :]
    (tmp_path / "pyproject.toml").write_text(contracts, encoding="utf-8")
    return tmp_path


def names_of_contracts() -> list[str]:
    """The names in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return [contract["name"] for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]]


def test_the_package_keeps_every_contract() -> None:
    said = judge(ROOT)
    assert f"{len(names_of_contracts())} kept, 0 broken" in said, said


def test_an_empty_house_keeps_every_contract(skeleton: Path) -> None:
    said = judge(skeleton)
    assert f"{len(names_of_contracts())} kept, 0 broken" in said, said


def test_every_contract_has_a_planted_breach() -> None:
    assert set(BREACHES.values()) == set(names_of_contracts())


@pytest.mark.parametrize("planted", BREACHES, ids=lambda planted: planted.splitlines()[-1])
def test_a_planted_import_breaks_its_contract(skeleton: Path, planted: str) -> None:
    for plant in planted.splitlines():
        room, _, line = plant.partition("|")
        file = skeleton / "src" / "neuronscope" / room
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{line}\n", encoding="utf-8")
    said = judge(skeleton)
    broken = re.findall(r"^(.+) BROKEN$", said, flags=re.MULTILINE)
    assert BREACHES[planted] in broken, said
