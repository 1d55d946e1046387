from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from neuronscope.models import fetch, fetch_model
from neuronscope.models.fetch import cached_model
from neuronscope.words import BadInput


def hub(
    monkeypatch: pytest.MonkeyPatch, *, files: tuple[str, ...] = (), fault: Exception | None = None
) -> MagicMock:
    """Stand in for the hub: write these files, or fail so."""

    def download(
        name: str, *, revision: str | None, local_dir: Path | None, allow_patterns: list[str]
    ) -> str:
        if fault is not None:
            raise fault
        assert local_dir is not None
        for file in files:
            (local_dir / file).write_text("", encoding="utf-8")
        return str(local_dir)

    stand_in = MagicMock(side_effect=download)
    monkeypatch.setattr(fetch, "snapshot_download", stand_in)
    return stand_in


def test_a_model_is_fetched_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = hub(monkeypatch, files=("config.json", "model.safetensors"))
    assert fetch_model("someone/something", tmp_path / "new") == tmp_path / "new"
    assert (tmp_path / "new" / "model.safetensors").is_file()
    wanted = asked.call_args.kwargs["allow_patterns"]
    assert "*.safetensors" in wanted
    assert not any(
        pattern.endswith((".bin", ".py", ".pt", "*")) for pattern in wanted if pattern != "tokenizer*"
    )


def test_pickled_weights_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, files=("config.json",))
    with pytest.raises(BadInput, match="'someone/old' has no safetensors weights on the hub"):
        fetch_model("someone/old", tmp_path)


def _answer(kind: type[Exception]) -> Any:
    return kind("said the hub", response=MagicMock())  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (HFValidationError("bad"), "'a b' is no Hugging Face id: write owner/name"),
        (_answer(RepositoryNotFoundError), "The Hugging Face hub has no model 'a b'"),
        (_answer(GatedRepoError), "'a b' asks you to accept its licence"),
        (LocalEntryNotFoundError("offline"), "The Hugging Face hub could not be reached for 'a b'"),
        (OSError("no route"), "The Hugging Face hub could not be reached for 'a b'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_goes_wrong_at_the_hub_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    hub(monkeypatch, fault=fault)
    for attempt in (lambda: fetch_model("a b", tmp_path / "new"), lambda: cached_model("a b")):
        with pytest.raises(BadInput) as refusal:
            attempt()
        assert str(refusal.value).startswith(said)
        assert not (tmp_path / "new").exists()
        assert len(str(refusal.value)) < 200


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="Cannot write to the folder"):
        fetch_model("someone/something", tmp_path / "file" / "inside")
