"""A stream shows what the analysis answers, can be held and steered, and leaves what was really done."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from neuronscope.doors.server.live.frames import AnyFrame, EndFrame, FrameReader, StartFrame, TokenFrame
from neuronscope.doors.server.live.routes import JOB, STREAM
from neuronscope.doors.server.work.jobs import LANES
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.models import Model
from neuronscope.results import Store
from tests.doors.server.conftest import served, wait_for

PROMPT = "one two one"


def read(content: bytes) -> list[AnyFrame]:
    return [header for header, _ in FrameReader().push(content)]


def ended(seen: list[AnyFrame]) -> EndFrame:
    assert isinstance(seen[-1], EndFrame), seen[-1]
    return seen[-1]


class Watched:
    """A stream on a real port, read frame by frame."""

    def __init__(self, client: httpx2.Client, **body: Any) -> None:
        self._client = client
        self._open = client.stream("POST", "/api/v1/streams", json=body)
        self.response = self._open.__enter__()
        assert self.response.status_code == 200, self.response.read()
        self.id = self.response.headers[STREAM]
        self._frames = self._read()
        self.seen: list[AnyFrame] = []

    def _read(self) -> Iterator[AnyFrame]:
        reader = FrameReader()
        for piece in self.response.iter_raw():
            yield from (header for header, _ in reader.push(piece))

    def next(self) -> AnyFrame:
        self.seen.append(next(self._frames))
        return self.seen[-1]

    def rest(self) -> list[AnyFrame]:
        self.seen += list(self._frames)
        self.leave()
        return self.seen

    def leave(self) -> None:
        self._open.__exit__(None, None, None)

    def tell(self, action: str, **more: Any) -> dict[str, Any]:
        answer = self._client.post(f"/api/v1/streams/{self.id}/control", json={"action": action, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def body(tiny_model: str) -> dict[str, Any]:
    return {"model": tiny_model, "prompt": PROMPT, "n_tokens": 8, "stop": [], "temperature": 1.0, "seed": 3}


def test_the_prompt_comes_first_and_then_what_is_written(client: TestClient, body: dict[str, Any]) -> None:
    response = client.post("/api/v1/streams", json=body)
    start, *tokens, end = read(response.content)
    assert isinstance(start, StartFrame)
    assert (start.layers, start.neurons, start.detail) == (2, 24, "int8")
    assert "".join(piece.text for piece in start.prompt) == PROMPT
    told = [frame for frame in tokens if isinstance(frame, TokenFrame)]
    assert [frame.position for frame in told] == list(range(len(PROMPT) + 8))
    assert [frame.written for frame in told] == [False] * len(PROMPT) + [True] * 8
    assert [block.shape for block in told[0].blocks] == [[2, 24], [2], [3]]
    assert [frame.log_probability is None for frame in told] == [True] + [False] * (len(told) - 1)
    assert ended([end]).reason == "length"


@pytest.mark.parametrize("detail", ["int8", "f16", "f32", "top"])
def test_a_recorded_stream_is_the_answer_of_the_analysis_and_replays_as_the_same_frames(
    client: TestClient, body: dict[str, Any], detail: str
) -> None:
    live = client.post("/api/v1/streams", json={**body, "detail": detail, "patterns": True}).content
    end = ended(read(live))
    asked = client.post("/api/v1/analyses/generation?wait=30", json=end.arguments).json()
    assert asked["digest"] == end.digest
    fresh = {**end.arguments, "n_tokens": 7}
    assert client.post("/api/v1/analyses/generation?wait=30", json=fresh).json()["digest"] != end.digest
    replayed = list(FrameReader().push(client.get(f"/api/v1/results/{end.digest}/frames").content))
    assert replayed[1:-1] == list(FrameReader().push(live))[1:-1]


@pytest.mark.parametrize("do", [[], ["resid_post.0 scale=0.5"]])
def test_an_answer_computed_afresh_has_the_digest_of_the_recorded_stream(
    client: TestClient, store: Store, body: dict[str, Any], do: list[str]
) -> None:
    end = ended(read(client.post("/api/v1/streams", json={**body, "do": do}).content))
    assert end.arguments.get("do", []) == do
    store.rm(str(end.digest))
    asked = client.post("/api/v1/analyses/generation?wait=30", json=end.arguments).json()
    assert asked["digest"] == end.digest


def test_a_replay_opens_no_model_and_takes_a_range(
    client: TestClient, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = read(client.post("/api/v1/streams", json=body).content)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a replay opened a model")

    monkeypatch.setattr(Shelf, "open", refuse)
    monkeypatch.setattr(Shelf, "opened", refuse)
    address = f"/api/v1/results/{ended(live).digest}/frames"
    start, *tokens, end = read(client.get(address, params={"start": 2, "end": 5}).content)
    assert tokens == live[3:6]
    assert isinstance(start, StartFrame)
    assert start.replayed == ended(live).digest == ended([end]).digest
    assert client.get(address, params={"start": 100}).status_code == 422
    other = client.post("/api/v1/analyses/squares?wait=30", json={}).json()
    refusal = client.get(f"/api/v1/results/{other['digest']}/frames")
    assert (refusal.status_code, "is no generation" in refusal.json()["detail"]) == (422, True)
    assert client.get("/api/v1/results/0123456789abcdef/frames").status_code == 404


def test_a_paused_stream_goes_on_one_token_a_step(live: httpx2.Client, body: dict[str, Any]) -> None:
    watched = Watched(live, **body, paused=True)
    watched.next()
    for position in range(3):
        assert watched.tell("step")["state"] == "paused"
        told = watched.next()
        assert isinstance(told, TokenFrame)
        assert told.position == position
    assert watched.tell("resume")["state"] == "running"
    assert ended(watched.rest()).written == 8


def test_a_steered_stream_is_kept_as_what_was_really_done(live: httpx2.Client, body: dict[str, Any]) -> None:
    plain = read(live.post("/api/v1/streams", json=body).content)
    watched = Watched(live, **body, paused=True)
    watched.next()
    for _ in range(len(PROMPT) + 2):
        watched.tell("step")
        watched.next()
    watched.tell("steer", do=["resid_post.1 scale=0"])
    watched.tell("resume")
    end = ended(watched.rest())
    begun = len(PROMPT) + 2
    assert end.arguments["changes"] == [f"{begun}: resid_post.1 scale=0"]
    assert watched.seen[1 : begun + 1] == plain[1 : begun + 1]
    assert watched.seen[begun + 1] != plain[begun + 1]
    store = live.get("/api/v1/results").json()
    assert end.digest in [entry["digest"] for entry in store]
    afresh = live.post("/api/v1/analyses/generation?wait=30", json={**end.arguments, "seed": 3}).json()
    assert afresh["digest"] == end.digest


def test_a_stopped_stream_is_kept_up_to_its_last_token(live: httpx2.Client, body: dict[str, Any]) -> None:
    watched = Watched(live, **body, paused=True)
    watched.next()
    for _ in range(len(PROMPT) + 3):
        watched.tell("step")
        watched.next()
    watched.tell("stop")
    end = ended(watched.rest())
    assert (end.reason, end.written, end.arguments["n_tokens"]) == ("stopped", 3, 3)
    asked = live.post("/api/v1/analyses/generation?wait=30", json=end.arguments).json()
    assert asked["digest"] == end.digest


def test_a_client_that_goes_away_ends_the_stream_and_frees_the_model(
    live: httpx2.Client, body: dict[str, Any]
) -> None:
    watched = Watched(live, **{**body, "n_tokens": 150}, paused=True)
    watched.next()
    watched.tell("step")
    watched.next()
    watched.leave()
    answer = live.post("/api/v1/analyses/generation?wait=20", json={**body, "n_tokens": 2})
    assert answer.status_code == 200
    states = [job["state"] for job in live.get("/api/v1/jobs").json()]
    assert sorted(states) == ["cancelled", "done"]


def test_a_stream_that_is_not_recorded_leaves_nothing(client: TestClient, body: dict[str, Any]) -> None:
    start, *_, end = read(client.post("/api/v1/streams", json={**body, "record": False}).content)
    assert isinstance(start, StartFrame)
    assert not start.recorded
    assert ended([end]).digest is None
    assert client.get("/api/v1/results").json() == []


def test_what_cannot_be_written_is_told_in_the_stream(client: TestClient, body: dict[str, Any]) -> None:
    *_, error = read(client.post("/api/v1/streams", json={**body, "n_tokens": 4000}).content)
    assert error.kind == "error"
    assert "room for 189" in error.detail


@pytest.mark.parametrize(
    "wrong", [{"n_tokens": 0}, {"detail": "f8"}, {"do": ["nonsense"]}, {"temperature": -1}, {"more": 1}]
)
def test_what_is_not_allowed_is_refused_before_anything_is_written(
    client: TestClient, body: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert client.post("/api/v1/streams", json={**body, **wrong}).status_code == 422
    assert client.get("/api/v1/jobs").json() == []


def test_only_steering_takes_interventions(live: httpx2.Client, body: dict[str, Any]) -> None:
    watched = Watched(live, **body, paused=True)
    address = f"/api/v1/streams/{watched.id}/control"
    assert live.post(address, json={"action": "pause", "do": ["z.0.1 zero"]}).status_code == 422
    assert live.post(address, json={"action": "steer", "do": ["nonsense"]}).status_code == 422
    assert live.post("/api/v1/streams/unknown/control", json={"action": "stop"}).status_code == 404
    watched.tell("stop")
    watched.rest()


def test_two_streams_with_one_seed_part_only_where_they_are_made_to(
    client: TestClient, body: dict[str, Any]
) -> None:
    one, two, other = (
        read(client.post("/api/v1/streams", json={**body, "label": label, "do": do}).content)
        for label, do in (("one", []), ("two", []), ("with", ["resid_post.0@12 scale=0"]))
    )
    assert [frame.label for frame in (one[0], two[0], other[0]) if isinstance(frame, StartFrame)] == [
        "one",
        "two",
        "with",
    ]
    assert one[1:-1] == two[1:-1]
    assert one[1:13] == other[1:13]
    assert one[13] != other[13]


def test_a_cancelled_stream_that_waits_says_so(live: httpx2.Client, body: dict[str, Any]) -> None:
    first = [Watched(live, **body, paused=True) for _ in range(LANES["beside"])]
    for one in first:
        one.next()
    refusal = live.post("/api/v1/streams?fail_if_busy=true", json=body)
    assert (refusal.status_code, "4 streams are open already" in refusal.json()["detail"]) == (429, True)
    heard: list[AnyFrame] = []
    last = Watched(live, **body)
    thread = threading.Thread(target=lambda: heard.extend(last.rest()))
    thread.start()
    live.delete(f"/api/v1/jobs/{last.response.headers[JOB]}")
    thread.join(20)
    assert [frame.kind for frame in heard] == ["error"]
    for one in first:
        one.tell("stop")
        one.rest()


def test_a_question_is_answered_while_a_stream_is_held_and_changes_none_of_its_bits(
    live: httpx2.Client, body: dict[str, Any]
) -> None:
    alone = read(live.post("/api/v1/streams", json={**body, "record": False}).content)
    watched = Watched(live, **body, paused=True)
    watched.next()
    for position in range(len(PROMPT) + 8):
        asked = {"model": body["model"], "prompt": PROMPT, "do": [f"mlp_act.0.{position} scale=0"]}
        answer = live.post("/api/v1/analyses/logit_lens?wait=30", json=asked)
        assert answer.status_code == 200, answer.text
        watched.tell("step")
        watched.next()
    watched.tell("resume")
    assert watched.rest()[1:-1] == alone[1:-1]


def test_a_question_is_answered_while_a_stream_runs(live: httpx2.Client, body: dict[str, Any]) -> None:
    watched = Watched(live, **{**body, "n_tokens": 170, "detail": "f32", "patterns": True})
    assert isinstance(watched.next(), StartFrame)
    asked = {"model": body["model"], "prompt": PROMPT}
    assert live.post("/api/v1/analyses/logit_lens?wait=30", json=asked).status_code == 200
    jobs = live.get("/api/v1/jobs").json()
    assert [(job["analysis"], job["state"]) for job in jobs] == [
        ("logit_lens", "done"),
        ("generation", "running"),  # it waits for its reader, who has taken only the first frame
    ]
    watched.tell("stop")
    watched.rest()


def test_two_streams_run_side_by_side_with_the_bits_of_one_alone(
    live: httpx2.Client, body: dict[str, Any]
) -> None:
    alone = read(live.post("/api/v1/streams", json={**body, "record": False}).content)
    both = [Watched(live, **body, label=label, paused=True) for label in "ab"]
    for one in both:
        one.next()
        one.tell("step")
    assert [one.next().kind for one in both] == ["token", "token"]
    for one in both:
        one.tell("resume")
    rests = [one.rest() for one in both]
    assert [seen[1:-1] for seen in rests] == [alone[1:-1]] * 2
    assert ended(rests[0]).digest == ended(rests[1]).digest


def test_a_model_that_cannot_be_copied_is_asked_between_two_tokens(
    live: httpx2.Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Model, **_: Any) -> Model:
        raise TypeError(f"{self} is spread over machines")

    monkeypatch.setattr(Model, "twin", refuse)
    alone = read(live.post("/api/v1/streams", json={**body, "record": False}).content)
    watched = Watched(live, **body, paused=True)
    watched.next()
    watched.tell("step")
    watched.next()
    asked = {"model": body["model"], "prompt": PROMPT, "do": ["mlp_act.0.3 scale=0"]}
    assert live.post("/api/v1/analyses/logit_lens?wait=30", json=asked).status_code == 200
    watched.tell("resume")
    assert watched.rest()[1:-1] == alone[1:-1]


@pytest.mark.parametrize("way", ["leave", "cancel"])
def test_a_held_stream_that_is_given_up_is_kept_as_far_as_it_went(
    live: httpx2.Client, body: dict[str, Any], way: str
) -> None:
    watched = Watched(live, **body, paused=True)
    watched.next()
    for _ in range(len(PROMPT) + 2):
        watched.tell("step")
        watched.next()
    job = live.get(f"/api/v1/jobs/{watched.response.headers[JOB]}").json()
    if way == "leave":
        watched.leave()
    else:
        live.delete(f"/api/v1/jobs/{job['id']}")
        assert ended(watched.rest()).written == 2
    done = wait_for(live, job, state="done")
    assert ended(read(live.get(f"/api/v1/results/{done['result']}/frames").content)).written == 2


def test_a_held_stream_does_not_hold_a_server_that_stops(tmp_path: Path, body: dict[str, Any]) -> None:
    store = Store(tmp_path / "store")
    with served(store) as (address, access), client_of(address, access.token) as client:
        watched = Watched(client, **body, paused=True)
        watched.next()
        for _ in range(len(PROMPT) + 1):
            watched.tell("step")
            watched.next()
        begun = time.monotonic()
    assert time.monotonic() - begun < 15
    assert [entry.analysis for entry in store.ls()] == ["generation"]


def test_a_server_that_dies_in_a_stream_stores_it_when_it_is_back(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    begun = len(PROMPT) + 2
    with served(Store(tmp_path / "store")) as (address, access), client_of(address, access.token) as client:
        watched = Watched(client, **body, paused=True)
        watched.next()
        for number in range(begun + 1):
            if number == begun:
                watched.tell("steer", do=["resid_post.1 scale=0"])
            watched.tell("step")
            watched.next()
        shutil.copytree(tmp_path / "store", tmp_path / "died")  # the disk as a kill would leave it
        seen = list(watched.seen)
        watched.tell("stop")
        watched.rest()
    with served(Store(tmp_path / "died")) as (address, access), client_of(address, access.token) as client:
        (job,) = client.get("/api/v1/jobs").json()
        assert job["interruptions"] == 1
        assert job["arguments"]["changes"] == [f"{begun}: resid_post.1 scale=0"]
        done = wait_for(client, job, state="done")
        kept = read(client.get(f"/api/v1/results/{done['result']}/frames").content)
        assert kept[1 : len(seen)] == seen[1:]
        assert ended(kept).written == 8


def test_a_stream_that_is_not_recorded_is_forgotten_by_a_kill(tmp_path: Path, body: dict[str, Any]) -> None:
    with served(Store(tmp_path / "store")) as (address, access), client_of(address, access.token) as client:
        watched = Watched(client, **body, paused=True, record=False)
        watched.next()
        shutil.copytree(tmp_path / "store", tmp_path / "died")
        watched.tell("stop")
        watched.rest()
    with served(Store(tmp_path / "died")) as (address, access), client_of(address, access.token) as client:
        assert client.get("/api/v1/jobs").json() == []
        assert client.get("/api/v1/results").json() == []


def client_of(address: str, token: str) -> httpx2.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.Client(base_url=address, headers=headers, timeout=30, trust_env=False)
