"""Adding an analysis is one file, one test and one page, and everything else follows."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.house.rules import RULES

MADE = [
    "src/neuronscope/analyses/predictions/surprise.py",
    "tests/analyses/predictions/test_surprise.py",
    "docs/analyses/surprise.md",
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which ``just new-analysis predictions/surprise`` was said."""
    root = tmp_path_factory.mktemp("copy")
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", ".*")
    for folder in ("src", "tests", "docs", "tools"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unwanted)
    for file in (*ROOT.glob("*.md"), ROOT / "CITATION.cff", ROOT / "pyproject.toml"):
        shutil.copy(file, root)
    made = say(root, "tools/new_analysis.py", "predictions/surprise")
    assert made.stdout.splitlines()[-3:] == MADE, made.stdout + made.stderr
    return root


def say(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the Python of this environment on the copy."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def breaches_added(root: Path) -> set[str]:
    """Say which house rules the copy breaks that the tree keeps."""
    return {breach for rule in RULES for breach in rule(root)} - {
        breach for rule in RULES for breach in rule(ROOT)
    }


def test_the_new_analysis_is_in_the_index(copy: Path) -> None:
    index = json.loads((copy / "src/neuronscope/catalogue.json").read_text(encoding="utf-8"))
    assert index["analyses"]["surprise"]["form"]["command"] == "surprise"


def test_the_new_analysis_is_listed_at_the_command_line(copy: Path) -> None:
    listed = say(copy, "-c", "from neuronscope.doors.command_line import main; main(['list', '--json'])")
    assert '"surprise"' in listed.stdout, listed.stderr


def test_the_new_analysis_keeps_the_house_rules(copy: Path) -> None:
    assert breaches_added(copy) == set()


def test_the_new_files_are_clean(copy: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        said = say(copy, "-m", "ruff", *command, *MADE[:2])
        assert said.returncode == 0, said.stdout


def test_what_the_template_writes_passes_its_own_test(copy: Path) -> None:
    said = say(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", MADE[1])
    assert " passed" in said.stdout, said.stdout
    assert said.returncode == 0, said.stdout


def test_the_worked_example_of_the_page_passes_its_own_test_and_every_rule(copy: Path) -> None:
    page = (ROOT / "docs" / "make-your-own.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^(`{3,4})\w+ (\S+)\n(.*?)^\1$", page, flags=re.MULTILINE | re.DOTALL)
    shown = {file: text for _, file, text in blocks}
    assert set(MADE) == set(shown)
    before = {file: (copy / file).read_text(encoding="utf-8") for file in shown}
    try:
        for file, text in shown.items():
            (copy / file).write_text(text, encoding="utf-8")
        test = say(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", MADE[1])
        assert test.returncode == 0, test.stdout
        clean = say(copy, "-m", "ruff", "check", *MADE[:2])
        assert clean.returncode == 0, clean.stdout
        assert breaches_added(copy) == set()
    finally:
        for file, text in before.items():
            (copy / file).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("surprise", "'surprise' is no place: write wing/name"),
        ("dreams/surprise", "'dreams/surprise' is no place"),
        ("predictions/Surprise!", "'predictions/Surprise!' is no place"),
        ("neurons/logit_lens", "There is an analysis called 'logit_lens' already, in predictions."),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_words(copy: Path, place: str, said: str) -> None:
    refused = say(copy, "tools/new_analysis.py", place)
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
