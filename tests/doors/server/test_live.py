"""What only a server on a real port shows: streams as they come, many clients at once."""

import json
import threading
import time

import httpx2
import pytest

from tests.doors.server.conftest import wait_for
from tests.doors.server.planted import gate


def another(live: httpx2.Client) -> httpx2.Client:
    """Give one more client of the same server."""
    return httpx2.Client(base_url=live.base_url, headers=live.headers, timeout=60, trust_env=False)


def test_progress_arrives_while_the_job_runs(live: httpx2.Client) -> None:
    job = live.post("/api/v1/analyses/slow?wait=0", json={"steps": 40, "pause": 0.02}).json()
    moments, seen = [], []
    with live.stream("GET", f"/api/v1/jobs/{job['id']}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                moments.append(time.monotonic())
    assert seen[-1]["event"] == "result"
    assert len({event["done"] for event in seen if event["event"] == "progress"}) > 3
    assert moments[-1] - moments[0] > 0.3


def test_a_stream_that_breaks_off_goes_on_where_it_was(live: httpx2.Client) -> None:
    job = live.post("/api/v1/analyses/held?wait=0", json={"steps": 5}).json()
    address, last = f"/api/v1/jobs/{job['id']}/events", ""
    with live.stream("GET", address) as stream:
        for line in stream.iter_lines():
            last = line.removeprefix("id: ") if line.startswith("id: ") else last
            if last:
                break
    gate.set()
    with live.stream("GET", address, headers={"last-event-id": last}) as stream:
        numbers = [int(line[4:]) for line in stream.iter_lines() if line.startswith("id: ")]
    assert min(numbers) > int(last)
    wait_for(live, job, state="done")


def test_twenty_clients_read_while_a_job_runs(live: httpx2.Client) -> None:
    stored = live.post("/api/v1/analyses/strange?wait=20", json={"steps": 50}).json()
    job = live.post("/api/v1/analyses/held?wait=0", json={"steps": 2}).json()
    wanted = {
        "": stored,
        "/values?variable=table&step=3": None,
        "/figure?variable=table": None,
    }
    for path in wanted:
        wanted[path] = live.get(f"/api/v1/results/{stored['digest']}{path}").json()
    wrong: list[object] = []

    def read() -> None:
        with httpx2.Client(
            base_url=live.base_url, headers=live.headers, timeout=60, trust_env=False
        ) as client:
            for path, expected in wanted.items():
                reply = client.get(f"/api/v1/results/{stored['digest']}{path}")
                if reply.status_code != 200 or reply.json() != expected:
                    wrong.append((path, reply.text))
            if client.get("/api/v1/health").json()["status"] != "ok":
                wrong.append("health")

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert not any(reader.is_alive() for reader in readers)
    assert wrong == []
    assert live.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "running"
    gate.set()
    wait_for(live, job, state="done")


def test_twenty_followers_of_one_job_all_hear_its_end(live: httpx2.Client) -> None:
    job = live.post("/api/v1/analyses/held?wait=0", json={"steps": 3}).json()
    ends: list[str] = []

    def follow() -> None:
        with httpx2.Client(
            base_url=live.base_url, headers=live.headers, timeout=60, trust_env=False
        ) as client:
            text = client.get(f"/api/v1/jobs/{job['id']}/events").text
            ends.append([line for line in text.splitlines() if line.startswith("event: ")][-1])

    followers = [threading.Thread(target=follow) for _ in range(20)]
    for follower in followers:
        follower.start()
    time.sleep(0.3)
    assert live.get("/api/v1/health").status_code == 200
    gate.set()
    for follower in followers:
        follower.join(60)
    assert ends == ["event: result"] * 20


def test_a_client_that_leaves_does_not_stop_the_job(live: httpx2.Client) -> None:
    with pytest.raises(httpx2.TimeoutException):
        live.post("/api/v1/analyses/held?wait=60", json={"steps": 2}, timeout=0.5)
    job = live.get("/api/v1/jobs").json()[0]
    assert job["state"] == "running"
    gate.set()
    wait_for(live, job, state="done")
