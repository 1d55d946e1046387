"""What a room offers is what its ``__all__`` says, and the index of the catalogue is fresh."""

import importlib
import inspect
import json
import pkgutil
from types import ModuleType

import pytest

import neuronscope
from neuronscope import catalogue

ROOMS = [
    "neuronscope",
    *(f"neuronscope.{room.name}" for room in pkgutil.iter_modules(neuronscope.__path__) if room.ispkg),
]


def offered(room: ModuleType) -> set[str]:
    """Collect the public names of a package that are not modules."""
    return {
        name for name in dir(room) if not name.startswith("_") and not inspect.ismodule(getattr(room, name))
    }


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_offers_what_it_says(name: str) -> None:
    room = importlib.import_module(name)
    said = {word for word in getattr(room, "__all__", []) if not word.startswith("_")}
    assert offered(room) == said


def test_every_analysis_is_called_by_its_own_name_from_the_package() -> None:
    assert {form["name"] for form in catalogue.forms() if "/" not in form["name"]} <= set(neuronscope.__all__)


def test_the_index_of_the_catalogue_is_fresh() -> None:
    assert json.loads(catalogue.INDEX.read_text(encoding="utf-8")) == catalogue.build()
