"""Every page in a real browser on a real server; ``workbench/browser`` says what is looked at."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.checks import browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ROOT / "workbench"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a running server says of itself; it has a store of its own."""
    if not (ROOT / "src" / "neuronscope" / "workbench" / "index.html").exists():
        pytest.skip("the workbench is not built here")
    if not browser():
        pytest.skip("there is no Chromium")
    ready = tmp_path / "ready.json"
    code = "import sys; from neuronscope.doors.command_line import main; sys.exit(main())"
    words = ["open", "--no-browser", "--port", "0", "--ready-file", str(ready)]
    home = {**os.environ, "NEURONSCOPE_HOME": str(tmp_path / "home")}
    running = subprocess.Popen([sys.executable, "-c", code, *words], cwd=tmp_path, env=home)
    try:
        until = time.monotonic() + 180
        while not ready.exists() and running.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert ready.exists(), f"the server ended with status {running.poll()} or was not ready in time"
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        running.terminate()
        running.wait(60)


def drive(server: dict[str, str], model: str, pages: str = "") -> None:
    """Let the driver look at some pages, or at all, and fail with what it says."""
    settings = {
        "URL": server["url"].rstrip("/"),
        "LOGIN": server["login"],
        "TOKEN": server["token"],
        "MODEL": model,
        "PAGES": pages,
        "NEURONSCOPE_CHROMIUM": browser(),
        "PYTHON": sys.executable,
    }
    done = subprocess.run(
        [shutil.which("node") or "node", "browser/all.mjs"],
        cwd=PAGES,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        check=False,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, failures(done.stdout)
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")


def failures(said: str) -> str:
    """Give what failed alone, each with the lines under it, or the end of what was said."""
    parts = re.split(r"^(?=ok {6}|FAILED {2})", said, flags=re.MULTILINE)
    return "".join(part for part in parts if part.startswith("FAILED")) or said[-3000:]


def test_everything_that_is_drawn_was_computed(server: dict[str, str]) -> None:
    drive(server, "builtin:scribe")


def test_a_model_that_we_did_not_train_is_looked_into(
    server: dict[str, str], test_data: Callable[[str], Path]
) -> None:
    drive(server, str(test_data("slm4096/hf").resolve()), pages="lab")
