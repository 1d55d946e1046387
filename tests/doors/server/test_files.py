"""Exported files make room for one another, the longest unused first."""

import os
from pathlib import Path

import numpy as np

from neuronscope import results
from neuronscope.doors.server.files import Files


def test_the_longest_unused_file_makes_room(tmp_path: Path) -> None:
    result = results.label({}, noise=("step", np.arange(1000.0)))
    results.save(result, tmp_path / "size.npz")
    size = (tmp_path / "size.npz").stat().st_size
    files = Files(tmp_path / "exports", most_bytes=int(2.5 * size))
    first, second = (files.file(key, "a", "npz", lambda: result) for key in ("one", "two"))
    for age, file in enumerate((second, first)):
        os.utime(file, ns=(age, age))
    third = files.file("three", "a", "npz", lambda: result)
    assert {file.name for file in (tmp_path / "exports").iterdir()} == {first.name, third.name}
