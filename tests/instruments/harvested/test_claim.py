"""Two harvests in one folder, one of them perhaps killed, and disks that refuse to take more."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neuronscope.instruments import harvest
from neuronscope.instruments.harvested import claim
from neuronscope.instruments.harvested.claim import CLAIM, claimed
from neuronscope.results import Progress, listening
from neuronscope.words import BadInput
from tests.instruments.test_harvest import OPTIONS, contents, ragged
from tests.models.tiny import shared

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked here, and this system cannot")


def test_a_second_harvest_into_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    model, refused = shared("gpt2"), []
    harvest(model, ragged(), "z.0", tmp_path / "whole", **OPTIONS)

    def intruder(progress: Progress) -> None:
        if progress.done == 7 and not refused:
            refused.append(True)
            with pytest.raises(
                BadInput, match=rf"^Process {os.getpid()} on .* is harvesting to .* now: let it"
            ):
                harvest(model, ragged(), "z.0", tmp_path / "h", **OPTIONS)

    with listening(intruder):
        harvest(model, ragged(), "z.0", tmp_path / "h", **OPTIONS)
    assert refused
    assert contents(tmp_path / "h") == contents(tmp_path / "whole")
    assert CLAIM not in contents(tmp_path / "h")


@contextmanager
def another_process_in(folder: Path) -> Iterator[int]:
    """Let a process claim the folder and wait there until it is killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with claimed(folder):
            os.write(writing, b"claimed")
            signal.pause()
        os._exit(0)
    assert os.read(reading, 7) == b"claimed"
    yield child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)


@FORKS
def test_a_killed_harvest_leaves_no_claim_behind(tmp_path: Path) -> None:
    model, folder = shared("gpt2"), tmp_path / "h"
    with another_process_in(folder) as child, pytest.raises(BadInput, match=f"^Process {child} on "):
        harvest(model, ragged(), "z.0", folder, **OPTIONS)
    assert CLAIM in contents(folder)
    found = harvest(model, ragged(), "z.0", folder, **OPTIONS)
    found.check()
    assert CLAIM not in contents(folder)


def test_a_file_that_was_deleted_meanwhile_is_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def locked(handle: int) -> bool:
        taken.append(handle)
        if len(taken) == 1:
            (tmp_path / CLAIM).unlink()
        return True

    monkeypatch.setattr(claim, "_locked", locked)
    with claimed(tmp_path):
        assert (tmp_path / CLAIM).read_text().startswith(f"Process {os.getpid()} on ")
    assert len(taken) == 2
    assert not contents(tmp_path)


def test_a_finished_harvest_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "h", **OPTIONS)

    def refuses(path: Path) -> int:
        raise OSError(errno.EROFS, "read-only", str(path))

    monkeypatch.setattr(claim, "_taken", refuses)
    assert len(harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "h", **OPTIONS)) == 77 + 9
    with pytest.raises(BadInput, match=r"^Cannot harvest to .*: Read-only file system\.$"):
        harvest(shared("gpt2"), ragged(), "z.0", tmp_path / "new", **OPTIONS)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    resource = pytest.importorskip("resource")  # not every system limits files
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_loses_nothing_that_was_whole(tmp_path: Path) -> None:
    model, asked = shared("gpt2"), ["resid_post.1", "z.0"]
    options: dict[str, Any] = {"tokens_per_pass": 20, "tokens_per_shard": 15}
    harvest(model, ragged(), asked, tmp_path / "whole", **options)
    whole = contents(tmp_path / "whole")
    largest = max((name for name in whole if name.startswith("shard")), key=lambda name: len(whole[name]))
    assert largest != "shard-00000.safetensors"
    with (
        no_file_larger_than(len(whole[largest]) - 1),
        pytest.raises(
            BadInput, match=rf"^Cannot write {largest} to .*: File too large; what is whole is kept"
        ),
    ):
        harvest(model, ragged(), asked, tmp_path / "h", **options)
    kept = contents(tmp_path / "h")
    assert {name: data for name, data in kept.items() if name.startswith("shard")} == {
        name: data for name, data in whole.items() if name.startswith("shard") and name < largest
    }
    assert not [name for name in kept if name.startswith(".")]
    harvest(model, ragged(), asked, tmp_path / "h", **options)
    assert contents(tmp_path / "h") == whole
