"""No request that the description allows, signed in as admin, makes the server fail.

``NEURONSCOPE_FUZZ=100`` sets how many examples each operation gets; a few where nobody says.
"""

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.openapi import openapi
from neuronscope.results import Store
from tests.doors.server.conftest import BEARER, PORT, TOKEN
from tests.doors.server.planted import PLANTED, gate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

EXAMPLES = int(os.environ.get("NEURONSCOPE_FUZZ", "5"))
BASE = f"http://127.0.0.1:{PORT}"
UNCHECKED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
QUICK = ("squares", "strange", "halves", "filling", "widths", "failing", "logit_lens", "tuned_lens")
DOCUMENT = openapi()
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, dict[str, list[str]]]]:
    """Give a server with results and jobs, and the names that lead to them."""
    app: FastAPI = create_app(
        access=Access(port=PORT, token=TOKEN), store=Store(tmp_path_factory.mktemp("fuzz") / "store")
    )
    with TestClient(app, base_url=BASE, headers=BEARER, raise_server_exceptions=False) as client:
        yield client, {}
        gate.set()


@pytest.fixture
def known(here: tuple[TestClient, dict[str, list[str]]], tiny_model: str) -> dict[str, list[str]]:
    """Fill the server once the planted analyses are there, and give what can be named."""
    client, names = here
    gate.set()
    if not names:
        ask = "/api/v1/analyses"
        asked = [("squares", {}), ("strange", {}), ("widths", {"model": tiny_model}), ("filling", {})]
        told = [client.post(f"{ask}/{name}?wait=60", json=body).json() for name, body in asked]
        client.post(f"{ask}/attention_patterns?wait=60", json={"model": tiny_model, "prompt": "abc"})
        names["digest"] = [each["digest"] for each in told]
        names["job_id"] = [job["id"] for job in client.get("/api/v1/jobs").json()]
        names["name"] = list(QUICK)
        names["type"] = ["Model", "Task", "Result"]
        names["variable"] = ["square", "table", "effect", "odd"]
        names["model"] = [tiny_model, "builtin:none", "made:a/b"]
    return names


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no name drawn at random be looked for on a network or among the user's own files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("named", OPERATIONS)
def test_nothing_that_the_description_allows_makes_the_server_fail(
    named: str, here: tuple[TestClient, dict[str, list[str]]], known: dict[str, list[str]]
) -> None:
    method, _, path = named.partition(" ")
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=UNCHECKED)
    @given(case=operation.as_strategy(), draw=st.data())
    def fuzz(case: Any, draw: st.DataObject) -> None:
        for place in (case.path_parameters, case.query):
            for name in place or {}:
                if name in known and draw.draw(st.booleans()):
                    place[name] = draw.draw(st.sampled_from(known[name]))
        if "wait" in (case.query or {}):
            case.query["wait"] = 0.05
        if isinstance(case.body, dict) and draw.draw(st.booleans()):
            case.body |= draw.draw(st.sampled_from(_bodies(known)))
        asked = case.as_transport_kwargs(base_url=BASE)
        asked["headers"] = {k: v for k, v in asked["headers"].items() if k.lower() != "authorization"}
        words = {name: asked[name] for name in ("params", "json", "headers") if asked.get(name) is not None}
        if "json" in words:
            # The client refuses what the fuzzer writes and JSON does not have, such as NaN.
            words.pop("json")
            words["content"] = json.dumps(asked["json"]).encode()
            words["headers"] = {**dict(words.get("headers") or {}), "content-type": "application/json"}
        elif asked.get("data") is not None:
            data = asked["data"]
            words["content"] = data.encode() if isinstance(data, str) else data
        words["headers"] = {**dict(words.get("headers") or {}), **BEARER}
        with here[0].stream(asked["method"], asked["url"], **words) as reply:
            status = reply.status_code
            text = reply.read().decode("utf-8", "replace") if status >= 500 else ""
        assert status != 401, "the fuzzer is signed in"
        planted = "failing failed" in text
        assert status < 500 or planted, f"{asked['method']} {asked['url']} {words}: {status} {text}"

    fuzz()


def _bodies(known: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Give parts of bodies that lead past the first refusal."""
    return [
        {"steps": 3},
        {"model": known["model"][0]},
        {"model": known["model"][0], "prompt": "abc", "text": "abc", "n_tokens": 2},
        {"parent": known["digest"][0], "factor": 2.0},
        {"model": known["model"][0], "steps": 1, "do": ["mlp_act.0.1 scale=0"]},
    ]


def test_the_planted_fault_is_one(here: tuple[TestClient, dict[str, list[str]]]) -> None:
    assert "failing" in PLANTED
    assert here[0].post("/api/v1/analyses/failing?wait=20", json={}).status_code == 500
