"""What the disk refuses is kept in memory, read like any other result, and said to be there alone."""

from pathlib import Path

import pytest
import xarray as xr
from fastapi.testclient import TestClient

from neuronscope.contract import ask
from neuronscope.doors.server.work import keeping
from neuronscope.doors.server.work.keeping import KeepingStore
from neuronscope.results import CannotStore, NotStored, Store, digest, summary
from tests.doors.server.planted import PLANTED

FULL = "The store cannot keep the result: No space left on device; free some space."


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no result be written."""

    def refuse(*_: object) -> None:
        raise CannotStore(28, FULL)

    monkeypatch.setattr(Store, "put", refuse)


def test_what_was_read_is_held_and_forgotten_once_it_is_gone_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = KeepingStore(Store(tmp_path))
    kept = ask(PLANTED["squares"], {"steps": 3}, store=here)
    assert here.open_slice(digest(kept), "square", {"step": 2}).item() == 4
    with monkeypatch.context() as patch:
        patch.setattr(Store, "get", None)
        patch.setattr(Store, "show", None)
        assert here.open_slice(digest(kept), "square", {"step": 1}).item() == 1
        xr.testing.assert_identical(here.open(digest(kept)), kept)
    Store(tmp_path).rm(digest(kept))
    with pytest.raises(NotStored):
        here.open_slice(digest(kept), "square")


def test_a_small_result_is_at_hand_once_it_was_read_and_is_summed_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = KeepingStore(Store(tmp_path))
    kept = ask(PLANTED["squares"], {"steps": 3}, store=here)
    key = digest(kept)
    assert not here.is_at_hand(key)
    assert here.told(key) == summary(kept)
    assert here.is_at_hand(key)
    with monkeypatch.context() as patch:
        patch.setattr(keeping.results, "summary", None)
        assert here.told(key)["digest"] == key
    monkeypatch.setattr(keeping, "SMALL", 1)
    assert not here.is_at_hand(key)
    monkeypatch.undo()
    Store(tmp_path).rm(key)
    assert not here.is_at_hand(key)


def test_nobody_who_opens_a_held_result_changes_it_for_the_next(tmp_path: Path) -> None:
    here = KeepingStore(Store(tmp_path))
    key = digest(ask(PLANTED["squares"], {"steps": 3}, store=here))
    here.open(key).attrs["title"] = "another"
    assert "title" not in here.open(key).attrs


@pytest.mark.usefixtures("full_disk")
def test_a_page_reads_an_answer_that_the_disk_refused(client: TestClient) -> None:
    told = client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3}).json()
    assert told["warning"] == f"{FULL} This answer is gone when the server stops: save it."
    address = f"/api/v1/results/{told['digest']}"
    assert client.get(f"{address}/values?variable=square&step=1:").json()["values"] == [1.0, 4.0]
    assert client.get(address).json()["warning"] == told["warning"]
    assert client.get(f"{address}/figure").status_code == 200
    assert client.get(f"{address}/export?format=csv").text.startswith("step,square")
    assert [entry["digest"] for entry in client.get("/api/v1/results").json()] == [told["digest"]]


@pytest.mark.usefixtures("full_disk")
def test_the_same_question_is_answered_from_memory(client: TestClient) -> None:
    first = client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3}).json()
    again = client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3}).json()
    assert again["provenance"]["created"] == first["provenance"]["created"]
    assert len(client.get("/api/v1/jobs").json()) == 1


def test_what_the_disk_takes_carries_no_warning(client: TestClient, store: Store) -> None:
    told = client.post("/api/v1/analyses/squares?wait=20", json={"steps": 3}).json()
    assert told["warning"] is None
    assert len(store.ls()) == 1


@pytest.mark.usefixtures("full_disk")
def test_memory_holds_the_newest_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 2)
    store = KeepingStore(Store(tmp_path / "store"))
    results = [ask(PLANTED["squares"], {"steps": steps}, store=store) for steps in (1, 2, 3)]
    assert [entry.digest for entry in store.ls()] == [digest(results[2]), digest(results[1])]
    assert store.open(digest(results[2])[:8]).identical(results[2])
    with pytest.raises(NotStored, match="The store has no result"):
        store.open(digest(results[0]))
