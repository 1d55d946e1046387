"""Whatever happens to its files, the store gives a right answer or none."""

import errno
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from neuronscope.results import (
    CannotStore,
    NotStored,
    Store,
)
from tests.results.drawn import assert_same
from tests.results.stored import answer, entry_of, key_of


def damage_a_value(entry: Path) -> None:
    chunk = entry / "values.zarr" / "probability" / "0.0.0"
    bytes_of = bytearray(chunk.read_bytes())
    bytes_of[len(bytes_of) // 2] ^= 1
    chunk.write_bytes(bytes_of)


def cut_a_chunk_short(entry: Path) -> None:
    chunk = entry / "values.zarr" / "candidate" / "0.0"
    chunk.write_bytes(chunk.read_bytes()[:-3])


def empty_a_chunk(entry: Path) -> None:
    (entry / "values.zarr" / "probability" / "0.0.0").write_bytes(b"")


def lose_a_chunk(entry: Path) -> None:
    (entry / "values.zarr" / "probability" / "0.0.0").unlink()


def change_the_provenance(entry: Path) -> None:
    metadata = entry / "values.zarr" / "zarr.json"
    metadata.write_text(metadata.read_text().replace("count", "tuned"))


def spoil_the_metadata(entry: Path) -> None:
    (entry / "values.zarr" / "zarr.json").write_bytes(b"\0" * 100)


def lose_the_record(entry: Path) -> None:
    (entry / "entry.json").unlink()


def spoil_the_record(entry: Path) -> None:
    (entry / "entry.json").write_text("{")


def lose_the_values(entry: Path) -> None:
    shutil.rmtree(entry / "values.zarr")


def take_another_answer(entry: Path) -> None:
    other = Store(entry.parents[2])
    other.put(key_of(2), answer(2))
    shutil.rmtree(entry)
    shutil.copytree(entry_of(other, key_of(2)), entry)


DAMAGE = [
    damage_a_value,
    cut_a_chunk_short,
    empty_a_chunk,
    lose_a_chunk,
    change_the_provenance,
    spoil_the_metadata,
    lose_the_record,
    spoil_the_record,
    lose_the_values,
    take_another_answer,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_answer_is_set_aside_with_a_warning_and_can_be_given_again(
    damage, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    key = store.put(key_of(1), answer(1)).key
    damage(entry_of(store, key))
    assert store.get(key) is None
    assert "A stored result was damaged" in caplog.text
    assert "is set aside in" in caplog.text
    assert [place.name[:16] for place in (store.folder / "set_aside").iterdir()] == [key[:16]]
    assert key not in {entry.key for entry in store.ls()}
    again = answer(1)
    store.put(key, again)
    assert_same(store.open(key), again)
    assert store.gc(set_aside=True).leftovers == 1
    assert list((store.folder / "set_aside").iterdir()) == []


@pytest.mark.parametrize("damage", [damage_a_value, lose_a_chunk, empty_a_chunk, spoil_the_metadata])
def test_a_slice_of_a_damaged_answer_is_never_given(damage, store: Store) -> None:
    entry = store.put(key_of(1), answer(1))
    damage(entry_of(store, entry.key))
    with pytest.raises(NotStored, match="was damaged and is set aside; ask its question again"):
        store.open_slice(entry.digest, "probability", {"depth": 0})
    with pytest.raises(NotStored):
        store.show(entry.digest)


def test_a_damaged_answer_asked_for_by_its_digest_is_said_to_be_damaged(store: Store) -> None:
    entry = store.put(key_of(1), answer(1))
    damage_a_value(entry_of(store, entry.key))
    with pytest.raises(NotStored, match=r"was damaged and is set aside; ask its question again\."):
        store.open(entry.digest)


def test_a_damaged_answer_that_cannot_be_moved_is_not_given_either(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = store.put(key_of(1), answer(1)).key
    damage_a_value(entry_of(store, key))

    def refuse(*_: Path) -> None:
        raise PermissionError(errno.EACCES, "not yours")

    monkeypatch.setattr(Path, "rename", refuse)
    assert store.get(key) is None
    assert "is damaged" in caplog.text
    assert "cannot be moved (Permission denied)" in caplog.text


@pytest.mark.parametrize("change", ["lost", "garbage", "truncated", "foreign", "older", "left its log"])
def test_a_lost_or_spoilt_index_is_made_again_from_the_entries(change: str, store: Store) -> None:
    made = [store.put(key_of(number), answer(number)) for number in range(3)]
    index = store.folder / "index.sqlite"
    if change in ("lost", "left its log"):
        index.unlink()
    if change == "left its log":
        index.with_name("index.sqlite-wal").write_bytes(b"\x37\x7f\x06\x82" * 50)
    if change == "garbage":
        index.write_bytes(b"not a database" * 500)
    if change == "truncated":
        index.write_bytes(index.read_bytes()[:5000])
    if change in ("foreign", "older"):
        index.unlink()
        table = sqlite3.connect(index)
        table.execute(
            "CREATE TABLE entries (key, digest)" if change == "older" else "CREATE TABLE pets (name)"
        )
        table.commit()
        table.close()
    assert store.show(made[1].digest) == made[1]
    assert store.ls() == made[::-1]
    assert store.put(key_of(4), answer(4)) == store.ls()[0]
    table = sqlite3.connect(index)
    assert table.execute("SELECT count(*) FROM entries").fetchone() == (4,)
    table.close()


def test_an_index_that_cannot_be_opened_is_done_without(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    made = store.put(key_of(1), answer(1))
    (store.folder / "index.sqlite").unlink()
    (store.folder / "index.sqlite").mkdir()
    assert store.ls() == [made]
    assert store.show(made.digest) == made
    assert store.get(made.key) is not None
    assert "The index of the store cannot be used now" in caplog.text


def test_a_row_without_a_folder_is_dropped_and_a_folder_without_a_row_adopted(store: Store) -> None:
    one, two = (store.put(key_of(number), answer(number)) for number in (1, 2))
    index = store.folder / "index.sqlite"
    shutil.rmtree(entry_of(store, one.key))
    table = sqlite3.connect(index)
    table.execute("DELETE FROM entries WHERE key = ?", (two.key,))
    table.commit()
    table.close()
    assert store.ls() == [two]
    assert store.show(two.digest) == two
    with pytest.raises(NotStored):
        store.show(one.digest)


def test_a_refusing_disk_is_one_sentence_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room in some library's own words")

    store.put(key_of(1), answer(1))
    with monkeypatch.context() as trouble:
        trouble.setattr("neuronscope.results.store.write_entry", full)
        with pytest.raises(CannotStore) as refusal:
            store.put(key_of(2), answer(2))
    assert str(refusal.value) == (
        f"The store in {str(store.folder)!r} cannot keep the result: No space left on device; "
        "free some space or set NEURONSCOPE_HOME to another folder."
    )
    assert refusal.value.errno == errno.ENOSPC
    assert list((store.folder / "unfinished").iterdir()) == []
    assert len(store.ls()) == 1
    assert store.put(key_of(2), answer(2)).key == key_of(2)


def test_a_disk_that_really_fills_up_leaves_no_entry(store: Store) -> None:
    script = f"""
import resource, numpy as np
from neuronscope.results import CannotStore, Store, label
store = Store({str(store.folder)!r})
noise = np.random.default_rng(0).standard_normal(60_000)
store.put("00" * 32, label({{}}, activation=("neuron", noise[:9])))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    store.put("11" * 32, label({{}}, activation=("neuron", noise)))
except CannotStore as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot keep the result: File too large; free some space" in done.stdout
    assert [entry.key for entry in store.ls()] == ["00" * 32]
    assert list((store.folder / "unfinished").iterdir()) == []


def test_too_many_open_files_do_not_set_a_good_answer_aside(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.put(key_of(1), answer(1)).key

    def crowded(_: Path) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as trouble:
        trouble.setattr("neuronscope.results.store.read_values", crowded)
        with pytest.raises(CannotStore, match="cannot be read: Too many open files"):
            store.get(key)
    assert store.get(key) is not None


def test_a_place_where_no_store_can_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotStore, match="cannot keep the result: Not a directory"):
        Store(tmp_path / "file" / "store").put(key_of(1), answer(1))
