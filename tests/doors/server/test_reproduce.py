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

from neuronscope import catalogue, results
from neuronscope.contract import ask
from neuronscope.doors.command_line import main
from neuronscope.doors.server.reproduce import code
from neuronscope.results import Store
from tests.doors.server.conftest import served
from tests.doors.server.planted import PLANTED

NASTY = 'it\'s "a" $HOME `x` \\n --top\u00e9 !'


def facts(**arguments: Any) -> dict[str, Any]:
    """Give the provenance of a question to an analysis of a model."""
    model = {"name": "builtin:scribe", "fingerprint": "0" * 16, "device": "cpu", "dtype": "float32"}
    return {"analysis": "logit_lens", "models": {"model": model}, "parents": {}, "arguments": arguments}


def lens(model: str) -> dict[str, Any]:
    """Ask a question with a prompt that no shell may read, and give the result's provenance."""
    result = ask(catalogue.find("logit_lens"), {"model": model, "prompt": NASTY, "top_k": 2})
    return results.provenance(result)


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


@pytest.mark.slow
def test_python_gives_the_same_result(tiny_model: str, tmp_path: Path) -> None:
    asked = lens(tiny_model)
    written = code(asked, server="").python
    told = "from neuronscope.results import digest\nprint(digest(result))\n"
    said = subprocess.run(
        [sys.executable, "-c", written + told],
        env={**os.environ, "NEURONSCOPE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == asked["digest"]


def test_the_command_line_gives_the_same_result(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = lens(tiny_model)
    program, *words = shlex.split(code(asked, server="").command_line)
    monkeypatch.chdir(tmp_path)
    assert program == "neuronscope"
    assert main(words) == 0
    assert results.digest(results.load(tmp_path / "logit_lens.nc")) == asked["digest"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_gives_the_same_result(tiny_model: str, tmp_path: Path) -> None:
    asked = lens(tiny_model)
    with served(Store(tmp_path / "store")) as (address, access):
        said = subprocess.run(
            ["/bin/sh", "-c", code(asked, server=address).curl],
            env={**os.environ, "NEURONSCOPE_TOKEN": access.token, "no_proxy": "*"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert json.loads(said.stdout)["digest"] == asked["digest"]


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
