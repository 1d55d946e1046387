"""Opening the workbench from a terminal."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from neuronscope.doors.command_line import opening

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """Put a server in place that only notes how it is started."""
    starts: list[tuple[Any, dict[str, Any]]] = []
    server = SimpleNamespace(serve=lambda model, **options: starts.append((model, options)))
    monkeypatch.setitem(sys.modules, opening.SERVER, server)
    return starts


def test_open_starts_on_the_built_in_model(run: Run, served: list[tuple[Any, dict[str, Any]]]) -> None:
    assert run("open") == (0, "", "")
    model, options = served[0]
    assert model == "builtin:scribe"
    assert options["host"] == "127.0.0.1"
    assert options["open_browser"]
    assert options["port"] == 0


def test_open_passes_on_what_is_asked(run: Run, served: list[tuple[Any, dict[str, Any]]]) -> None:
    run("open", "./mine", "--port", "8765", "--no-browser", "--ready-file", "ready.json")
    model, options = served[0]
    assert model == "./mine"
    assert (options["port"], options["open_browser"], options["ready_file"]) == (8765, False, "ready.json")


@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C to a whole console")
def test_the_real_server_answers_and_ctrl_c_ends_it(tiny: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    words = ["open", tiny, "--no-browser", "--ready-file", str(ready)]
    code = "import sys; from neuronscope.doors.command_line import main; sys.exit(main())"
    with subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE) as server:
        try:
            patience = time.monotonic() + 120
            while not ready.exists() and server.poll() is None and time.monotonic() < patience:
                time.sleep(0.1)
            facts = json.loads(ready.read_text(encoding="utf-8"))
            with urllib.request.urlopen(f"{facts['url']}/api/v1/health") as reply:
                assert json.load(reply)["status"] == "ok"
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
