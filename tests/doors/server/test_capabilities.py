"""What a server and a model can do is told without running anything."""

from pathlib import Path

import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient
from transformers import BertConfig, BertForMaskedLM

from neuronscope.doors.server import bodies
from neuronscope.models import model_names
from tests.doors.server.planted import gate

AT = "/api/v1/capabilities"


def told(client: TestClient, **query: str) -> bodies.Capabilities:
    return bodies.Capabilities.model_validate(client.get(AT, params=query).json())


def test_the_server_tells_what_is_installed(client: TestClient) -> None:
    found = told(client)
    assert found.model is None
    assert "cpu" in found.devices
    assert {extra.name for extra in found.extras} >= {"parquet", "umap"}


def test_a_model_that_is_not_open_is_not_opened_for_it(client: TestClient) -> None:
    found = told(client, model=next(iter(model_names()))).model
    assert found is not None
    assert (found.open, found.sites, found.analyses) == (False, None, [])


def test_an_open_model_tells_its_analyses_and_after_an_answer_its_sites(
    client: TestClient, tiny_model: str
) -> None:
    client.post("/api/v1/tokens", json={"model": tiny_model, "text": "a"})
    found = told(client, model=tiny_model).model
    assert found is not None
    assert (found.open, found.tokenizer, found.stream) == (True, True, True)
    assert {ability.reason for ability in found.analyses} == {None}
    gate.set()
    client.post("/api/v1/analyses/widths?wait=30", json={"model": tiny_model})
    after = told(client, model=tiny_model).model
    assert after is not None
    assert {site.name: site.status for site in after.sites or []}["resid_post"] == "exact"


def test_a_name_that_leads_elsewhere_is_refused(client: TestClient) -> None:
    assert client.get(AT, params={"model": "made:../x"}).status_code == 422


def test_a_model_that_reads_both_ways_says_why_it_is_not_asked_what_follows(
    app: FastAPI, client: TestClient, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    BertForMaskedLM(BertConfig(vocab_size=32, **shape)).save_pretrained(tmp_path)
    app.state.desk.shelf.open(str(tmp_path))
    found = told(client, model=str(tmp_path)).model
    assert found is not None
    assert (found.family, found.tokenizer, found.stream) == ("bert", False, False)
    reasons = {ability.name: ability.reason for ability in found.analyses}
    assert "both ways" in str(reasons["generation"])
    assert "no tokenizer" in str(reasons["attention_patterns"])
    assert reasons["model_card"] is None
