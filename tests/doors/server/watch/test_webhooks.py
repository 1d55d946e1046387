"""Messages to webhooks, on a receiver of this machine."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from neuronscope.doors.server.watch.rules import Webhook
from neuronscope.doors.server.watch.webhooks import SIGNATURE, Message, Postman, send


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Answer with these statuses in turn, the last for ever, and keep what came."""
    came: list[tuple[dict[str, str], bytes]] = []

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers["content-length"])
            came.append((dict(self.headers), self.rfile.read(length)))
            self.send_response(statuses[min(len(came), len(statuses)) - 1])
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    # Its methods are found by names that say the verb.
    for verb in ("GET", "POST"):
        setattr(Answer, f"do_{verb}", Answer.answer)
    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def posted(url: str, *, pauses: tuple[float, ...] = (0.01, 0.01)) -> str:
    """Post one message and return what became of it."""
    heard: list[str] = []
    known = threading.Event()

    def told(outcome: str) -> None:
        heard.append(outcome)
        known.set()

    postman = Postman(pauses=pauses, patience=2)
    postman.open()
    postman.post(Message(Webhook(url=url), {"event": "fired"}, told))
    assert known.wait(20)
    postman.close()
    return heard[0]


def test_a_message_arrives_signed_with_the_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    with receiver(200) as (url, came):
        assert send(Webhook(url=url, secret_variable="HOOK_SECRET"), {"event": "fired"}) == ("", False)
    headers, body = came[0]
    assert json.loads(body) == {"event": "fired"}
    signature = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert {name.lower(): value for name, value in headers.items()}[
        SIGNATURE.lower()
    ] == f"sha256={signature}"


def test_without_its_secret_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    with receiver(200) as (url, came):
        trouble, lasting = send(Webhook(url=url, secret_variable="HOOK_SECRET"), {})
    assert "HOOK_SECRET is not set" in trouble
    assert lasting
    assert came == []


def test_a_receiver_in_trouble_is_tried_again() -> None:
    with receiver(503, 500, 200) as (url, came):
        assert posted(url) == "delivered at try 3"
    assert len(came) == 3


def test_a_receiver_that_refuses_is_left_alone() -> None:
    with receiver(404) as (url, came):
        assert posted(url) == "not delivered: status 404"
    assert len(came) == 1


def test_a_redirection_is_not_followed() -> None:
    with receiver(302) as (url, came):
        assert posted(url) == "not delivered: status 302"
    assert len(came) == 1


def test_nobody_there_is_given_up_after_the_last_try() -> None:
    with receiver(200) as (url, _):
        pass
    assert posted(url).startswith("not delivered: ")


def test_posting_never_waits_however_slow_the_receiver_is() -> None:
    outcomes: list[str] = []
    with receiver(503) as (url, _):
        postman = Postman(pauses=(60.0,), patience=2)
        postman.open()
        begun = time.monotonic()
        for _ in range(150):
            postman.post(Message(Webhook(url=url), {}, outcomes.append))
        assert time.monotonic() - begun < 1
        postman.close()
    assert sum(outcome.startswith("not sent") for outcome in outcomes) >= 48
