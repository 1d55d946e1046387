"""What a request needs is told by its method and path, and a key that does not reach is refused."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neuronscope.custody import SCOPES, Actor, Role, Scope
from neuronscope.doors.server.guard.roles import is_guarded, needed, refusal
from tests.doors.server.guard.test_gate import operations


def bearer(
    app: FastAPI, role: Role, *, scopes: list[Scope] | None = None, models: str | None = None
) -> dict[str, str]:
    """Make a token and give the header that carries it."""
    name = f"a {role} {scopes} {models}".translate(str.maketrans("[]',*:/", "-------"))
    secret, _ = app.state.lodge.tokens.create(name, role=role, scopes=scopes, models=models)
    return {"authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/jobs", "read"),
        ("HEAD", "/api/v1/jobs", "read"),
        ("GET", "/api/v1/results/3f/export", "export"),
        ("GET", "/api/v1/results/3f/exports", "read"),
        ("POST", "/api/v1/results/3f/export", "run"),
        ("POST", "/api/v1/analyses/logit_lens", "run"),
        ("DELETE", "/api/v1/jobs/x", "run"),
        ("BREW", "/api/v1/jobs/x", "run"),
        ("GET", "/api/v1/admin", "manage"),
        ("GET", "/api/v1/admin/tokens", "manage"),
        ("POST", "/api/v1/admin/tokens", "manage"),
        ("POST", "/api/v1/tokens", "read"),
        ("PUT", "/api/v1/tokens", "run"),
        ("POST", "/api/v1/tokens/", "run"),
        ("POST", "/api/v1/recipes/read", "read"),
        ("POST", "/api/v1/recipes/fill", "read"),
        ("POST", "/api/v1/recipes/check", "read"),
        ("POST", "/api/v1/recipes", "run"),
        ("GET", "/api/v1/administer", "read"),
        ("GET", "/metrics", "read"),
    ],
)
def test_each_request_needs_one_scope(method: str, path: str, scope: Scope) -> None:
    assert needed(method, path) == scope


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/api", True),
        ("/api/x", True),
        ("/metrics", True),
        ("/api/v1/health", False),
        ("/", False),
        ("/apix", False),
    ],
)
def test_all_of_the_api_but_health_is_guarded(path: str, guarded: bool) -> None:
    assert is_guarded(path) is guarded


def test_a_refusal_says_who_lacks_what_and_who_could_have_it() -> None:
    actor = Actor("ann", "viewer", ("read", "export"))
    assert refusal(actor, "POST", "/api/v1/streams") == (
        "ann is a viewer whose key reaches read, export; this needs run, which an analyst's key can have."
    )
    assert refusal(replace(actor, role="admin", scopes=SCOPES), "POST", "/api/v1/streams") is None


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
def test_every_route_lets_in_the_roles_it_should_and_no_other(
    role: Role, app: FastAPI, stranger: TestClient
) -> None:
    key = bearer(app, role)
    for method, path in operations(app):
        if path.endswith("/streams") and method == "POST" and role != "viewer":
            continue
        reads = needed(method, path) in {"read", "export"}
        allowed = {"viewer": reads and "/admin/" not in path, "analyst": "/admin/" not in path}
        status = stranger.request(method, path, headers=key, params={"wait": 0, "limit": "x"}).status_code
        assert (status not in {401, 403}) is allowed.get(role, True), (method, path, status)


def test_a_viewer_reads_and_does_not_run(app: FastAPI, stranger: TestClient) -> None:
    key = bearer(app, "viewer")
    assert stranger.get("/api/v1/jobs", headers=key).status_code == 200
    refused = stranger.post("/api/v1/analyses/squares?wait=10", json={}, headers=key)
    assert refused.status_code == 403
    assert refused.json()["detail"].endswith("this needs run, which an analyst's key can have.")
    assert stranger.get("/api/v1/jobs", headers=key).json() == []


def test_a_key_below_its_role_stays_there(app: FastAPI, stranger: TestClient) -> None:
    key = bearer(app, "admin", scopes=["read"])
    assert stranger.get("/api/v1/me", headers=key).json()["scopes"] == ["read"]
    assert stranger.get("/api/v1/results/3f/export?format=nc", headers=key).status_code == 403
    assert stranger.get("/api/v1/admin/tokens", headers=key).status_code == 403
    assert stranger.post("/api/v1/analyses/squares", json={}, headers=key).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"model": "other"},
        {"nested": [{"model": "other"}]},
        {"models": ["builtin:scribe", "other"]},
        {"model": "builtin:../other"},
    ],
)
def test_a_key_for_some_models_runs_no_other(app: FastAPI, stranger: TestClient, body: dict) -> None:
    key = bearer(app, "analyst", models="builtin:*")
    refused = stranger.post("/api/v1/analyses/squares", json=body, headers=key)
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("This key is for models named builtin:*, and not for ")


def test_a_key_for_some_models_runs_those(app: FastAPI, stranger: TestClient, tiny_model: str) -> None:
    key = bearer(app, "analyst", models=f"{tiny_model[:-2]}*")
    asked = {"model": tiny_model, "text": "ab"}
    assert len(stranger.post("/api/v1/tokens", json=asked, headers=key).json()["tokens"]) == 2
    assert stranger.post("/api/v1/analyses/squares?wait=10", json={}, headers=key).status_code == 200
    assert stranger.post("/api/v1/analyses/squares", content=b"{", headers=key).status_code == 422
    assert stranger.post("/api/v1/analyses/squares", content=b"x" * 1_000_001, headers=key).status_code == 413


def test_a_viewer_has_texts_split_by_a_model_that_is_open_and_opens_none(
    app: FastAPI, stranger: TestClient, tiny_model: str
) -> None:
    viewer, asked = bearer(app, "viewer"), {"model": tiny_model, "text": "ab"}
    refused = stranger.post("/api/v1/tokens", json=asked, headers=viewer)
    assert (refused.status_code, app.state.desk.shelf.places()) == (422, [])
    assert refused.json()["detail"].endswith("is not open yet.")
    assert stranger.post("/api/v1/tokens", json=asked, headers=bearer(app, "analyst")).status_code == 200
    assert len(stranger.post("/api/v1/tokens", json=asked, headers=viewer).json()["tokens"]) == 2


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_ended_is_refused(
    app: FastAPI, stranger: TestClient, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, token = app.state.lodge.tokens.create("ann", days=1)
    key = {"authorization": f"Bearer {secret}"}
    assert stranger.get("/api/v1/jobs", headers=key).status_code == 200
    if end == "revoked":
        app.state.lodge.tokens.revoke("ann")
    else:
        monkeypatch.setattr("neuronscope.custody.tokens.moment", lambda: token.expires)
    assert stranger.get("/api/v1/jobs", headers=key).status_code == 401
