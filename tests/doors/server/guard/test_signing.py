"""A browser signs in once, stays signed in for a while, and out."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neuronscope.custody.files import moment
from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard import sessions
from neuronscope.doors.server.guard.access import Access
from neuronscope.results import Store
from tests.doors.server.conftest import PORT, TOKEN

ADDRESS = f"http://127.0.0.1:{PORT}"


def test_a_token_opens_a_session_of_its_holder(app: FastAPI, stranger: TestClient, access: Access) -> None:
    secret, _ = app.state.lodge.tokens.create("ann", role="analyst")
    reply = stranger.post("/login", json={"token": f" {secret}\n"})
    assert (reply.status_code, reply.content) == (204, b"")
    cookie = reply.headers["set-cookie"]
    assert re.match(rf"{access.cookie}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict$", cookie)
    assert secret not in cookie
    me = stranger.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["session"]) == ("ann", "analyst", True)


def test_the_token_of_the_start_opens_the_owners(stranger: TestClient) -> None:
    assert stranger.post("/login", json={"token": TOKEN}).status_code == 204
    me = stranger.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["scopes"]) == ("owner", "admin", ["read", "export", "run", "manage"])


@pytest.mark.parametrize(
    ("headers", "secure"),
    [({}, False), ({"origin": ADDRESS}, False), ({"origin": "https://lab.example"}, True)],
)
def test_behind_tls_the_cookie_keeps_to_it(app: FastAPI, headers: dict[str, str], secure: bool) -> None:
    app.state.desk.access.hosts = ("lab.example",)
    host = "lab.example" if secure else f"127.0.0.1:{PORT}"
    with TestClient(app, base_url=f"http://{host}") as client:
        cookie = client.post("/login", json={"token": TOKEN}, headers=headers).headers["set-cookie"]
    assert ("; Secure" in cookie) is secure


@pytest.mark.parametrize("token", ["", "wrong", "nsk_" + "x" * 43, "é", TOKEN + "x", "x" * 200])
def test_a_wrong_token_opens_nothing(stranger: TestClient, token: str) -> None:
    reply = stranger.post("/login", json={"token": token})
    assert reply.status_code == 401
    assert reply.json()["detail"] == "This token opens nothing here: it is wrong, expired or revoked."
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("body", [{}, {"token": 1}, {"token": "x" * 201}, [], {"token": None}])
def test_a_body_that_holds_no_token_is_refused(stranger: TestClient, body: object) -> None:
    assert stranger.post("/login", json=body).status_code == 422


@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_no_other_page_signs_in_or_out(stranger: TestClient, path: str, headers: dict[str, str]) -> None:
    assert stranger.post(path, json={"token": TOKEN}, headers=headers).status_code == 403


def test_signing_out_ends_the_session_everywhere(stranger: TestClient, access: Access) -> None:
    stranger.post("/login", json={"token": TOKEN})
    secret = stranger.cookies[access.cookie]
    reply = stranger.post("/logout")
    assert reply.status_code == 204
    assert f'{access.cookie}=""' in reply.headers["set-cookie"]
    assert stranger.get("/api/v1/me", headers={"cookie": f"{access.cookie}={secret}"}).status_code == 401
    assert stranger.post("/logout").status_code == 204


def test_a_session_ends_by_itself(stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger.post("/login", json={"token": TOKEN})
    assert stranger.get("/api/v1/me").status_code == 200
    monkeypatch.setattr(sessions, "moment", lambda: moment(later_days=sessions.DAYS))
    assert stranger.get("/api/v1/me").status_code == 401


def test_a_session_ends_with_the_server_that_opened_it(
    stranger: TestClient, access: Access, store: Store
) -> None:
    stranger.post("/login", json={"token": TOKEN})
    cookie = {"cookie": f"{access.cookie}={stranger.cookies[access.cookie]}"}
    assert stranger.get("/api/v1/me", headers=cookie).status_code == 200
    again = create_app(access=Access(port=PORT, token=TOKEN), store=store)
    with TestClient(again, base_url=ADDRESS) as client:
        assert client.get("/api/v1/me", headers=cookie).status_code == 401


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_session_ends_with_the_token_that_opened_it(
    app: FastAPI, stranger: TestClient, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, token = app.state.lodge.tokens.create("ann", days=0.1)
    stranger.post("/login", json={"token": secret})
    assert stranger.get("/api/v1/me").status_code == 200
    if end == "revoked":
        app.state.lodge.tokens.revoke("ann")
    else:
        monkeypatch.setattr("neuronscope.custody.tokens.moment", lambda: token.expires)
    assert stranger.get("/api/v1/me").status_code == 401


def test_every_login_and_logout_is_on_record(app: FastAPI, stranger: TestClient, access: Access) -> None:
    stranger.post("/login", json={"token": "wrong"})
    stranger.get("/login?code=wrong")
    stranger.get(f"/login?code={access.code()}")
    stranger.post("/logout")
    app.state.desk.audit.flush()
    rows = app.state.desk.audit.log.read()
    assert [(row.action, row.actor, row.outcome, row.facts.get("by")) for row in reversed(rows)] == [
        ("login", "stranger", "refused", "token"),
        ("login", "stranger", "refused", "link"),
        ("login", "owner", "done", "link"),
        ("logout", "owner", "done", None),
    ]
