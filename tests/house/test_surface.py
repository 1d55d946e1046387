"""What a room offers is what its ``__all__`` says, and the index of the catalogue is fresh."""

import importlib
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


def ours(room: ModuleType) -> set[str]:
    """Collect the public functions and classes of ours that can be reached in a package."""
    return {
        name
        for name, value in vars(room).items()
        if not name.startswith("_") and str(getattr(value, "__module__", "")).startswith("neuronscope")
    }


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_offers_what_it_says_and_no_more(name: str) -> None:
    room = importlib.import_module(name)
    said = list(getattr(room, "__all__", []))
    assert [word for word in said if getattr(room, word, None) is None] == []
    assert ours(room) - set(said) == set()


def test_every_analysis_is_called_by_its_own_name_from_the_package() -> None:
    assert {form["name"] for form in catalogue.forms() if "/" not in form["name"]} <= set(neuronscope.__all__)


def test_the_index_of_the_catalogue_is_fresh() -> None:
    assert json.loads(catalogue.INDEX.read_text(encoding="utf-8")) == catalogue.build()
