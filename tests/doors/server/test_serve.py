"""The server starts on this machine alone, tells where it is, and stops in good order."""

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from neuronscope.custody import FOLDER, AuditLog, TokenTable
from neuronscope.doors.server import serve as serving
from neuronscope.doors.server.serve import bind, page_of, serve, write_private
from neuronscope.words import BadInput

START = """
import json, sys
from neuronscope.doors.server.serve import serve
serve(sys.argv[1] or None, **json.loads(sys.argv[2]))
"""


@contextmanager
def started(model: str, home: Path, **options: Any) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start the server in a process of its own and give it with what its ready file says."""
    ready = home / "ready.json"
    given = {"open_browser": False, "ready_file": str(ready), "store_folder": str(home / "store"), **options}
    process = subprocess.Popen(
        [sys.executable, "-c", START, model, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 120
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert ready.exists(), process.communicate(timeout=5)
        yield process, json.loads(ready.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Life:
    """One server in a thread of this process, from its start to its end."""

    def __init__(self) -> None:
        self.server: serving.Server | None = None
        self.opened: list[str] = []
        self._thread: threading.Thread | None = None

    def start(self, home: Path, **options: Any) -> dict[str, Any]:
        """Start it and give what its ready file says."""
        ready = home / "ready.json"
        given = {"ready_file": ready, "store_folder": home / "store", **options}
        self._thread = threading.Thread(target=serve, args=(None,), kwargs=given, daemon=True)
        self._thread.start()
        until = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return json.loads(ready.read_text())

    def stop(self) -> None:
        """Stop it and wait until it has ended."""
        if self.server is not None and self._thread is not None:
            self.server.should_exit = True
            self._thread.join(30)
            assert not self._thread.is_alive()


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "example.com", "", "127.0.0.1.evil.com"])
def test_what_others_can_reach_is_not_bound_before_somebody_has_a_token(host: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"can be reached from other machines, .*use 127\.0\.0\.1, localhost"):
        serve(None, host=host, open_browser=False, store_folder=tmp_path / "store")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_token_that_opens_nothing_any_more_does_not_open_the_bind(end: str, tmp_path: Path) -> None:
    table = TokenTable(tmp_path / "store" / FOLDER)
    table.create("ann", days=1e-9 if end == "expired" else None)
    if end == "revoked":
        table.revoke("ann")
    with pytest.raises(BadInput, match="nobody has a token yet"):
        serve(None, host="0.0.0.0", open_browser=False, store_folder=tmp_path / "store")


@pytest.mark.parametrize("host", ["example.com", "", "127.0.0.1.evil.com", "0.0.0.0.0"])
def test_what_is_no_address_is_not_bound_at_all(host: str) -> None:
    with pytest.raises(BadInput, match="is no address; use 127"):
        serve(None, host=host, insecure_no_auth=True, open_browser=False)


def test_an_address_of_another_machine_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match=r"host '192\.0\.2\.1' is not an address of this machine"):
        bind("192.0.2.1", 0)


@pytest.mark.parametrize(
    "name", ["*", "", "a b", "http://lab.example", "lab.example/", "x:y", "\u00e9.example"]
)
def test_a_host_name_that_could_not_be_one_stops_the_start(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be allowed; say it as browsers do"):
        serve(None, allow_hosts=[name], open_browser=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_bound_port_is_on_the_loopback(host: str) -> None:
    with bind(host, 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.getsockname()[1] > 0


def test_the_loopback_of_the_newer_protocol_is_bound_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    try:
        with bind("::1", 0) as listener:
            assert listener.getsockname()[0] == "::1"
    except BadInput:
        pytest.skip("this machine has no IPv6")


def test_a_taken_port_is_refused_in_a_sentence() -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port} cannot be used: .*; use 0 for any free one"):
            serve(None, port=port, open_browser=False)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(BadInput, match=f"port {port} is no port"):
        serve(None, port=port, open_browser=False)


def test_a_weak_token_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURONSCOPE_TOKEN", "short")
    with pytest.raises(BadInput, match="NEURONSCOPE_TOKEN"):
        serve(None, open_browser=False)


def test_a_model_that_does_not_open_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="builtin:none"):
        serve("builtin:none", open_browser=False, ready_file=tmp_path / "ready.json")
    assert not (tmp_path / "ready.json").exists()


def test_the_link_leads_home_with_the_model() -> None:
    assert page_of(None) == "/"
    assert page_of("builtin:scribe") == "/?model=builtin%3Ascribe"
    assert page_of("a b&c=d") == "/?model=a%20b%26c%3Dd"


def test_a_private_file_is_the_owners_alone_and_replaces_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert mode(file) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_private_file_in_a_missing_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Cannot write .*: No such file or directory"):
        write_private(tmp_path / "none" / "ready.json", "x")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_whole_life_of_the_server(number: signal.Signals, tiny_model: str, tmp_path: Path) -> None:
    with started(tiny_model, tmp_path) as (process, ready):
        assert set(ready) == {"url", "login", "token", "pid"}
        assert ready["pid"] == process.pid
        assert ready["url"].startswith("http://127.0.0.1:")
        assert mode(tmp_path / "ready.json") == 0o600
        token_file = tmp_path / "store" / "tokens" / ready["url"].rpartition(":")[2]
        assert mode(token_file) == 0o600
        assert token_file.read_text() == ready["token"] + "\n"
        with httpx2.Client(base_url=ready["url"], timeout=30, trust_env=False) as client:
            assert client.get("/api/v1/health").json()["status"] == "ok"
            assert client.get("/api/v1/jobs").status_code == 401
            onward = client.get(ready["login"])
            assert onward.status_code == 303
            assert onward.headers["location"].startswith("/?model=")
            assert client.get("/api/v1/jobs").json() == []
            asked = {"model": tiny_model, "text": "ab"}
            assert len(client.post("/api/v1/tokens", json=asked).json()["tokens"]) == 2
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "Traceback" not in err
        assert ready["url"] in out
        assert ready["token"] not in out
        assert not token_file.exists()
        assert not (tmp_path / "ready.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_stopping_server_ends_the_streams_and_jobs_of_its_page(tmp_path: Path) -> None:
    with started("", tmp_path) as (process, ready):
        headers = {"authorization": f"Bearer {ready['token']}"}
        with httpx2.Client(base_url=ready["url"], headers=headers, timeout=30, trust_env=False) as client:
            body = {"model": "builtin:scribe", "prompt": "a " * 60}
            job = client.post("/api/v1/analyses/neuron_activations?wait=0", json=body).json()
            with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as stream:
                process.send_signal(signal.SIGTERM)
                last = [line for line in stream.iter_lines() if line.startswith("event: ")][-1]
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert last in {"event: interrupted", "event: result"}


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """Give a server that runs in a thread of this process."""
    one = Life()

    class Watched(serving.Server):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            one.server = self

    monkeypatch.setattr(serving, "Server", Watched)
    monkeypatch.setattr(serving.webbrowser, "open", one.opened.append)
    yield one
    one.stop()


def test_the_ready_file_and_the_token_file_are_there_while_it_answers(life: Life, tmp_path: Path) -> None:
    ready = life.start(tmp_path, open_browser=False)
    token_file = tmp_path / "store" / "tokens" / ready["url"].rpartition(":")[2]
    assert (mode(tmp_path / "ready.json"), mode(token_file)) == (0o600, 0o600)
    assert token_file.read_text() == ready["token"] + "\n"
    assert httpx2.get(f"{ready['url']}/api/v1/health", trust_env=False).status_code == 200
    life.stop()
    assert not token_file.exists()
    assert not (tmp_path / "ready.json").exists()
    assert life.opened == []


def test_the_browser_opens_a_link_of_its_own(life: Life, tmp_path: Path) -> None:
    ready = life.start(tmp_path, open_browser=True)
    until = time.monotonic() + 10
    while not life.opened and time.monotonic() < until:
        time.sleep(0.01)
    assert len(life.opened) == 1
    assert life.opened[0].partition("?")[0] == ready["login"].partition("?")[0]
    for link in (life.opened[0], ready["login"]):
        assert httpx2.get(link, trust_env=False).status_code == 303
        assert httpx2.get(link, trust_env=False).status_code == 401


def test_a_second_signal_does_not_wait(life: Life, tmp_path: Path) -> None:
    life.start(tmp_path, open_browser=False)
    assert life.server is not None
    life.server.handle_exit(signal.SIGINT, None)
    assert (life.server.should_exit, life.server.force_exit) == (True, False)
    life.server.handle_exit(signal.SIGINT, None)
    assert life.server.force_exit
    life.stop()


def test_the_token_of_the_environment_is_the_servers(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURONSCOPE_TOKEN", "a-token-that-is-long")
    assert life.start(tmp_path, open_browser=False)["token"] == "a-token-that-is-long"


def test_with_a_token_made_the_server_is_shared_under_the_names_it_is_given(
    life: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, _ = TokenTable(tmp_path / "store" / FOLDER).create("ann")
    ready = life.start(tmp_path, host="0.0.0.0", allow_hosts=["lab.example"], open_browser=False)
    assert ready["url"].startswith("http://127.0.0.1:")
    with httpx2.Client(base_url=ready["url"], trust_env=False) as client:
        key = {"authorization": f"Bearer {secret}"}
        named = {
            name: client.get("/api/v1/me", headers={**key, "host": name})
            for name in ("lab.example", "b.example")
        }
        assert (named["lab.example"].json()["name"], named["b.example"].status_code) == ("ann", 403)
        assert client.get("/api/v1/jobs", headers={"host": "lab.example"}).status_code == 401
        forwarded = {"x-forwarded-proto": "https", "origin": "https://lab.example", "host": "lab.example"}
        reply = client.post("/login", json={"token": secret}, headers=forwarded)
        assert "; Secure" in reply.headers["set-cookie"]
    said = capsys.readouterr().err
    assert "Other machines can reach port" in said
    assert "WARNING" not in said


def test_letting_everybody_in_is_loud_and_gives_nobody_the_keys(
    life: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = life.start(tmp_path, host="0.0.0.0", insecure_no_auth=True, open_browser=False)
    with httpx2.Client(base_url=ready["url"], trust_env=False) as client:
        assert client.get("/api/v1/me").json()["role"] == "analyst"
        assert client.get("/api/v1/admin/tokens").status_code == 403
        assert client.get("/api/v1/me", headers={"host": "evil.example"}).status_code == 403
        assert client.delete("/api/v1/jobs/x", headers={"origin": "http://evil.example"}).status_code == 403
    assert "WARNING: --insecure-no-auth lets whoever reaches this port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shared", "opens"),
    [
        ({}, True),
        ({"host": "localhost"}, True),
        ({"files": ["{home}/inside"]}, False),
        ({"allow_hosts": ["lab.example"]}, False),
        ({"host": "0.0.0.0"}, False),
        ({"insecure_no_auth": True}, False),
    ],
)
def test_a_server_that_is_shared_opens_only_the_files_that_it_was_given(
    life: Life, tiny_model: str, tmp_path: Path, shared: dict[str, Any], opens: bool
) -> None:
    TokenTable(tmp_path / "store" / FOLDER).create("ann")
    inside = shutil.copytree(tiny_model, tmp_path / "inside" / "model")
    given = {**shared, "files": [name.format(home=tmp_path) for name in shared.get("files", [])]}
    ready = life.start(tmp_path, open_browser=False, **given)
    headers = {"authorization": f"Bearer {ready['token']}"}
    with httpx2.Client(base_url=ready["url"], headers=headers, timeout=60, trust_env=False) as client:

        def status(model: str) -> int:
            return client.post("/api/v1/tokens", json={"model": model, "text": "ab"}).status_code

        assert status(tiny_model) == (200 if opens else 422)
        assert status(str(inside)) == (200 if opens or given["files"] else 422)
        reply = client.post("/api/v1/analyses/logit_lens", json={"model": tiny_model, "prompt": "ab"})
        assert (reply.status_code == 422) is not opens
        assert opens or "--files" in reply.json()["detail"]


def test_the_loopback_of_the_newer_protocol_is_served_too(life: Life, tmp_path: Path) -> None:
    try:
        bind("::1", 0).close()
    except BadInput:
        pytest.skip("this machine has no IPv6")
    ready = life.start(tmp_path, host="::1", open_browser=False)
    assert ready["url"].startswith("http://[::1]:")
    assert httpx2.get(ready["login"], trust_env=False).status_code == 303


def test_start_and_stop_are_on_record(life: Life, tmp_path: Path) -> None:
    life.start(tmp_path, open_browser=False)
    life.stop()
    log = AuditLog(tmp_path / "store" / FOLDER)
    assert [row.action for row in log.read(actor="server")] == ["stop", "start"]
    assert log.verify().whole


def test_small_replies_leave_at_once() -> None:
    """Where they wait for the client's word, every reply takes 40 ms."""
    delays: list[int] = []

    class Told(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken = transport.get_extra_info("socket")
            delays.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def visited(listener: socket.socket) -> None:
        async with await asyncio.get_running_loop().create_server(Told, sock=listener):
            source, sink = await asyncio.open_connection(*listener.getsockname())
            await source.read()
            sink.close()

    with bind("127.0.0.1", 0) as listener:
        asyncio.run(visited(listener))
    assert all(delays)
    assert delays
