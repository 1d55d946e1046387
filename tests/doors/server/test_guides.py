"""Recipes over HTTP: steps are filled as answers come, and checks are those of the command line."""

import pytest
from fastapi.testclient import TestClient

from neuronscope.chains.reading import recipe_names, recipe_text

TEXT = """
title: Mine
with: {model: builtin:gates, top_k: 2}
steps:
  - name: first
    ask: model-card
    with: {model: "{model}"}
    prose: What is it made of?
    check:
      - {of: value, at: {item: 0}, above: -1, met: There it is., missed: It is not there.}
  - name: second
    ask: neuron-query
    with: {model: "{model}", record: "{first}", top_k: "{top_k}"}
"""


def test_the_recipes_of_the_package_are_listed_with_their_steps(client: TestClient) -> None:
    told = client.get("/api/v1/recipes").json()
    assert [one["name"] for one in told] == list(recipe_names())
    for one in told:
        assert one["text"] == recipe_text(one["name"])
        assert one["steps"]
        assert client.get(f"/api/v1/recipes/{one['name']}").json() == one


def test_another_name_is_a_404_that_names_the_nearest(client: TestClient) -> None:
    reply = client.get("/api/v1/recipes/inductio")
    assert reply.status_code == 404
    assert "induction" in reply.json()["detail"]


def test_a_recipe_of_ones_own_is_read_or_refused_in_a_sentence(client: TestClient) -> None:
    told = client.post("/api/v1/recipes/read", json={"text": TEXT}).json()
    assert told["parameters"] == {"model": "builtin:gates", "top_k": 2}
    assert [step["needs"] for step in told["steps"]] == [[], ["first"]]
    wrong = client.post("/api/v1/recipes/read", json={"text": TEXT.replace("model-card", "model-cart")})
    assert wrong.status_code == 422
    assert "model_card" in wrong.json()["detail"] or "model-card" in wrong.json()["detail"]
    several = TEXT.replace("title: Mine", "title: Mine\nover: {layer: [1, 2]}").replace(
        'top_k: "{top_k}"', 'top_k: "{top_k}", layer: "{layer}"'
    )
    assert "neuronscope batch" in client.post("/api/v1/recipes/read", json={"text": several}).json()["detail"]


def test_a_step_is_filled_with_parameters_and_earlier_answers(client: TestClient) -> None:
    asked = {"text": TEXT, "step": "second", "given": {"top_k": 5}}
    early = client.post("/api/v1/recipes/fill", json=asked)
    assert early.status_code == 422
    assert "first" in early.json()["detail"]
    told = client.post("/api/v1/recipes/fill", json={**asked, "answers": {"first": "abc123"}}).json()
    assert told == {
        "analysis": "neuron_query",
        "arguments": {"model": "builtin:gates", "record": "abc123", "top_k": 5},
    }


def test_a_filled_step_says_what_the_model_is_under(client: TestClient, tiny_model: str) -> None:
    text = """
title: Changed
with: {head: "1.0"}
do: ["z.{head} zero"]
steps:
  - {name: changed, ask: logit-lens, with: {model: MODEL, prompt: abc}}
  - {name: untouched, ask: logit-lens, with: {model: MODEL, prompt: abc}, do: []}
""".replace("MODEL", tiny_model)
    steps = [
        client.post("/api/v1/recipes/fill", json={"text": text, "step": step}).json()
        for step in ("changed", "untouched")
    ]
    assert [step["arguments"].get("do") for step in steps] == [["z.1.0 zero"], None]
    answers = [client.post("/api/v1/analyses/logit_lens?wait=60", json=step["arguments"]) for step in steps]
    done = [answer.json()["provenance"]["models"]["model"].get("do", []) for answer in answers]
    assert done == [["z.1.0 zero"], []]


@pytest.mark.parametrize("step", ["third", ""])
def test_an_unknown_step_is_refused(client: TestClient, step: str) -> None:
    reply = client.post("/api/v1/recipes/fill", json={"text": TEXT, "step": step})
    assert reply.status_code == 422
    assert "first, second" in reply.json()["detail"] or "?" in reply.json()["detail"]


def test_an_answer_is_held_against_the_checks_of_its_step(client: TestClient, tiny_model: str) -> None:
    asked = {"model": tiny_model, "prompt": "abc"}
    digest = client.post("/api/v1/analyses/logit_lens?wait=60", json=asked).json()["digest"]
    text = """
title: Sure
with: {model: x, prompt: abc, depth: 2}
steps:
  - ask: logit-lens
    with: {model: "{model}", prompt: "{prompt}", top_k: "{depth}"}
    show: [{variable: entropy, at: {depth: "{depth}"}}]
    check:
      - {of: probability, take: largest, above: 1, met: Surer than sure., missed: No more than sure.}
      - {of: probability, take: smallest, above: -1, met: A probability., missed: None.}
"""
    told = client.post(
        "/api/v1/recipes/check",
        json={"text": text, "step": "logit-lens", "given": {"depth": 1}, "digest": digest},
    ).json()
    assert [one["words"] for one in told["verdicts"]] == ["No more than sure.", "A probability."]
    assert [one["met"] for one in told["verdicts"]] == [False, True]
    assert 0 < told["verdicts"][0]["value"] < 1
    assert told["show"] == [{"variable": "entropy", "at": {"depth": 1}}]
    missing = {"text": text, "step": "logit-lens", "digest": "0" * 64}
    assert client.post("/api/v1/recipes/check", json=missing).status_code == 404
