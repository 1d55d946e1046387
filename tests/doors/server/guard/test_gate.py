"""Nothing reaches a route that should not."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from neuronscope.custody import AuditLog
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.guard.gate import LARGEST_BODY, LARGEST_HEADERS, Gate
from neuronscope.doors.server.guard.recorder import PATIENCE
from tests.doors.server.conftest import BEARER, PORT, TOKEN

ADDRESS = f"http://127.0.0.1:{PORT}"


def operations(app: FastAPI) -> list[tuple[str, str]]:
    """List every documented route as its method and a path with its names filled in."""
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]


def test_every_route_but_health_asks_for_a_key(app: FastAPI, stranger: TestClient) -> None:
    refused = {path: stranger.request(method, path).status_code for method, path in operations(app)}
    assert refused.pop("/api/v1/health") == 200
    assert len(refused) >= 12
    assert set(refused.values()) == {401}


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/openapi.json", "/api/v2/x", "/api/v1/health/"]
)
def test_everything_below_api_asks_for_a_key(path: str, stranger: TestClient) -> None:
    assert stranger.get(path).status_code == 401


def test_the_refusal_says_how_to_get_in(stranger: TestClient) -> None:
    reply = stranger.get("/api/v1/jobs")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "neuronscope open" in reply.json()["detail"]


@pytest.mark.parametrize("key", ["Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
def test_a_wrong_token_is_refused(key: str, stranger: TestClient) -> None:
    assert stranger.get("/api/v1/jobs", headers={"authorization": key}).status_code == 401


def test_the_token_lets_in(stranger: TestClient) -> None:
    assert stranger.get("/api/v1/jobs", headers=BEARER).status_code == 200


def test_the_token_in_the_address_lets_nobody_in(stranger: TestClient) -> None:
    assert stranger.get(f"/api/v1/jobs?token={TOKEN}&access_token={TOKEN}").status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/jobs", "/", "/login"])
@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "testserver"])
def test_a_foreign_host_is_refused_everywhere(host: str, path: str, client: TestClient) -> None:
    reply = client.get(path, headers={"host": host})
    assert reply.status_code == 403
    assert reply.json()["detail"] == f"This server answers only to 127.0.0.1:{PORT} and localhost."


CROSS = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"https://127.0.0.1:{PORT}"},
    {"origin": "http://127.0.0.1:3000"},
    {"origin": f"http://localhost:{PORT}"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": ADDRESS, "sec-fetch-site": "cross-site"},
]


@pytest.mark.parametrize("headers", CROSS)
def test_a_page_of_another_origin_can_change_nothing(headers: dict[str, str], client: TestClient) -> None:
    asked = client.post("/api/v1/analyses/squares", json={}, headers=headers)
    cancelled = client.delete("/api/v1/jobs/x", headers=headers)
    assert (asked.status_code, cancelled.status_code) == (403, 403)
    assert asked.json() == {"detail": "Requests from pages of other origins are refused."}
    assert client.get("/api/v1/jobs").json() == []


@pytest.mark.parametrize("headers", CROSS)
def test_a_page_of_another_origin_can_read_nothing(headers: dict[str, str], client: TestClient) -> None:
    assert client.get("/api/v1/jobs", headers=headers).status_code == 403


def test_a_form_opened_by_hand_changes_nothing(client: TestClient) -> None:
    assert (
        client.post("/api/v1/analyses/squares", json={}, headers={"sec-fetch-site": "none"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    "headers", [{}, {"origin": ADDRESS}, {"origin": ADDRESS, "sec-fetch-site": "same-origin"}]
)
def test_the_own_page_and_programs_may_ask(headers: dict[str, str], client: TestClient) -> None:
    assert client.post("/api/v1/analyses/squares?wait=10", json={}, headers=headers).status_code == 200


def test_no_answer_offers_itself_to_other_origins(client: TestClient) -> None:
    reply = client.options(
        "/api/v1/jobs", headers={"origin": ADDRESS, "access-control-request-method": "GET"}
    )
    assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_a_large_body_is_refused_by_its_announced_length(client: TestClient) -> None:
    reply = client.post(
        "/api/v1/analyses/squares", content=b"{}", headers={"content-length": str(LARGEST_BODY + 1)}
    )
    assert reply.status_code == 413
    assert "larger than 1,000,000 bytes" in reply.json()["detail"]


def test_a_large_body_is_refused_while_it_comes(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"x": "'
        for _ in range(12):
            yield b"x" * 100_000
        yield b'"}'

    reply = client.post(
        "/api/v1/analyses/squares", content=parts(), headers={"content-type": "application/json"}
    )
    assert reply.status_code == 413
    assert "larger than 1,000,000 bytes" in reply.json()["detail"]


def test_a_body_just_small_enough_is_read(client: TestClient) -> None:
    body = b'{"stepz": "' + b"x" * (LARGEST_BODY - 13) + b'"}'
    assert len(body) == LARGEST_BODY
    reply = client.post(
        "/api/v1/analyses/squares", content=body, headers={"content-type": "application/json"}
    )
    assert reply.status_code == 422
    assert "did you mean 'steps'" in reply.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/jobs", "/login?code=x", "/assets/none.js"])
def test_every_answer_carries_the_headers_that_fence_it_in(path: str, stranger: TestClient) -> None:
    headers = stranger.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    )
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_what_the_api_says_is_kept_nowhere(client: TestClient) -> None:
    assert client.get("/api/v1/jobs").headers["cache-control"] == "no-store"


def test_a_fault_of_the_server_is_one_sentence_in_the_reply_and_a_traceback_in_the_log(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object) -> list[object]:
        raise RuntimeError("a secret path")

    monkeypatch.setattr("neuronscope.doors.server.work.jobs.Jobs.all", broken)
    reply = client.get("/api/v1/jobs")
    assert reply.status_code == 500
    assert reply.json() == {"detail": "The server failed on this request; its log has the details."}
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "a secret path" in caplog.text


def test_the_gate_stands_before_every_route_of_the_server(app: FastAPI, access: Access) -> None:
    names = [getattr(entry.cls, "__name__", "") for entry in app.user_middleware]
    place = names.index(Gate.__name__)
    assert set(names[:place]) <= {"Courtesy", "Counted"}, "these read no body and lead nowhere"
    assert app.user_middleware[place].kwargs == {"access": access, "audit": app.state.desk.audit}


def test_one_key_that_asks_too_much_at_once_waits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuronscope.doors.server.guard.load.MOST_REQUESTS", 0)
    reply = client.get("/api/v1/jobs")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    assert reply.json()["detail"].startswith("This key is being answered")
    assert client.get("/api/v1/health").status_code == 200


def test_headers_that_are_too_large_are_refused(client: TestClient) -> None:
    assert client.get("/api/v1/jobs", headers={"x": "x" * LARGEST_HEADERS}).status_code == 431


def test_routes_hear_who_asks(app: FastAPI, stranger: TestClient) -> None:
    heard: list[dict[str, Any]] = []

    @app.post("/api/v1/heard")
    def hear(request: Request) -> None:
        heard.append(request.scope["actor"])

    app.router.routes.insert(0, app.router.routes.pop())
    secret, token = app.state.lodge.tokens.create("ann", role="analyst", models="builtin:*")
    stranger.post("/api/v1/heard", headers={"authorization": f"Bearer {secret}"})
    assert heard == [
        {
            "name": "ann",
            "role": "analyst",
            "scopes": ("read", "export", "run"),
            "models": "builtin:*",
            "token": token.id,
            "session": None,
        }
    ]


ACTS = [
    ("POST", "/api/v1/admin/tokens", {"name": "ann"}, ["request", "token created"]),
    ("POST", "/login", {"token": TOKEN}, ["login"]),
    ("POST", "/login", {"token": "wrong"}, ["login"]),
    ("POST", "/logout", {}, ["logout"]),
    ("DELETE", "/api/v1/jobs/none", None, ["request"]),
]


@pytest.mark.parametrize(("method", "path", "body", "actions"), ACTS)
def test_what_was_done_is_on_the_disk_before_the_reply_goes_out(
    app: FastAPI,
    stranger: TestClient,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: dict[str, str] | None,
    actions: list[str],
) -> None:
    key = {} if path == "/login" else {"cookie": f"{access.cookie}={access.redeem(access.code())}"}
    log = app.state.desk.audit.log
    plain = log.append

    def slow(entries: Any) -> None:
        time.sleep(0.2)
        plain(entries)

    monkeypatch.setattr(log, "append", slow)
    stranger.request(method, path, json=body, headers=key)
    assert [row.action for row in AuditLog(log.file.parent).read()] == actions


def test_a_disk_that_refuses_the_record_holds_no_reply_up(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(entries: Any) -> None:
        raise OSError("full")

    with monkeypatch.context() as trouble:
        trouble.setattr(app.state.desk.audit.log, "append", full)
        began = time.monotonic()
        assert client.delete("/api/v1/jobs/none").status_code == 404
        assert time.monotonic() - began < PATIENCE
    assert app.state.desk.audit.flush()
    assert [row.action for row in app.state.desk.audit.log.read()] == ["request"]
