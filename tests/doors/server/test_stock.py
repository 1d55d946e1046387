"""What there is to ask about."""

import pytest
from fastapi.testclient import TestClient

import neuronscope
from neuronscope.data.prompts import common_prompts
from neuronscope.data.tasks import TASKS
from neuronscope.doors.server import bodies
from neuronscope.models.listing import model_names


def test_health_needs_no_key_and_tells_the_versions(stranger: TestClient) -> None:
    health = bodies.Health.model_validate(stranger.get("/api/v1/health").json())
    assert health.status == "ok"
    assert health.version == neuronscope.__version__
    assert health.build


def test_the_models_are_those_that_open_by_name(client: TestClient) -> None:
    entries = [bodies.ModelEntry.model_validate(entry) for entry in client.get("/api/v1/models").json()]
    facts = model_names()
    assert [entry.name for entry in entries] == list(facts)
    scribe = next(entry for entry in entries if entry.name == "builtin:scribe")
    assert scribe.parameters == facts["builtin:scribe"].n_parameters
    assert scribe.layers == facts["builtin:scribe"].n_layers
    assert 0 < (scribe.bytes or 0) <= 10_000_000


def test_each_type_of_subject_has_its_known_names(client: TestClient) -> None:
    known = {
        type: [
            bodies.KnownName.model_validate(name) for name in client.get(f"/api/v1/subjects/{type}").json()
        ]
        for type in ("Model", "Task", "Checkpoints", "Corpus", "Lens", "Result")
    }
    assert [entry.name for entry in known["Task"]] == list(TASKS)
    assert all(entry.summary for entry in known["Task"])
    assert [entry.name for entry in known["Model"]] == list(model_names())
    assert all(entry.name.endswith("@*") for entry in known["Checkpoints"])
    assert [entry.name for entry in known["Corpus"]] == ["documentation", "reference"]
    assert known["Lens"] == []
    assert known["Result"] == []


def test_an_unknown_type_of_subject_is_not_found(client: TestClient) -> None:
    reply = client.get("/api/v1/subjects/Tusk")
    assert reply.status_code == 404
    assert reply.json()["detail"].startswith("There is no type of subject 'Tusk'; there are ")


def test_a_text_is_split_as_the_model_reads_it(client: TestClient, tiny_model: str) -> None:
    reply = client.post("/api/v1/tokens", json={"model": tiny_model, "text": "a b\n"})
    tokens = bodies.Tokens.model_validate(reply.json())
    assert "".join(token.text for token in tokens.tokens) == "a b\n"
    assert len(tokens.tokens) == 4
    assert tokens.n_positions == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "builtin:none", "text": "a"}, "builtin:none"),
        ({"model": "/no/such/folder", "text": "a"}, "/no/such/folder"),
        ({"text": "a"}, "The body lacks 'model'."),
        ({"model": 3, "text": "a"}, "model=3 in the body"),
    ],
)
def test_what_cannot_be_split_is_refused_in_a_sentence(
    body: dict[str, object], words: str, client: TestClient
) -> None:
    reply = client.post("/api/v1/tokens", json=body)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(("text", "words"), [("", "empty"), ("x" * 201, "201")])
def test_a_text_the_model_cannot_read_is_refused(
    text: str, words: str, client: TestClient, tiny_model: str
) -> None:
    reply = client.post("/api/v1/tokens", json={"model": tiny_model, "text": text})
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_the_prompts_are_those_that_ship(client: TestClient) -> None:
    prompts = [bodies.CommonPrompt.model_validate(prompt) for prompt in client.get("/api/v1/prompts").json()]
    shipped = common_prompts()
    assert [prompt.name for prompt in prompts] == [prompt.name for prompt in shipped]
    assert [(prompt.prompt, prompt.corrupt) for prompt in prompts] == [
        (prompt.clean, prompt.corrupt) for prompt in shipped
    ]
