"""Whoever loses a key loses what it was reading too."""

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from neuronscope.doors.server.guard import gate as gates
from neuronscope.doors.server.guard.access import Access
from neuronscope.results import Store
from tests.doors.server.conftest import served
from tests.doors.server.planted import gate


@pytest.fixture
def owner(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[httpx2.Client, Access]]:
    monkeypatch.setattr(gates, "LOOK_EVERY", 0.05)
    with served(Store(tmp_path / "store")) as (address, access):
        headers = {"authorization": f"Bearer {access.token}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
            yield client, access


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("way", ["token", "session"])
def test_a_stream_ends_with_the_key_that_opened_it(
    owner: tuple[httpx2.Client, Access], way: str, silent: bool
) -> None:
    client, access = owner
    assert access.tokens is not None
    secret, _ = access.tokens.create("ann")
    job = client.post("/api/v1/analyses/held?wait=0", json={"steps": 400}).json()
    headers: dict[str, str] = {"authorization": f"Bearer {secret}"}
    if way == "session":
        session = httpx2.post(f"{client.base_url}/login", json={"token": secret}, trust_env=False)
        headers = {"cookie": session.headers["set-cookie"].partition(";")[0]}
    with (
        httpx2.Client(base_url=client.base_url, headers=headers, timeout=30, trust_env=False) as reader,
        reader.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events,
    ):
        assert events.status_code == 200
        lines = events.iter_lines()
        next(lines)
        if way == "token":
            access.tokens.revoke("ann")
        else:
            [mine] = [one for one in access.sessions.all() if one.actor.name == "ann"]
            access.sessions.close(mine.id)
        ended = time.monotonic()
        if not silent:
            gate.set()  # the job goes on and has much to say
        rest = list(lines)
        assert time.monotonic() - ended < 5  # a silent stream says that it lives every 15 s
    assert not any("result" in line for line in rest)
    if silent:
        assert client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "running"
    assert client.get(f"/api/v1/jobs/{job['id']}").status_code == 200
