"""What a job has so far is read like a result, while it runs and after it was cancelled."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from neuronscope.doors.server import bodies
from tests.doors.server.conftest import wait_for
from tests.doors.server.planted import gate
from tests.doors.server.test_asking import ASK, events


@pytest.fixture
def job(client: TestClient) -> dict[str, Any]:
    """Give a job that has filled the first row of its map and waits."""
    asked = client.post(f"{ASK}/filling?wait=0", json={"rows": 3}).json()
    for _ in range(2000):
        if client.get(f"/api/v1/jobs/{asked['id']}/partial").status_code == 200:
            return asked
    raise AssertionError("nothing was offered")


def test_what_is_there_so_far_is_described_like_a_result(client: TestClient, job: dict[str, Any]) -> None:
    told = bodies.Result.model_validate(client.get(f"/api/v1/jobs/{job['id']}/partial").json())
    assert (told.analysis, told.kind, told.dims) == ("filling", "grid", {"layer": 3, "position": 4})
    assert told.provenance["arguments"] == {"rows": 3}
    assert "neuronscope.filling(" in told.code.python


def test_its_values_and_its_figure_come_as_those_of_a_result(client: TestClient, job: dict[str, Any]) -> None:
    at = f"/api/v1/jobs/{job['id']}/partial"
    values = client.get(f"{at}/values?variable=effect").json()
    assert values["values"] == [[0, 0.25, 0.5, 0.75], [None] * 4, [None] * 4]
    raw = client.get(f"{at}/values?variable=effect&layer=0&format=binary")
    assert np.frombuffer(raw.content, raw.headers["x-neuronscope-dtype"]).tolist() == [0, 0.25, 0.5, 0.75]
    assert client.get(f"{at}/figure").json()["data"]
    assert client.get(f"{at}/values?variable=other").status_code == 422


def test_an_unfinished_answer_goes_once_the_whole_one_is_there(
    client: TestClient, job: dict[str, Any]
) -> None:
    gate.set()
    done = wait_for(client, job, state="done")
    assert client.get(f"/api/v1/jobs/{job['id']}/partial").status_code == 404
    told = events(client.get(f"/api/v1/jobs/{job['id']}/events").text)
    assert {"event": "partial", "number": 3} in [event["data"] for event in told]
    assert told[-1]["data"] == {"event": "result", "digest": done["result"]}


def test_a_cancelled_job_keeps_what_it_had(client: TestClient, job: dict[str, Any]) -> None:
    client.delete(f"/api/v1/jobs/{job['id']}")
    gate.set()
    wait_for(client, job, state="cancelled")
    kept = client.get(f"/api/v1/jobs/{job['id']}/partial/values?variable=effect&position=3").json()
    assert kept["values"][0] == 0.75


def test_a_job_that_offered_nothing_has_nothing_to_show(client: TestClient) -> None:
    asked = client.post(f"{ASK}/held?wait=0", json={}).json()
    reply = client.get(f"/api/v1/jobs/{asked['id']}/partial")
    assert reply.status_code == 404
    assert reply.json()["detail"] == f"The job '{asked['id']}' keeps no unfinished answer."
