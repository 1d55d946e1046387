"""A question over HTTP: asked, answered or queued, followed, cancelled."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from neuronscope import catalogue
from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.jobs import MOST_WAITING
from tests.doors.server.conftest import wait_for
from tests.doors.server.planted import gate, write_model

ASK = "/api/v1/analyses"


def events(text: str) -> list[dict[str, Any]]:
    """Read a stream of server-sent events."""
    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(":")]
    read = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [{**block, "data": json.loads(block["data"])} for block in read]


def test_the_forms_are_those_of_the_catalogue(client: TestClient) -> None:
    forms = {form["name"]: form for form in client.get(ASK).json()}
    assert {form["name"] for form in catalogue.forms() if form["sort"] == "ask"} == set(forms)
    assert forms["logit_lens"]["parameters"]["properties"]["top_k"]["maximum"] == 100
    assert forms["logit_lens"]["subjects"][0]["type"] == "Model"
    for form in forms.values():
        bodies.Form.model_validate(form)


@pytest.mark.parametrize("name", ["logit_lens", "logit-lens"])
def test_one_form_comes_by_either_spelling(name: str, client: TestClient) -> None:
    assert client.get(f"{ASK}/{name}").json() == catalogue.form("logit_lens")


def test_an_unknown_analysis_is_not_found_and_the_nearest_is_named(client: TestClient) -> None:
    for reply in (client.get(f"{ASK}/logit_lense"), client.post(f"{ASK}/logit_lense", json={})):
        assert reply.status_code == 404
        assert "did you mean 'logit_lens'?" in reply.json()["detail"]


def test_a_maker_is_not_asked(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {**catalogue.form("squares"), "sort": "make", "kind": ""}
    monkeypatch.setattr(catalogue, "form", lambda name: form)
    monkeypatch.setattr(catalogue, "forms", lambda: [form])
    assert [made["name"] for made in client.get(f"{ASK}?sort=make").json()] == ["squares"]
    assert client.get(ASK).json() == []
    assert "/api/v1/makers/squares" in client.post(f"{ASK}/squares", json={}).json()["detail"]


def test_an_answer_that_comes_in_time_is_the_reply(client: TestClient) -> None:
    reply = client.post(f"{ASK}/squares?wait=20", json={"steps": 3})
    assert reply.status_code == 200
    result = bodies.Result.model_validate(reply.json())
    assert result.provenance["arguments"] == {"steps": 3}
    assert client.get(f"/api/v1/results/{result.digest}").json() == reply.json()


def test_an_answer_that_takes_longer_is_a_job_at_its_location(client: TestClient) -> None:
    reply = client.post(f"{ASK}/held?wait=0", json={"steps": 2})
    assert reply.status_code == 202
    job = bodies.Job.model_validate(reply.json())
    assert reply.headers["location"] == f"/api/v1/jobs/{job.id}"
    assert job.arguments == {"steps": 2}
    assert client.get(reply.headers["location"]).json()["id"] == job.id
    gate.set()
    done = wait_for(client, reply.json(), state="done")
    assert client.get(f"/api/v1/results/{done['result']}").json()["dims"] == {"step": 2}


def test_the_same_question_is_answered_from_the_store(client: TestClient) -> None:
    first = client.post(f"{ASK}/squares?wait=20", json={"steps": 3}).json()
    again = client.post(f"{ASK}/squares?wait=20", json={"steps": 3}).json()
    assert first["provenance"]["created"] == again["provenance"]["created"]
    assert len(client.get("/api/v1/results").json()) == 1


def test_what_was_asked_before_needs_no_queue(client: TestClient, tiny_model: str) -> None:
    gate.set()
    asked = {"model": tiny_model, "steps": 2}
    first = client.post(f"{ASK}/widths?wait=60", json=asked).json()
    gate.clear()
    busy = client.post(f"{ASK}/widths?wait=0", json={**asked, "steps": 3})
    assert busy.status_code == 202
    again = client.post(f"{ASK}/widths?wait=0", json=asked)
    assert (again.status_code, again.json()) == (200, first)
    assert len(client.get("/api/v1/jobs").json()) == 2


def test_a_task_is_a_name_and_an_optional_subject_may_be_null(client: TestClient) -> None:
    asked = {"steps": 2, "task": "capital"}
    told = client.post("/api/v1/analyses/named?wait=20", json=asked).json()
    assert told["provenance"]["sources"]["task"]["name"] == "capital"
    assert told["title"] == "named · capital · steps=2"
    without = client.post("/api/v1/analyses/named?wait=20", json={"steps": 2, "task": None}).json()
    assert without["provenance"]["sources"] == {}
    refused = client.post("/api/v1/analyses/named?wait=20", json={"task": ["capital"]})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("task=['capital'] is not a name. Name of a task")


def test_a_series_of_checkpoints_takes_a_machine_like_a_model(client: TestClient, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "series")
    (folder / "steps").mkdir()
    for step in ("000000", "000004"):
        shutil.copy(folder / "model.safetensors", folder / "steps" / f"{step}.safetensors")
    asked = {"checkpoints": f"{folder}@*", "dtype": "float64"}
    told = client.post("/api/v1/analyses/widths_by_step?wait=30", json=asked).json()
    assert told["attrs"]["dtypes"] == ["torch.float64", "torch.float64"]
    source = told["provenance"]["sources"]["checkpoints"]
    assert (source["name"], source["dtype"], source["device"]) == (f"{folder}@*", "float64", "cpu")
    again = client.post("/api/v1/analyses/widths_by_step?wait=30", json=asked).json()
    assert again["provenance"]["created"] == told["provenance"]["created"]
    unmatched = client.post("/api/v1/analyses/widths_by_step?wait=30", json={"checkpoints": f"{folder}@7:9"})
    assert unmatched.status_code == 422


def test_a_default_written_out_is_the_same_question(client: TestClient) -> None:
    client.post(f"{ASK}/squares?wait=20", json={})
    client.post(f"{ASK}/squares?wait=20", json={"steps": 4})
    assert len(client.get("/api/v1/results").json()) == 1


def test_the_machine_may_stand_beside_the_arguments(client: TestClient, tiny_model: str) -> None:
    gate.set()
    asked = {"model": tiny_model, "dtype": "float64", "device": "cpu"}
    reply = client.post(f"{ASK}/widths?wait=60", json=asked).json()
    assert reply["provenance"]["models"]["model"]["dtype"] == "float64"
    assert client.get("/api/v1/jobs").json()[0]["arguments"] == asked


def test_an_analysis_without_a_model_takes_no_machine(client: TestClient) -> None:
    reply = client.post(f"{ASK}/squares", json={"device": "cpu"})
    assert reply.status_code == 422
    assert "squares has no parameter 'device'" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("squares", {"steps": 0}, "squares: steps=0 should be greater than or equal to 1."),
        ("squares", {"steps": "many"}, "steps='many' should be a valid integer"),
        ("squares", {"stepz": 3}, "squares has no parameter 'stepz'; did you mean 'steps'?"),
        ("widths", {}, "widths needs a model: "),
        ("widths", {"model": 3}, "model=3 is not a name."),
        ("widths", {"model": None}, "model=None is not a name."),
        ("widths", {"model": ["a"]}, "model=['a'] is not a name."),
        (
            "widths",
            {"model": "x", "dtype": 16},
            "dtype=16 is not text; 'float32' is what it is",
        ),
    ],
)
def test_what_is_wrong_is_said_before_it_is_queued(
    name: str, body: dict[str, Any], words: str, client: TestClient
) -> None:
    reply = client.post(f"{ASK}/{name}?wait=0", json=body)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]
    assert client.get("/api/v1/jobs").json() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The body must be a JSON object sent as application/json."),
        (b"[1, 2]", "The body must be a JSON object sent as application/json."),
        (b'"text"', "The body must be a JSON object sent as application/json."),
        (b'{"steps": ', "The body is not JSON: "),
    ],
)
def test_a_body_that_is_no_object_is_refused_in_a_sentence(
    content: bytes, words: str, client: TestClient
) -> None:
    reply = client.post(f"{ASK}/squares", content=content, headers={"content-type": "application/json"})
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_a_form_post_is_refused_since_any_page_could_send_one(client: TestClient) -> None:
    reply = client.post(f"{ASK}/squares", content=b'{"steps": 3}', headers={"content-type": "text/plain"})
    assert reply.status_code == 422
    assert reply.json() == {"detail": "The body must be a JSON object sent as application/json."}


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan"])
def test_how_long_to_wait_has_bounds(wait: str, client: TestClient) -> None:
    reply = client.post(f"{ASK}/squares?wait={wait}", json={})
    assert reply.status_code == 422
    assert reply.json()["detail"].startswith("wait=")


def test_a_failure_within_the_wait_is_the_reply(client: TestClient) -> None:
    reply = client.post(f"{ASK}/failing?wait=20", json={})
    assert reply.status_code == 500
    assert reply.json() == {"detail": "failing failed with RuntimeError; the server's log has the details."}


def test_a_failure_after_the_wait_is_in_the_job(client: TestClient) -> None:
    client.post(f"{ASK}/failing?wait=0", json={})
    job = wait_for(client, client.get("/api/v1/jobs").json()[0], state="failed")
    assert (job["status"], job["result"]) == (500, None)
    assert job["error"] == "failing failed with RuntimeError; the server's log has the details."


def test_too_many_questions_are_turned_away(client: TestClient) -> None:
    replies = [client.post(f"{ASK}/held?wait=0", json={"steps": n + 1}) for n in range(MOST_WAITING + 2)]
    assert [reply.status_code for reply in replies].count(202) >= MOST_WAITING
    assert replies[-1].status_code == 429
    assert f"{MOST_WAITING} questions wait already" in replies[-1].json()["detail"]


def test_a_job_is_cancelled(client: TestClient) -> None:
    job = client.post(f"{ASK}/slow?wait=0", json={"steps": 10_000}).json()
    assert client.delete(f"/api/v1/jobs/{job['id']}").status_code == 200
    ended = wait_for(client, job, state="cancelled", patience=5)
    assert (ended["result"], ended["error"]) == (None, None)


def test_the_jobs_are_listed_newest_first(client: TestClient) -> None:
    for steps in (1, 2, 3):
        client.post(f"{ASK}/squares?wait=20", json={"steps": steps})
    assert [job["arguments"]["steps"] for job in client.get("/api/v1/jobs").json()] == [3, 2, 1]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("GET", "/events")])
def test_an_unknown_job_is_not_found(method: str, path: str, client: TestClient) -> None:
    reply = client.request(method, f"/api/v1/jobs/none{path}")
    assert reply.status_code == 404
    assert reply.json() == {"detail": "There is no job 'none'; jobs that ended long ago are forgotten."}


def test_events_tell_the_whole_story_in_their_types(client: TestClient) -> None:
    job = client.post(f"{ASK}/slow?wait=0", json={"steps": 10}).json()
    reply = client.get(f"/api/v1/jobs/{job['id']}/events")
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = events(reply.text)
    assert {event["event"] for event in told} >= {"progress", "result"}
    for event in told:
        assert bodies.JobEvent.model_validate(event["data"]).root.event == event["event"]
    assert [int(event["id"]) for event in told] == sorted(int(event["id"]) for event in told)
    assert told[-1]["data"] == {"event": "result", "digest": wait_for(client, job, state="done")["result"]}


def test_events_go_on_after_the_last_one_heard(client: TestClient) -> None:
    job = client.post(f"{ASK}/slow?wait=0", json={"steps": 5}).json()
    told = events(client.get(f"/api/v1/jobs/{job['id']}/events").text)
    rest = client.get(f"/api/v1/jobs/{job['id']}/events", headers={"last-event-id": told[-2]["id"]})
    assert events(rest.text) == told[-1:]


def test_who_has_heard_the_end_is_told_not_to_come_back(client: TestClient) -> None:
    job = client.post(f"{ASK}/slow?wait=0", json={"steps": 2}).json()
    told = events(client.get(f"/api/v1/jobs/{job['id']}/events").text)
    reply = client.get(f"/api/v1/jobs/{job['id']}/events", headers={"last-event-id": told[-1]["id"]})
    assert (reply.status_code, reply.content) == (204, b"")


@pytest.mark.parametrize(("name", "last"), [("failing", "error"), ("slow", "result")])
def test_the_last_event_is_the_end(name: str, last: str, client: TestClient) -> None:
    client.post(f"{ASK}/{name}?wait=0", json={})
    job = client.get("/api/v1/jobs").json()[0]
    told = events(client.get(f"/api/v1/jobs/{job['id']}/events").text)
    assert told[-1]["event"] == last
    if last == "error":
        assert told[-1]["data"]["status"] == 500


def test_a_cancelled_job_ends_its_stream(client: TestClient) -> None:
    job = client.post(f"{ASK}/slow?wait=0", json={"steps": 10_000}).json()
    client.delete(f"/api/v1/jobs/{job['id']}")
    assert events(client.get(f"/api/v1/jobs/{job['id']}/events").text)[-1]["data"] == {
        "event": "cancelled",
        "digest": None,
    }


def test_a_maker_leaves_what_opens_by_its_name_and_nobody_learns_where(client: TestClient) -> None:
    settings = {"n_features": 3, "n_dimensions": 2, "densities": [1.0, 0.1], "steps": 20, "rows": 16}
    at = "/api/v1/makers/toy_superposition?called=small&wait=60"
    job = client.post(at, json=settings).json()
    assert (job["state"], job["made"], job["error"]) == ("done", "made:toy_superposition/small", None)
    measured = "made:toy_superposition/small/metrics.nc"
    assert measured in [known["name"] for known in client.get("/api/v1/subjects/Result").json()]
    assert client.post(at, json=settings).json()["state"] == "done"
    refused = client.post(at, json={**settings, "steps": 21})
    assert refused.status_code == 422
    assert "'made:toy_superposition/small' holds a run with steps=20, not 21" in refused.json()["detail"]
