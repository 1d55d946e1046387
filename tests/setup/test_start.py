"""Setting up: done once, done again only where something changed, and told in words."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import start
from tests.conftest import ROOT


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree in which the set-up thinks it is at home."""
    for name in ("pyproject.toml", "constraints.txt", "hatch_build.py"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "PAGES", tmp_path / "workbench")
    monkeypatch.setattr(start, "BUILT", tmp_path / "src" / "neuronscope" / "workbench")
    return tmp_path


@pytest.fixture
def commands(tree: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the set-up runs; what they would make is made by hand."""
    ran: list[list[str]] = []

    def note(command: list[str], folder: Path = tree) -> None:
        ran.append([str(word) for word in command])
        if "venv" in command:
            Path(command[-1], "bin").mkdir(parents=True, exist_ok=True)
        if command[-1] == "build":
            start.BUILT.mkdir(parents=True, exist_ok=True)
            (start.BUILT / "index.html").write_text("pages", encoding="utf-8")
        if "ci" in command:
            (start.PAGES / "node_modules").mkdir(exist_ok=True)

    monkeypatch.setattr(start, "run", note)
    return ran


@pytest.fixture
def pages(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources of a workbench, and a Node.js that could build them."""
    (tree / "workbench" / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "src/main.tsx"):
        (tree / "workbench" / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(start.shutil, "which", lambda name: name)
    monkeypatch.setattr(start, "node_is_new_enough", lambda: True)
    return tree / "workbench"


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((ROOT / "start.py").read_text(encoding="utf-8"))
    modules = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert modules <= sys.stdlib_module_names


def test_an_old_python_can_read_it_and_be_told() -> None:
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_a_python_that_is_too_old_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "OLDEST", (99, 0))
    assert start.main([]) == 1
    assert "NeuronScope needs Python 3.11 or newer; this is 3." in capsys.readouterr().out


def test_packages_are_installed_once(commands: list[list[str]]) -> None:
    start.environment([])
    first = len(commands)
    start.environment([])
    assert (first, len(commands)) == (3, 3)
    assert commands[1][-3:] == ["--constraint", "constraints.txt", "torch"]
    assert commands[2][-2:] == ["--editable", "."]


def test_packages_are_installed_again_when_what_is_wanted_changed(
    tree: Path, commands: list[list[str]]
) -> None:
    start.environment([])
    (tree / "constraints.txt").write_text("other", encoding="utf-8")
    start.environment([])
    assert len(commands) == 5


def test_asking_for_the_tests_adds_their_packages_and_keeps_them(commands: list[list[str]]) -> None:
    start.environment([])
    start.environment(["test"])
    assert commands[-1][-1] == ".[test]"
    before = len(commands)
    start.environment([])
    assert len(commands) == before


def test_the_workbench_is_built_once_and_again_when_its_sources_changed(
    pages: Path, commands: list[list[str]]
) -> None:
    assert start.workbench()
    assert [command[1] for command in commands] == ["ci", "run"]
    assert start.workbench()
    assert len(commands) == 2
    (pages / "src" / "main.tsx").write_text("changed", encoding="utf-8")
    assert start.workbench()
    assert [command[1] for command in commands] == ["ci", "run", "run"]


def test_without_node_the_workbench_is_left_out_in_words(
    pages: Path,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(start, "node_is_new_enough", lambda: False)
    assert start.workbench() is False
    assert commands == []
    assert "There is no Node.js 20.19 or newer here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "enough"),
    [("v20.19.0", True), ("v24.1.2", True), ("v20.18.9", False), ("v18.20.4", False), ("", False)],
)
def test_an_old_node_does_not_count(monkeypatch: pytest.MonkeyPatch, said: str, enough: bool) -> None:
    monkeypatch.setattr(start.shutil, "which", lambda name: name)
    monkeypatch.setattr(
        start.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=said)
    )
    assert start.node_is_new_enough() is enough


def test_a_step_that_fails_ends_the_set_up_in_words(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(command: list[str], folder: Path = tree) -> None:
        raise subprocess.CalledProcessError(7, ["pip", "install", "torch"])

    monkeypatch.setattr(start, "run", fail)
    assert start.main([]) == 1
    assert "This step failed with status 7: pip install torch" in capsys.readouterr().out


def test_a_server_that_ends_at_once_is_reported(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(RuntimeError, match="it ended with status 3 before it was ready"):
        start.wait_until_ready(server, tmp_path / "ready.json", patience=30)


def test_a_server_that_never_gets_ready_is_reported(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with pytest.raises(RuntimeError, match="it was not ready after 0 s"):
            start.wait_until_ready(server, tmp_path / "ready.json", patience=0.2)
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([{"digest": "d"}], {"digest": "d"}),
        (
            [{"id": "1", "state": "running"}, {"id": "1", "state": "done", "result": "d"}, {"digest": "d"}],
            {"digest": "d"},
        ),
    ],
)
def test_the_answer_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, replies: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(start, "ask", lambda *_: replies.pop(0))
    assert start.answer({}) == expected


def test_a_failed_analysis_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "ask", lambda *_: {"id": "1", "state": "failed", "error": "no such model"})
    with pytest.raises(RuntimeError, match="the analysis failed: no such model"):
        start.answer({})


def test_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert "torch==2.13.0" in pins
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in pins)


def test_the_automatic_checks_call_exactly_the_one_command() -> None:
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "python3 start.py test"


def test_the_readme_shows_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python3 start.py " in readme
    assert "python3 start.py test" in readme


def test_the_stamp_is_plain_json(tree: Path, commands: list[list[str]]) -> None:
    start.environment(["test"])
    stamp = json.loads((tree / ".venv" / "neuronscope-setup.json").read_text(encoding="utf-8"))
    assert stamp["extras"] == ["test"]
