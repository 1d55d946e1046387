"""Every analysis of the catalogue, present and future, answers over REST as it answers in Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from neuronscope import catalogue, results
from neuronscope.contract import ask
from neuronscope.results import Store
from tests.doors.asked import subjects_of

NAMES = [form["name"] for form in catalogue.forms() if form["sort"] == "ask" and "/" not in form["name"]]
SAMPLE = {
    "prompt": "When Mary ran, John gave",
    "corrupt": "When Mary ran, Mary took",
    "ops": ["z.0.1 zero"],
}


def sample(name: str, model: str, folder: Path) -> dict[str, Any]:
    """Give the arguments that an analysis must have, and no more."""
    required = catalogue.form(name)["parameters"].get("required", [])
    return subjects_of(name, model, folder) | {word: SAMPLE[word] for word in required}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for answers that other analyses take."""
    return tmp_path_factory.mktemp("files")


@pytest.mark.parametrize("name", NAMES)
def test_rest_and_python_give_one_result(
    name: str, client: TestClient, tiny_model: str, store: Store, files: Path
) -> None:
    arguments = sample(name, tiny_model, files)
    expected = ask(catalogue.find(name), arguments)
    reply = client.post(f"/api/v1/analyses/{name}?wait=60", json=arguments)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert told["digest"] == results.digest(expected)
    assert told["kind"] == catalogue.form(name)["kind"]
    assert told["provenance"]["arguments"] == results.provenance(expected)["arguments"]
    for variable in told["variables"]:
        values = client.get(f"/api/v1/results/{told['digest']}/values?variable={variable['name']}").json()
        there = expected[variable["name"]].values
        told_values = np.array(values["values"])
        if there.dtype.kind == "f":  # JSON has no NaN and no infinity: both are null
            told_values = told_values.astype(there.dtype)
            there = np.where(np.isfinite(there), there, np.nan)
        np.testing.assert_array_equal(told_values, np.array(there.tolist()))
    assert len(store.ls()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_drawn(name: str, client: TestClient, tiny_model: str, files: Path) -> None:
    told = client.post(f"/api/v1/analyses/{name}?wait=60", json=sample(name, tiny_model, files)).json()
    for variable in told["variables"]:
        if not variable["axes"]:
            continue  # a single number is no picture
        reply = client.get(f"/api/v1/results/{told['digest']}/figure?variable={variable['name']}")
        assert reply.status_code == 200, reply.text
        assert set(reply.json()) == {"data", "layout"}
