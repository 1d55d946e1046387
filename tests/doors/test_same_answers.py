"""Whichever door a question comes through, the answer is the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from fastapi.testclient import TestClient

from neuronscope import catalogue
from neuronscope.doors import command_line, notebook
from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.instruments import interventions
from neuronscope.models import open_model
from neuronscope.results import Store, digest, load, open_store, provenance
from tests.doors.asked import subjects_of

SAMPLE: dict[str, Any] = {
    "prompt": "When Mary met John",
    "corrupt": "When John met Mary",
    "target": "a",
    "distractor": "b",
    "ops": ["z.0.1 zero"],
}
NAMES = [form["name"] for form in catalogue.forms() if form["sort"] == "ask" and "/" not in form["name"]]
PORT, TOKEN = 8124, "a-token-for-the-tests"


def through_the_terminal(name: str, arguments: dict[str, Any], folder: Path) -> xr.Dataset:
    each = [(key, value if isinstance(value, list) else [value]) for key, value in arguments.items()]
    words = [f"--{key.replace('_', '-')}={part}" for key, parts in each for part in parts]
    command = catalogue.form(name)["command"]
    assert command_line.main(["ask", command, *words, "--out", str(folder / "answer.nc")]) == 0
    return opened(folder / "answer.nc")


def through_python(name: str, arguments: dict[str, Any], folder: Path) -> xr.Dataset:
    return notebook.ask(name, **arguments)


def through_rest(name: str, arguments: dict[str, Any], folder: Path) -> xr.Dataset:
    app = create_app(access=Access(port=PORT, token=TOKEN), store=Store(folder / "store"))
    headers = {"authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=headers) as client:
        reply = client.post(f"/api/v1/analyses/{name}", params={"wait": 60}, json=arguments)
        assert reply.status_code == 200, reply.text
        file = client.get(f"/api/v1/results/{reply.json()['digest']}/export", params={"format": "nc"})
    (folder / "answer.nc").write_bytes(file.content)
    return opened(folder / "answer.nc")


def opened(file: Path) -> xr.Dataset:
    answer = load(file)
    assert isinstance(answer, xr.Dataset)
    return answer


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for answers that other analyses take."""
    return tmp_path_factory.mktemp("files")


DOORS: list[Callable[[str, dict[str, Any], Path], xr.Dataset]] = [
    through_the_terminal,
    through_python,
    through_rest,
]


@pytest.mark.parametrize("name", NAMES)
def test_every_door_gives_the_same_answer_each_from_an_empty_store(
    name: str, tiny: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = catalogue.form(name)
    arguments = subjects_of(name, tiny, files)
    needed = form["parameters"].get("required", [])
    takes = [*needed, "target", "distractor"] if "prompt" in needed else needed
    known = form["parameters"]["properties"]
    arguments |= {key: value for key, value in SAMPLE.items() if key in takes and key in known}
    answers = []
    for door in DOORS:
        folder = tmp_path / door.__name__
        folder.mkdir()
        monkeypatch.setenv("NEURONSCOPE_HOME", str(folder))
        assert open_store().ls() == []
        answers.append(door(name, arguments, folder))
        assert len(open_store().ls()) == 1
    for answer in answers[1:]:
        xr.testing.assert_equal(answer, answers[0])
        assert digest(answer) == digest(answers[0])


def test_every_door_gives_the_same_answer_under_the_same_changes(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = ["z.0.1 scale=0", "mlp_act.0.3@-1 put=2"]
    asked = {"model": tiny, "prompt": SAMPLE["prompt"]}
    changed = {**asked, "model": open_model(tiny).under(interventions.read(do))}
    ways = {
        through_the_terminal: {**asked, "do": do},
        through_python: changed,
        through_rest: {**asked, "do": do},
    }
    answers = []
    for door, arguments in ways.items():
        folder = tmp_path / door.__name__
        folder.mkdir()
        monkeypatch.setenv("NEURONSCOPE_HOME", str(folder))
        answers.append(door("logit_lens", arguments, folder))
        assert len(open_store().ls()) == 1
    assert len({digest(answer) for answer in answers}) == 1
    assert digest(answers[0]) != digest(notebook.ask("logit_lens", **asked))
    for answer in answers:
        assert provenance(answer)["models"]["model"]["do"] == do


def test_the_last_depth_in_the_file_is_what_the_model_says(tmp_path: Path) -> None:
    prompt = "When Mary and John went to the shop, John gave a drink to"
    lens = through_the_terminal("logit_lens", {"model": "builtin:scribe", "prompt": prompt}, tmp_path)
    model = open_model("builtin:scribe")
    with torch.no_grad():
        best = model.hf(model.tokenize(prompt)[None]).logits[0].softmax(-1).topk(5)
    np.testing.assert_allclose(lens["probability"][-1], best.values, atol=1e-5)
    assert lens["candidate"][-1, -1, 0].item() == model.token_text(int(best.indices[-1, 0]))
    with xr.open_dataset(tmp_path / "answer.nc") as plain:
        np.testing.assert_array_equal(plain["probability"], lens["probability"])
