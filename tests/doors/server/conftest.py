"""A server with planted analyses and a tiny model, in this process or on a real port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from neuronscope import catalogue
from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.serve import bind, settings
from neuronscope.results import Store
from tests.doors.server.planted import PLANTED, gate, write_model

PORT = 8123
TOKEN = "a-token-for-the-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the folder of a tiny random GPT-2 that reads bytes."""
    return str(write_model(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the planted analyses to those that ship, and let no held one outlive its test."""
    find, form, forms = catalogue.find, catalogue.form, catalogue.forms
    monkeypatch.setattr(catalogue, "find", lambda name: PLANTED.get(name) or find(name))
    monkeypatch.setattr(
        catalogue, "form", lambda name: PLANTED[name].form() if name in PLANTED else form(name)
    )
    monkeypatch.setattr(catalogue, "forms", lambda: [*forms(), *(each.form() for each in PLANTED.values())])
    gate.clear()
    yield
    gate.set()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return Store(tmp_path / "store")


@pytest.fixture
def access() -> Access:
    """Give the access of a server with a known token."""
    return Access(port=PORT, token=TOKEN)


@pytest.fixture
def app(access: Access, store: Store) -> FastAPI:
    """Give a server that has not started."""
    return create_app(access=access, store=store)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """Give a client of the running server that carries no key."""
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False) as client:
        yield client
        gate.set()


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    """Give a client that sends the token."""
    stranger.headers.update(BEARER)
    return stranger


@pytest.fixture
def live(tmp_path: Path) -> Iterator[httpx2.Client]:
    """Give a client of a server on a real port."""
    with served(Store(tmp_path / "live")) as (address, access):
        headers = {"authorization": f"Bearer {access.token}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
            yield client


@contextmanager
def served(store: Store) -> Iterator[tuple[str, Access]]:
    """Run a server on a free port in a thread of its own."""
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        access = Access(port=port)
        config = settings(create_app(access=access, store=store))
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        try:
            yield f"http://127.0.0.1:{port}", access
        finally:
            gate.set()
            server.should_exit = True
            thread.join(20)


def wait_for(client: Any, job: dict[str, Any], *, state: str, patience: float = 20) -> dict[str, Any]:
    """Ask for a job until it is in a state."""
    until = time.monotonic() + patience
    while job["state"] != state and time.monotonic() < until:
        time.sleep(0.01)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    assert job["state"] == state, job
    return job
