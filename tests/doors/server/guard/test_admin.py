"""An admin manages keys, sessions and the record, and nobody else sees them."""

import sqlite3
from contextlib import closing

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.doors.server.conftest import TOKEN, wait_for
from tests.doors.server.planted import gate


def test_a_token_is_made_told_once_listed_and_revoked(client: TestClient) -> None:
    made = client.post("/api/v1/admin/tokens", json={"name": "ann", "role": "analyst", "days": 2})
    assert made.status_code == 201
    secret, token = made.json()["secret"], made.json()["token"]
    assert (token["name"], token["role"], token["scopes"]) == ("ann", "analyst", ["read", "export", "run"])
    key = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me", headers=key).json()["name"] == "ann"
    listed = client.get("/api/v1/admin/tokens")
    assert secret not in listed.text
    assert [entry["state"] for entry in listed.json()] == ["active"]
    assert listed.json()[0]["last_used"] is not None
    assert client.delete(f"/api/v1/admin/tokens/{token['id']}").json()["state"] == "revoked"
    assert client.get("/api/v1/me", headers=key).status_code == 401


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "lacks 'name'"),
        ({"name": ""}, "must have 1 to 64"),
        ({"name": "a", "role": "king"}, "role='king' in the body"),
        ({"name": "a", "scopes": ["run"]}, "above the role viewer"),
        ({"name": "a", "days": 0}, "greater than 0"),
        ({"name": "a", "models": "a\nb"}, "must be a pattern"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(client: TestClient, body: dict, words: str) -> None:
    reply = client.post("/api/v1/admin/tokens", json=body)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_sessions_are_listed_and_closed(app: FastAPI, stranger: TestClient) -> None:
    secret, _ = app.state.lodge.tokens.create("ann")
    with TestClient(app, base_url=str(stranger.base_url)) as other:
        other.post("/login", json={"token": secret})
        stranger.post("/login", json={"token": TOKEN})
        sessions = stranger.get("/api/v1/admin/sessions").json()
        assert [(entry["name"], entry["here"]) for entry in sessions] == [("owner", True), ("ann", False)]
        closed = stranger.delete(f"/api/v1/admin/sessions/{sessions[1]['id']}")
        assert (closed.status_code, closed.json()["name"]) == (200, "ann")
        assert other.get("/api/v1/me").status_code == 401
    assert stranger.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("what", ["tokens", "sessions"])
def test_what_is_not_there_cannot_be_ended(client: TestClient, what: str) -> None:
    reply = client.delete(f"/api/v1/admin/{what}/none")
    assert reply.status_code == 404
    assert "'none'" in reply.json()["detail"]


def test_whatever_changes_something_is_on_record_and_reading_is_not(client: TestClient) -> None:
    client.get("/api/v1/jobs")
    client.post("/api/v1/tokens", json={"model": "none", "text": "as somebody types"})
    client.post("/api/v1/analyses/squares?wait=10", json={})
    client.post("/api/v1/admin/tokens", json={"name": "ann"})
    client.get("/api/v1/jobs", headers={"authorization": "Bearer wrong"})
    client.get("/api/v1/jobs", headers={"host": "evil.example"})
    rows = client.get("/api/v1/admin/audit").json()["rows"]
    seen = [(row["action"], row["actor"], row["outcome"], row["facts"].get("status")) for row in rows]
    assert ("request", "owner", "done", 200) in seen
    assert ("request", "owner", "done", 201) in seen
    assert ("token created", "owner", "done", None) in seen
    assert ("job", "server", "done", None) in seen
    assert ("refused", "stranger", "refused", 401) in seen
    assert ("refused", "stranger", "refused", 403) in seen
    assert len(seen) == 6
    job = next(row for row in rows if row["action"] == "job")
    assert (job["facts"]["analysis"], len(job["facts"]["result"])) == ("squares", 16)
    assert (
        next(row for row in reversed(rows) if row["action"] == "request")["facts"]["path"]
        == "/api/v1/analyses/squares"
    )
    assert TOKEN not in str(rows)


def test_the_record_is_read_page_by_page_and_by_whom(client: TestClient) -> None:
    for _ in range(5):
        client.delete("/api/v1/jobs/none")
    first = client.get("/api/v1/admin/audit?limit=3&actor=owner").json()
    assert [row["number"] for row in first["rows"]] == [5, 4, 3]
    after = client.get(f"/api/v1/admin/audit?limit=3&before={first['before']}").json()
    assert [row["number"] for row in after["rows"]] == [2, 1]
    assert after["before"] is None
    assert client.get("/api/v1/admin/audit?action=login").json()["rows"] == []


def test_an_altered_record_says_which_row(app: FastAPI, client: TestClient) -> None:
    for _ in range(4):
        client.delete("/api/v1/jobs/none")
    whole = client.get("/api/v1/admin/audit/verify").json()
    assert (whole["whole"], whole["rows"], whole["trouble"]) == (True, 4, None)
    with closing(sqlite3.connect(app.state.desk.audit.log.file)) as table, table:
        table.execute("UPDATE rows SET row = replace(row, 'owner', 'other') WHERE number = 2")
    altered = client.get("/api/v1/admin/audit/verify").json()
    assert (altered["whole"], altered["number"]) == (False, 2)
    assert altered["trouble"] == "Row 2 was changed after it was written."


def test_spoilt_files_are_told_in_a_sentence(app: FastAPI, client: TestClient) -> None:
    client.post("/api/v1/admin/tokens", json={"name": "ann"})
    app.state.desk.audit.flush()
    for file in (app.state.lodge.tokens.file, app.state.desk.audit.log.file):
        file.write_bytes(b"no database at all, and long enough to be read as one" * 40)
    assert "cannot be read" in client.get("/api/v1/admin/tokens").json()["detail"]
    assert "cannot be read" in client.get("/api/v1/admin/audit").json()["detail"]
    assert "cannot be read" in client.get("/api/v1/admin/audit/verify").json()["trouble"]
    stolen = {"authorization": "Bearer nsk_" + "x" * 43}
    assert client.get("/api/v1/jobs", headers=stolen).status_code == 401


def test_a_job_that_ends_later_is_found_from_the_request_that_asked_it(client: TestClient) -> None:
    job = client.post("/api/v1/analyses/held?wait=0", json={"steps": 2}).json()
    client.delete(f"/api/v1/jobs/{job['id']}")
    gate.set()
    wait_for(client, job, state="cancelled")
    rows = client.get("/api/v1/admin/audit").json()["rows"]
    asked = next(row for row in rows if row["facts"].get("onward") == f"/api/v1/jobs/{job['id']}")
    assert (asked["actor"], asked["action"]) == ("owner", "request")
    ended = next(row for row in rows if row["action"] == "job")
    assert (ended["facts"]["job"], ended["outcome"]) == (job["id"], "cancelled")
