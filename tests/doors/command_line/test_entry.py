"""The command itself: its help, its version, and how it starts and stops."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

import neuronscope
from neuronscope import catalogue
from neuronscope.doors.command_line.commands import COMMANDS

Run = Callable[..., tuple[int, str, str]]
START = "import sys; from neuronscope.doors.command_line import main; sys.exit(main())"
PAGES = [
    ["--help"],
    *([name, "--help"] for name in COMMANDS),
    *(["store", part, "--help"] for part in COMMANDS["store"].parts),
    *([form["sort"], form["command"], "--help"] for form in catalogue.forms()),
]


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_every_help_fits_80_columns(run: Run, words: list[str]) -> None:
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert out.startswith("usage: neuronscope")
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_of_the_whole_fits_a_screen_and_names_every_command(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert len(out.splitlines()) <= 24
    assert all(f"  {name}" in out for name in COMMANDS)
    assert run() == run("-h") == (0, out, "")


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version") == (0, f"neuronscope {neuronscope.__version__}\n", "")


def test_list_names_every_analysis(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert all(f"    {form['command']}" in out for form in catalogue.forms())
    assert json.loads(run("list", "--json")[1]) == catalogue.forms()


@pytest.mark.parametrize("form", catalogue.forms(), ids=lambda form: form["name"])
def test_help_states_every_parameter_of_the_form(run: Run, form: dict) -> None:
    out = run(form["sort"], form["command"], "--help")[1]
    names = [subject["name"] for subject in form["subjects"]] + list(form["parameters"]["properties"])
    assert {f"--{name.replace('_', '-')}" for name in names} <= set(re.findall(r"--[\w-]+", out))


def test_a_terminal_is_told_while_libraries_load(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert run("list")[0] == 0
    assert screen.getvalue() == "Loading…\r\x1b[2K"


class Screen(io.StringIO):
    """A place to write that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("words", [["--help"], ["list"], ["ask", "logit-lens", "--help"], ["lst"]])
def test_looking_round_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from neuronscope.doors.command_line import main; main(sys.argv[1:]); print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.splitlines()[-1].split())
    assert loaded.isdisjoint({"torch", "transformers", "xarray", "pandas", "numpy", "rich", "matplotlib"})


def test_the_exit_status_leaves_the_process() -> None:
    said = subprocess.run([sys.executable, "-c", START, "lst"], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert said.stderr == "There is no command 'lst'; did you mean 'list'?\n"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes")
def test_a_reader_that_has_enough_hears_no_complaint() -> None:
    pipe = subprocess.Popen(
        [sys.executable, "-c", START, "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert pipe.stdout is not None
    assert pipe.stderr is not None
    pipe.stdout.close()
    complaint = pipe.stderr.read()
    pipe.stderr.close()
    assert pipe.wait(60) in {0, 1}
    assert complaint == b""


@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_in_a_real_process_ends_with_130_and_one_line() -> None:
    code = """
import signal, sys, time
from neuronscope import catalogue
from neuronscope.doors.command_line import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
def slow():
    print("working", flush=True)
    time.sleep(60)
catalogue.forms = slow
sys.exit(main(["list"]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "Stopped; what was stored before is still there.\n"
        assert process.wait(60) == 130
