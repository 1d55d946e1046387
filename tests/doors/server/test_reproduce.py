"""The code beside a result asks the same question again, at each door, from an empty store."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from fastapi.testclient import TestClient

from neuronscope import catalogue, results
from neuronscope.contract import ask
from neuronscope.doors.command_line import main
from neuronscope.doors.server.bodies import Code
from neuronscope.doors.server.reproduce import code, notebook
from neuronscope.results import Store
from tests.doors.server.conftest import served
from tests.doors.server.planted import PLANTED

NASTY = 'it\'s "a" $HOME `x` \\n --top\u00e9 !'


def facts(**arguments: Any) -> dict[str, Any]:
    """Give the provenance of a question to an analysis of a model."""
    model = {"name": "builtin:scribe", "fingerprint": "0" * 16, "device": "cpu", "dtype": "float32"}
    return {"analysis": "logit_lens", "models": {"model": model}, "parents": {}, "arguments": arguments}


def test_a_task_and_a_series_stand_in_the_code_by_their_names() -> None:
    series = {"name": "builtin:grokking@*", "fingerprint": "1" * 16, "device": "cpu", "dtype": "float64"}
    told = {
        "analysis": "task_evaluation",
        "models": {},
        "parents": {},
        "sources": {"task": {"name": "my pairs.csv", "fingerprint": "2" * 64}, "checkpoints": series},
        "arguments": {"n_prompts": 3},
    }
    written = code(told, server="http://127.0.0.1:1")
    assert "    task='my pairs.csv',\n" in written.python
    assert (
        "checkpoints=neuronscope.open_checkpoints('builtin:grokking@*', dtype='float64')," in written.python
    )
    assert "--task='my pairs.csv' --checkpoints='builtin:grokking@*' --n-prompts=3 --dtype=float64" in (
        written.command_line
    )
    assert '"task": "my pairs.csv"' in written.curl


@pytest.fixture(scope="module")
def asked(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Ask three questions in a store of their own: plain, under interventions, and of another's answer."""
    home = tmp_path_factory.mktemp("asked")
    (home / "text.txt").write_text("the cat sat on the mat and the dog sat on the log. " * 40)
    store = Store(home / "store")

    def found(name: str, **arguments: Any) -> xr.Dataset:
        do = arguments.pop("do", ())
        return ask(catalogue.find(name), {"model": tiny_model, **arguments}, store=store, do=do)

    record = found("neuron_examples", corpus=str(home / "text.txt"), n_tokens=512)
    answers = [
        found("logit_lens", prompt=NASTY, top_k=2),
        found("neuron_activations", prompt=NASTY, do=["mlp_act.0.3 scale=0", "z.1.0@-1 mean"]),
        found("neuron_query", record=record, layer=0, neuron=1, min_count=2),
    ]
    return [results.provenance(answer) | {"known": store.provenance} for answer in answers]


def written(told: dict[str, Any], server: str = "") -> Code:
    """Write the code of a question as the server does, which looks its parents up."""
    return code(
        {name: fact for name, fact in told.items() if name != "known"}, server=server, known=told["known"]
    )


@pytest.mark.slow
def test_python_and_the_notebook_give_the_same_results_from_an_empty_store(
    asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    told = "from neuronscope.results import digest\nprint(digest(result))\n"
    notebooks = [json.loads(notebook(written(each).python, title="A title")) for each in asked]
    cells = [
        "\n".join(cell["source"] for cell in book["cells"] if cell["cell_type"] == "code")
        for book in notebooks
    ]
    for name, parts in (("python", [written(each).python for each in asked]), ("notebook", cells)):
        said = subprocess.run(
            [sys.executable, "-c", "\n".join(f"{part}\n{told}" for part in parts)],
            env={**os.environ, "NEURONSCOPE_HOME": str(tmp_path / name)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout.split() == [each["digest"] for each in asked], said.stderr


def test_the_command_line_gives_the_same_results_from_an_empty_store(
    asked: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))
    for each in asked:
        for line in written(each).command_line.split(" &&\n"):
            program, *words = shlex.split(line)
            assert program == "neuronscope"
            assert main(words) == 0, line
        assert results.digest(results.load(tmp_path / f"{each['analysis']}.nc")) == each["digest"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_gives_the_same_results_from_an_empty_store(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    with served(Store(tmp_path / "store")) as (address, access):
        for each in asked:
            said = subprocess.run(
                ["/bin/sh", "-c", written(each, address).curl],
                env={**os.environ, "NEURONSCOPE_TOKEN": access.token, "no_proxy": "*"},
                capture_output=True,
                text=True,
                check=True,
            )
            assert json.loads(said.stdout)["digest"] == each["digest"]


def test_a_parent_is_asked_for_once_and_before_those_that_need_it(store: Store) -> None:
    parent = ask(PLANTED["squares"], {"steps": 3}, store=store)
    child = ask(PLANTED["halves"], {"parent": parent}, store=store)
    told = code(results.provenance(child), server="http://127.0.0.1:1", known=store.provenance)
    assert told.python == (
        "import neuronscope\n\nparent = neuronscope.squares(\n    steps=3,\n)\n\n"
        "result = neuronscope.halves(\n    parent=parent,\n    factor=0.5,\n)\n"
    )
    assert told.command_line.splitlines() == [
        "neuronscope ask squares --steps=3 --out=parent.nc &&",
        "neuronscope ask halves --parent=parent.nc --factor=0.5 --out=halves.nc",
    ]
    assert [("/squares?" in line, "--output /dev/null" in line) for line in told.curl.splitlines()] == [
        (True, True),
        (False, False),
    ]


def test_the_notebook_is_served_with_the_python_and_a_show(client: TestClient) -> None:
    told = client.post("/api/v1/analyses/squares?wait=20", json={}).json()
    reply = client.get(f"/api/v1/results/{told['digest']}/notebook")
    assert reply.headers["content-type"] == "application/x-ipynb+json"
    assert [cell["source"] for cell in reply.json()["cells"]][1:] == [
        told["code"]["python"].rstrip(),
        "neuronscope.show(result)",
    ]
    assert client.get("/api/v1/results/0000/notebook").status_code == 404


def test_python_names_every_argument() -> None:
    assert code(facts(prompt="a\n'b'", top_k=5), server="").python == (
        "import neuronscope\n\nresult = neuronscope.logit_lens(\n    model='builtin:scribe',\n"
        "    prompt=\"a\\n'b'\",\n    top_k=5,\n)\n"
    )


def test_arguments_stand_in_the_order_of_the_signature() -> None:
    written = code(facts(top_k=5, prompt="a"), server="").command_line
    assert (
        written
        == "neuronscope ask logit-lens --model=builtin:scribe --prompt=a --top-k=5 --out=logit_lens.nc"
    )


def test_an_analysis_that_is_gone_is_written_as_it_was_asked() -> None:
    written = code({**facts(b=1, a=2), "analysis": "gone_since"}, server="").command_line
    assert written == "neuronscope ask gone-since --model=builtin:scribe --b=1 --a=2 --out=gone_since.nc"


def test_another_precision_and_device_are_said_at_every_door() -> None:
    asked = facts(prompt="a")
    asked["models"]["model"] |= {"device": "cuda:0", "dtype": "bfloat16"}
    written = code(asked, server="http://127.0.0.1:1/")
    assert "neuronscope.open_model('builtin:scribe', device='cuda:0', dtype='bfloat16')" in written.python
    assert "--device=cuda:0 --dtype=bfloat16" in written.command_line
    assert '"device": "cuda:0", "dtype": "bfloat16"' in written.curl


def test_a_parent_is_named_by_its_digest(store: Store) -> None:
    parent = ask(PLANTED["squares"], {}, store=store)
    child = ask(PLANTED["halves"], {"parent": parent}, store=store)
    written = code(results.provenance(child), server="http://127.0.0.1:1")
    assert f"parent={results.digest(parent)!r}" in written.python
    assert f"--parent={results.digest(parent)}" in written.command_line
    assert f'"parent": "{results.digest(parent)}"' in written.curl


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, ["--flag"]),
        (False, ["--no-flag"]),
        (None, []),
        (-1, ["--flag=-1"]),
        (0.5, ["--flag=0.5"]),
        ("-x y", ["--flag=-x y"]),
        ("", ["--flag="]),
        ([1, 2], ["--flag=1", "--flag=2"]),
        ({"a": [1]}, ['--flag={"a": [1]}']),
    ],
)
def test_every_sort_of_argument_becomes_an_option(value: Any, words: list[str]) -> None:
    line = code(facts(flag=value), server="").command_line
    assert shlex.split(line) == [
        "neuronscope",
        "ask",
        "logit-lens",
        "--model=builtin:scribe",
        *words,
        "--out=logit_lens.nc",
    ]


def test_curl_never_writes_the_token_down() -> None:
    written = code(facts(prompt="a"), server="http://127.0.0.1:8123/").curl
    assert '"Authorization: Bearer $NEURONSCOPE_TOKEN"' in written
    assert "http://127.0.0.1:8123/api/v1/analyses/logit_lens?wait=60" in written
