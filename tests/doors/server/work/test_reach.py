"""A shared server opens files in the folders that it was started with, however spelt, and no others."""

import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.work.reach import Reach
from neuronscope.results import Store
from neuronscope.words import BadInput
from tests.doors.server.conftest import BEARER, PORT, TOKEN


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    for folder in ("shared/model", "secret/model", "home/x/y", "shared-not"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("shared/a.txt", "secret/b.txt", "shared-not/c.txt", "plain"):
        (tmp_path / file).write_text("text")
    (tmp_path / "shared" / "link.txt").symlink_to(tmp_path / "secret" / "b.txt")
    monkeypatch.chdir(tmp_path)
    return Reach(tmp_path / "home", (str(tmp_path / "shared"), "mine/own"))


@pytest.mark.parametrize(
    "name",
    [
        "builtin:scribe",
        "builtin:grokking@*",
        "gpt2",
        "org/model@step5",
        "documentation",
        "hf:org/data:train:text",
        "indirect-object",
        "3f2a",
        "mine/own",
        "shared/a.txt",
        "./shared/a.txt",
        "shared/model@5",
        "nanogpt:shared/model.pt",
        "shared/lines.jsonl:field",
        "shared/none.txt",
        "A prompt: two words, and/or/neither.",
        "",
    ],
)
def test_what_names_no_file_or_one_inside_is_let_through(name: str, reach: Reach) -> None:
    assert reach.path_of(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "/etc/none-of-this-name",
        "~/.ssh/id_rsa",
        "secret/b.txt",
        "secret/model",
        "secret/model@5",
        "plain",
        "plain@5",
        "plain:field",
        ".",
        "..",
        "shared/../secret/b.txt",
        "shared/model@/../../../secret",
        "shared-not/c.txt",
        "shared/link.txt",
        "nanogpt:/etc/passwd",
        "nanogpt:secret/model",
        "mapping:secret/b.txt",
        "transformer_lens:~/weights",
        "hf:./secret",
        "other.nc",
        "other.jsonl:text",
        " /etc/passwd",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_whether_it_is_there_or_not(name: str, reach: Reach) -> None:
    with pytest.raises(BadInput, match="opens files only in the folders"):
        reach.check(name)


def test_what_was_made_here_opens_and_one_person_alone_names_any_file(reach: Reach, tmp_path: Path) -> None:
    assert reach.path_of("made:x/y") == str(tmp_path / "home" / "x" / "y")
    assert Reach(tmp_path).path_of(os.fspath(tmp_path / "plain")) == os.fspath(tmp_path / "plain")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("analyses/logit_lens", {"model": "/etc", "prompt": "a"}),
        ("analyses/neuron_statistics", {"model": "builtin:scribe", "corpus": "/etc/passwd"}),
        ("analyses/task_evaluation", {"model": "builtin:scribe", "task": "/etc/passwd.csv"}),
        ("analyses/head_taxonomy", {"model": "builtin:scribe", "treebank": "/etc/passwd"}),
        ("analyses/knowledge_neurons", {"model": "builtin:scribe", "paraphrases": "/etc/secret.txt\n"}),
        ("analyses/checkpoint_drift", {"checkpoints": "/etc@*"}),
        ("analyses/model_comparison", {"model": "builtin:scribe", "other": "/etc"}),
        ("makers/tuned_lens", {"model": "builtin:scribe", "corpus": "/etc/passwd"}),
        ("makers/language_model", {"corpus": "~/.ssh/id_rsa"}),
        ("streams", {"model": "/etc", "prompt": "a"}),
        ("tokens", {"model": "/etc", "text": "a"}),
    ],
)
def test_no_route_of_a_shared_server_opens_any_file(path: str, body: dict[str, str], tmp_path: Path) -> None:
    access = Access(port=PORT, token=TOKEN)
    app = create_app(access=access, store=Store(tmp_path), allowed=())
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=BEARER) as client:
        reply = client.post(f"/api/v1/{path}", json=body, params={"wait": 30})
    assert reply.status_code == 422
    assert "opens files only in the folders" in reply.json()["detail"], reply.json()
