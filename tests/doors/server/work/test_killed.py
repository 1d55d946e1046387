"""A server that is killed, or whose disk is full, loses nothing stored and says what it could not keep."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from neuronscope.custody import FOLDER, AuditLog
from neuronscope.results import Store
from tests.conftest import ROOT

SERVER = """
import sys
from neuronscope import catalogue
from tests.doors.server.planted import PLANTED

find, form = catalogue.find, catalogue.form
catalogue.find = lambda name: PLANTED.get(name) or find(name)
catalogue.form = lambda name: PLANTED[name].form() if name in PLANTED else form(name)
from neuronscope.doors.server.serve import serve

if sys.argv[3]:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
serve(port=0, open_browser=False, ready_file=sys.argv[1], store_folder=sys.argv[2])
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs the signals and limits of POSIX"),
]


@contextlib.contextmanager
def started(store: Path, ready: Path, *, largest_file: str = "") -> Iterator[tuple[httpx2.Client, int]]:
    """Run a server of the planted analyses in a process of its own; what is left of it is killed."""
    ready.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(ready), str(store), largest_file],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 180
        while not ready.exists():
            assert process.poll() is None
            assert time.monotonic() < until, "it did not start"
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        headers = {"authorization": f"Bearer {told['token']}"}
        with httpx2.Client(base_url=told["url"], headers=headers, timeout=30, trust_env=False) as client:
            yield client, process.pid
    finally:
        process.kill()
        process.wait(20)


def job_when(client: httpx2.Client, job_id: str, **wanted: Any) -> dict[str, Any]:
    """Ask for a job until it is in a state, and has come as far as is wanted."""
    until = time.monotonic() + 40
    while True:
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        if job["state"] == wanted["state"] and job["done"] >= wanted.get("done", 0):
            return job
        assert time.monotonic() < until, job
        time.sleep(0.02)


def test_a_server_killed_in_a_job_goes_on_with_it_and_has_lost_nothing(tmp_path: Path) -> None:
    store, ready = tmp_path / "store", tmp_path / "ready.json"
    ask = "/api/v1/analyses"
    with started(store, ready) as (client, pid):
        stored = client.post(f"{ask}/squares?wait=20", json={"steps": 3}).json()["digest"]
        running = client.post(f"{ask}/resuming?wait=0", json={"steps": 60}).json()["id"]
        waiting = client.post(f"{ask}/squares?wait=0", json={"steps": 5}).json()["id"]
        job_when(client, running, state="running", done=5)
        os.kill(pid, signal.SIGKILL)
    record = AuditLog(store / FOLDER)
    asked = [Path(row.facts["path"]).name for row in record.read(action="request")]
    assert asked == ["squares", "resuming", "squares"]
    assert record.verify().whole
    with started(store, ready) as (client, _):
        assert client.get(f"/api/v1/results/{stored}").status_code == 200
        done = job_when(client, running, state="done")
        assert (done["interruptions"], done["arguments"]) == (1, {"steps": 60})
        began = client.get(f"/api/v1/results/{done['result']}/values?variable=began&step=0").json()["values"]
        assert began >= 5
        assert job_when(client, waiting, state="done")["interruptions"] == 0
        assert len(client.get("/api/v1/jobs").json()) == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Give a folder on a disk of one megabyte, or else one in which no file may grow larger than that."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    with contextlib.suppress(OSError):
        if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
            yield disk, ""
            subprocess.run(["umount", "-l", str(disk)], check=True)
            return
    yield disk, str(2**20)


def test_a_full_disk_is_told_and_spoils_nothing(small_disk: tuple[Path, str], tmp_path: Path) -> None:
    disk, largest_file = small_disk
    store, ready, ask = disk / "store", tmp_path / "ready.json", "/api/v1/analyses"
    with started(store, ready, largest_file=largest_file) as (client, _):
        kept = client.post(f"{ask}/squares?wait=20", json={"steps": 3}).json()["digest"]
        told = client.post(f"{ask}/noise?wait=20", json={}).json()
        assert "free some space" in told["warning"]
        assert "gone when the server stops" in told["warning"]
        values = client.get(f"/api/v1/results/{told['digest']}/values?variable=noise&neuron=0&feature=0:2")
        assert len(values.json()["values"]) == 2
        refused = client.get(f"/api/v1/results/{told['digest']}/export?format=npz")
        assert refused.status_code in {422, 507}
        assert "rite" in refused.json()["detail"]
        assert client.post(f"{ask}/squares?wait=20", json={"steps": 4}).status_code == 200
    left = Store(store)
    assert kept in {entry.digest for entry in left.ls()}
    assert told["digest"] not in {entry.digest for entry in left.ls()}
    assert not list(store.glob("set_aside/*"))
    assert all(left.get(entry.key) is not None for entry in left.ls())
