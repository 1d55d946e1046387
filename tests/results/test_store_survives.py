"""Two processes at once, or a kill at any moment, cost the store at most one answer and no right one."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from neuronscope.results import Store, digest
from tests.conftest import ROOT
from tests.results.stored import answer, entry_of, key_of

PREPARED = """
import os, signal, sys
from neuronscope.results import store as room, store_entry, store_index, zarr_folder
from tests.results.stored import answer, key_of
store = room.Store(sys.argv[1])

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""
PLACES = {
    "before anything is written": "room.write_entry = die",
    "before the first array": "zarr_folder._write_array = die",
    "after the first array": """
write = zarr_folder._write_array
def once(*given):
    write(*given)
    die()
zarr_folder._write_array = once
""",
    "before the metadata are gathered": "zarr_folder._consolidate = die",
    "before the record": "store_entry._metadata = die",
    "before it is moved into place": "room.Path.rename = die",
    "after it is moved into place": """
rename = room.Path.rename
def moved(*given):
    rename(*given)
    die()
room.Path.rename = moved
""",
    "before it is entered in the index": "room.Index.add = die",
    "within the transaction of the index": """
attempt = room.Index._attempt
room.Index._attempt = lambda self, work: attempt(self, lambda table: (work(table), die()))
""",
}
posix = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a thing of POSIX")


def started(script: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREPARED + script, str(folder), *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    prepared = Store(tmp_path / "store")
    prepared.put(key_of(0), answer(0))
    return prepared


def assert_sound(store: Store, keys: list[str]) -> None:
    """Every answer that is there is the right one, listed and found, and every other can still be given."""
    for number, key in enumerate(keys):
        found = store.get(key)
        if found is not None:
            assert digest(found) == digest(answer(number))
        entry = store.put(key, answer(number))
        assert entry.digest == digest(answer(number))
        assert store.show(key).key == key
    assert {entry.key for entry in store.ls()} == set(keys)
    assert not (store.folder / "set_aside").exists()


@posix
@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_kill_at_any_place_of_a_put_leaves_a_sound_store(place: str, store: Store) -> None:
    done = started(PLACES[place] + "\nstore.put(key_of(1), answer(1))", store.folder)
    _, errors = done.communicate(timeout=120)
    assert (done.returncode, errors) == (-signal.SIGKILL, "")
    moved = place in list(PLACES)[-3:]
    assert entry_of(store, key_of(1)).is_dir() is moved
    assert (store.get(key_of(1)) is not None) is moved
    assert len(store.ls()) == (2 if moved else 1)
    assert_sound(store, [key_of(0), key_of(1)])
    for draft in [*(store.folder / "unfinished").glob("**/*"), *(store.folder / "unfinished").glob("*")]:
        os.utime(draft, (1e9, 1e9))
    store.gc()
    assert list((store.folder / "unfinished").iterdir()) == []


@posix
@pytest.mark.slow
@pytest.mark.parametrize("place", ["out of sight", "out of the index"])
def test_a_kill_while_removing_removes_or_leaves_the_whole(place: str, store: Store) -> None:
    kill = "room.Path.rename = die" if place == "out of sight" else "room.Index.remove = die"
    done = started(f"{kill}\nstore.rm(key_of(0))", store.folder)
    _, errors = done.communicate(timeout=120)
    assert (done.returncode, errors) == (-signal.SIGKILL, "")
    assert (store.get(key_of(0)) is None) is (place == "out of the index")
    assert len(store.ls()) == (1 if place == "out of sight" else 0)
    assert_sound(store, [key_of(0)])


@posix
@pytest.mark.slow
def test_kills_at_many_moments_leave_a_sound_store(store: Store) -> None:
    writing = """
store.put(key_of(99), answer(99))
print("ready", flush=True)
number = int(sys.argv[2])
while True:
    number += 1
    store.put(key_of(number), answer(number))
    print("put", flush=True)
    store.ls()
    store.get(key_of(number))
    if number % 3 == 0:
        store.rm(key_of(number))
"""
    for attempt in range(8):
        writer = started(writing, store.folder, str(100 * (attempt + 1)))
        assert writer.stdout is not None
        try:
            heard = [writer.stdout.readline() for _ in range(2 + attempt % 3)]
            time.sleep(0.02 * attempt)
        finally:
            writer.kill()
            _, errors = writer.communicate(timeout=60)
        assert (heard[0], set(heard[1:]), errors) == ("ready\n", {"put\n"}, "")
    entries = store.ls()
    for entry in entries:
        found = store.get(entry.key)
        assert found is not None
        assert digest(found) == entry.digest
    assert len(entries) > 2
    assert not (store.folder / "set_aside").exists()


@pytest.mark.slow
def test_processes_that_write_the_same_answers_at_once_agree(tmp_path: Path) -> None:
    writing = """
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    store.put(key_of(number), answer(number))
    assert store.get(key_of(number)) is not None
    store.ls()
"""
    folder = tmp_path / "store"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARED + writing, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    outcomes = []
    threads = [
        threading.Thread(
            target=lambda writer=writer: outcomes.append(writer.communicate("go\n", timeout=200))
        )
        for writer in writers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(writer.returncode, errors) for writer, (_, errors) in zip(writers, outcomes, strict=True)] == [
        (0, "")
    ] * 3
    store = Store(folder)
    assert len(store.ls()) == 12
    assert_sound(store, [key_of(number) for number in range(12)])
    assert list((folder / "unfinished").iterdir()) == []


def test_threads_that_ask_store_and_remove_at_once_never_meet_half_an_answer(store: Store) -> None:
    troubles: list[str] = []

    def work(seed: int) -> None:
        for turn in range(6):
            number = (seed + turn) % 3
            try:
                store.put(key_of(number), answer(number))
                found = store.get(key_of(number))
                if found is not None and digest(found) != digest(answer(number)):
                    troubles.append(f"a wrong answer to {number}")
                if turn % 3 == seed % 3:
                    store._remove(key_of(number))
            except Exception as error:
                troubles.append(repr(error))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert_sound(store, [key_of(number) for number in range(3)])
