"""Bad input is one clear sentence and status 422, never a traceback."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

CLEAN, LONGER = "abc def", "abc defg"


def refusal(client: TestClient, name: str, body: dict[str, Any]) -> str:
    """Ask, and give the sentence of the refusal."""
    reply = client.post(f"/api/v1/analyses/{name}?wait=60", json=body)
    assert reply.status_code == 422, reply.text
    assert set(reply.json()) == {"detail"}
    detail = reply.json()["detail"]
    assert "Traceback" not in detail
    assert "\n" not in detail
    assert detail.endswith((".", "?"))
    assert len(detail) < 400
    return detail


def test_an_unknown_model_names_the_nearest(client: TestClient) -> None:
    said = refusal(client, "logit_lens", {"model": "builtin:scrib", "prompt": CLEAN})
    assert "builtin:scrib" in said
    assert "builtin:scribe" in said


def test_a_missing_folder_is_named(client: TestClient, tmp_path: Path) -> None:
    folder = str(tmp_path / "none")
    assert folder in refusal(client, "logit_lens", {"model": folder, "prompt": CLEAN})


def test_a_folder_without_weights_is_named(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    folder = str(tmp_path / "empty")
    assert folder in refusal(client, "logit_lens", {"model": folder, "prompt": CLEAN})


def test_an_empty_prompt_is_refused(client: TestClient, tiny_model: str) -> None:
    said = refusal(client, "logit_lens", {"model": tiny_model, "prompt": ""})
    assert said == "logit_lens: prompt is empty; give at least one character of text."


def test_prompts_of_different_length_are_refused_with_both_lengths(
    client: TestClient, tiny_model: str
) -> None:
    body = {"model": tiny_model, "prompt": CLEAN, "corrupt": LONGER}
    said = refusal(client, "activation_patching", body)
    assert str(len(CLEAN)) in said
    assert str(len(LONGER)) in said


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(
    client: TestClient, tiny_model: str
) -> None:
    said = refusal(client, "logit_lens", {"model": tiny_model, "prompt": "x" * 210})
    assert "210" in said
    assert "200" in said


def test_a_value_out_of_bounds_is_refused(client: TestClient, tiny_model: str) -> None:
    said = refusal(client, "logit_lens", {"model": tiny_model, "prompt": CLEAN, "top_k": 0})
    assert said == "logit_lens: top_k=0 should be greater than or equal to 1."


def test_a_misspelt_parameter_names_the_nearest(client: TestClient, tiny_model: str) -> None:
    said = refusal(client, "logit_lens", {"model": tiny_model, "prompt": CLEAN, "topk": 3})
    assert said == "logit_lens has no parameter 'topk'; did you mean 'top_k'?"


def test_an_unknown_precision_is_refused(client: TestClient, tiny_model: str) -> None:
    body = {"model": tiny_model, "prompt": CLEAN, "dtype": "float31"}
    assert "float31" in refusal(client, "logit_lens", body)


def test_an_unknown_device_is_refused(client: TestClient, tiny_model: str) -> None:
    body = {"model": tiny_model, "prompt": CLEAN, "device": "abacus"}
    assert "abacus" in refusal(client, "logit_lens", body)
