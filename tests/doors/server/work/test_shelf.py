"""Opened models are shared, and few."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.words import BadInput


class Opened:
    """An opener that counts, and gives something new each time."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, *, device: str, dtype: str) -> Any:
        self.names.append(name)
        time.sleep(0.01)
        if name == "missing":
            raise BadInput("There is no model called 'missing'.")
        return (name, device, dtype, len(self.names))


def test_a_model_is_opened_once() -> None:
    opener = Opened()
    shelf = Shelf(opener)
    assert shelf.open("a") is shelf.open("a")
    assert opener.names == ["a"]


def test_device_and_precision_make_another_model() -> None:
    shelf = Shelf(Opened())
    assert shelf.open("a", dtype="float64") is not shelf.open("a")
    assert [place[2] for place in shelf.places()] == ["float64", "float32"]


def test_the_one_unused_for_longest_makes_room() -> None:
    shelf = Shelf(Opened(), most=2)
    for name in ("a", "b", "a", "c"):
        shelf.open(name)
    assert [place[0] for place in shelf.places()] == ["a", "c"]


def test_a_model_in_use_makes_room_last() -> None:
    shelf = Shelf(Opened(), most=2)
    shelf.open("a")
    shelf.open("b")
    shelf.open("c", in_use=lambda: {("a", "cpu", "float32")})
    assert [place[0] for place in shelf.places()] == ["a", "c"]


def test_a_model_that_does_not_open_takes_no_place() -> None:
    opener = Opened()
    shelf = Shelf(opener)
    for _ in range(2):
        with pytest.raises(BadInput, match="no model called 'missing'"):
            shelf.open("missing")
    assert shelf.places() == []
    assert opener.names == ["missing", "missing"]


def test_many_who_ask_at_once_open_it_once() -> None:
    opener = Opened()
    shelf = Shelf(opener)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.open("a"))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opener.names == ["a"]
    assert len(found) == 10
    assert all(model is found[0] for model in found)


def test_a_folder_that_was_written_anew_is_opened_anew(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"old")
    opener = Opened()
    shelf = Shelf(opener)
    first = shelf.open(str(tmp_path))
    assert shelf.open(str(tmp_path)) is first
    weights.write_bytes(b"new")
    later = time.time_ns() + 10**9
    os.utime(weights, ns=(later, later))
    assert shelf.open(str(tmp_path)) is not first
    assert len(shelf.places()) == 1


def test_a_twin_of_an_open_model_is_another_with_its_weights_and_of_a_closed_one_itself(
    tiny_model: str,
) -> None:
    shelf = Shelf()
    model = shelf.open(tiny_model)
    twins = [shelf.twin(model) for _ in range(2)]
    assert len({id(one.hf) for one in (model, *twins)}) == 3
    assert len({next(one.hf.parameters()).data_ptr() for one in (model, *twins)}) == 1
    shelf.drop((tiny_model, "cpu", "float32"))
    assert shelf.twin(model) is model


def test_what_cannot_be_copied_is_its_own_twin() -> None:
    shelf = Shelf(Opened())
    model = shelf.open("a")
    assert shelf.twin(model) is model
