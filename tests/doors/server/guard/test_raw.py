"""What a client sends that no client should: by hand, on a real port."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from neuronscope.custody import FOLDER, TokenTable
from neuronscope.doors.server import pages
from neuronscope.doors.server.guard import patience
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.guard.gate import LARGEST_BODY, LARGEST_HEADERS
from neuronscope.results import Store
from tests.doors.server.conftest import served

SECRET = "words that no client may read"


class Server:
    """A server on a real port, spoken to byte by byte."""

    def __init__(self, port: int, access: Access, folder: Path) -> None:
        self.port, self.access, self.folder = port, access, folder

    def head(self, method: str, target: str, *lines: str) -> bytes:
        """Write the head of a request as a browser's own page would send it."""
        host = f"Host: 127.0.0.1:{self.port}"
        return "\r\n".join([f"{method} {target} HTTP/1.1", host, *lines, "", ""]).encode("latin-1")

    @property
    def key(self) -> str:
        return f"Authorization: Bearer {self.access.token}"

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            yield line

    def ask(self, sent: bytes) -> bytes:
        """Send bytes and read until the server hangs up."""
        with self.connected() as line:
            line.sendall(sent)
            return read_all(line)


def read_all(line: socket.socket) -> bytes:
    got = b""
    while part := line.recv(65536):
        got += part
    return got


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("raw")
    built = folder / "built"
    built.mkdir()
    (built / "index.html").write_text("<!doctype html><title>built</title>")
    (folder / "secret.txt").write_text(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "WORKBENCH", built)
        with served(Store(folder / "store")) as (address, access):
            yield Server(int(address.rpartition(":")[2]), access, folder)


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/....//secret.txt",
        "//secret.txt",
        "/%2F{folder}/secret.txt",
        "/{folder}/secret.txt",
        "{folder}/secret.txt",
        "file://{folder}/secret.txt",
        "http://127.0.0.1/../secret.txt",
        "/..%c0%afsecret.txt",
        "/..%252fsecret.txt",
        "/secret.txt%00.html",
        "/api/v1/results/..%2f..%2fsecret.txt",
        "/api/v1/results/..%2f..%2fsecret.txt/export?format=nc",
        "/api/v1/analyses/..%2f..%2f..%2fsecret.txt",
        "/api/v1/jobs/..%2fsecret.txt",
    ],
)
def test_no_path_leads_out_of_its_folder(server: Server, target: str) -> None:
    asked = target.format(folder=str(server.folder))
    answer = server.ask(server.head("GET", asked, server.key, "Connection: close"))
    assert SECRET.encode() not in answer
    assert status(answer) in {400, 403, 404, 422} or b"<title>built</title>" in answer


@pytest.mark.parametrize(
    "target", ["/api/v1/jobs", "/api/v1/%6aobs", "/%61pi/v1/jobs", "/api/v1//jobs", "/api/./v1/jobs"]
)
def test_no_spelling_of_a_path_goes_past_the_gate(server: Server, target: str) -> None:
    answer = server.ask(server.head("GET", target, "Connection: close"))
    assert status(answer) == 401


@pytest.mark.parametrize("target", ["//api/v1/jobs", "/x/../api/v1/jobs", "/API/v1/jobs", "/api%2fv1/jobs"])
def test_what_only_looks_like_the_api_is_never_its_answer(server: Server, target: str) -> None:
    answer = server.ask(server.head("GET", target, "Connection: close"))
    assert status(answer) == 401 or b"<title>built</title>" in answer or status(answer) == 404


def test_a_body_that_announces_too_much_is_refused_before_it_comes(server: Server) -> None:
    length = f"Content-Length: {LARGEST_BODY + 1}"
    with server.connected() as line:
        line.sendall(server.head("POST", "/api/v1/tokens", server.key, length))
        assert status(line.recv(65536)) == 413


def test_a_body_that_comes_in_parts_is_refused_once_it_is_too_much(server: Server) -> None:
    head = server.head(
        "POST", "/api/v1/tokens", server.key, "Transfer-Encoding: chunked", "Content-Type: application/json"
    )
    with server.connected() as line:
        line.sendall(head)
        part = b"186a0\r\n" + b" " * 100_000 + b"\r\n"
        try:
            for _ in range(LARGEST_BODY // 100_000 + 1):
                line.sendall(part)
        except OSError:
            pass  # the server has hung up already, having answered
        assert status(line.recv(65536)) == 413


def test_a_stranger_sends_no_large_body_to_the_login_either(server: Server) -> None:
    with server.connected() as line:
        line.sendall(server.head("POST", "/login", f"Content-Length: {LARGEST_BODY + 1}"))
        assert status(line.recv(65536)) == 413


def test_two_lengths_or_a_length_that_is_none_are_no_request(server: Server) -> None:
    for lines in (["Content-Length: 5", "Content-Length: 6"], ["Content-Length: -1"], ["Content-Length: x"]):
        assert status(server.ask(server.head("POST", "/login", *lines) + b"{}")) == 400


def test_headers_without_end_are_refused(server: Server) -> None:
    with server.connected() as line:
        line.sendall(server.head("GET", "/api/v1/jobs", "X: " + "x" * (2 * LARGEST_HEADERS))[:-4])
        assert status(line.recv(65536)) == 400


def test_whoever_never_finishes_a_request_is_hung_up_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    for sent in (b"", b"GET / HTT", server.head("POST", "/login", "Content-Length: 50") + b"{"):
        with server.connected() as line:
            line.sendall(sent)
            begun = time.monotonic()
            assert read_all(line) == b""
            assert time.monotonic() - begun < 10


def test_a_stream_that_takes_long_is_not_hung_up_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30, trust_env=False) as client:
        client.headers["authorization"] = f"Bearer {server.access.token}"
        asked = client.post("/api/v1/analyses/slow?wait=20", json={"steps": 20, "pause": 0.05})
    assert asked.status_code == 200


def test_a_thousand_wrong_logins_at_once_keep_nobody_else_out_and_do_not_fill_the_record(
    server: Server,
) -> None:
    secret, _ = TokenTable(server.folder / "store" / FOLDER).create("ann")

    async def log_in(token: str) -> int:
        body = json.dumps({"token": token}).encode()
        lines = (f"Content-Length: {len(body)}", "Content-Type: application/json", "Connection: close")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(server.head("POST", "/login", *lines) + body)
        answer = await reader.read()
        writer.close()
        return status(answer)

    async def storm() -> tuple[list[int], int, float]:
        wrong = [asyncio.create_task(log_in(f"nsk_{number:043d}")) for number in range(1000)]
        amid = await log_in(secret)
        answers = await asyncio.gather(*wrong)
        begun = time.monotonic()
        assert await log_in(secret) == 204
        return answers, amid, time.monotonic() - begun

    begun = time.monotonic()
    answers, amid, after = asyncio.run(storm())
    assert set(answers) == {401}
    assert amid == 204
    assert after < 1.0
    assert time.monotonic() - begun < 30.0
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30, trust_env=False) as client:
        client.headers["authorization"] = f"Bearer {server.access.token}"
        rows = client.get("/api/v1/admin/audit?action=login&actor=stranger&limit=500").json()["rows"]
        assert 0 < len(rows) < 200
        assert client.get("/api/v1/admin/audit/verify").json()["whole"]
