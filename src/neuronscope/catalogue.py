"""What there is to ask: analyses and makers, found by looking.

Ours are the files of ``neuronscope.analyses``, one function of the file's name in each; those of other
packages come by the entry-point groups ``neuronscope.analyses`` and ``neuronscope.makers`` and are
called ``package/name``. Forms are read from an index beside this file, so that listing them imports no
analysis; a file that the index does not know, or knows differently, is read afresh.
"""

import hashlib
import importlib
import json
import sys
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronscope.words import BadInput, nearest

if TYPE_CHECKING:
    from neuronscope.contract import Definition

HOME = Path(__file__).parent
INDEX = HOME / "catalogue.json"
GROUPS = ("neuronscope.analyses", "neuronscope.makers")


def forms() -> list[dict[str, Any]]:
    """Return the form of every analysis and maker as plain JSON, in the order of wings and names."""
    return sorted(_forms().values(), key=lambda form: (form["sort"], form["wing"], form["name"]))


def form(name: str) -> dict[str, Any]:
    """Return one form by its name in either spelling.

    Raises ``BadInput`` that names the nearest where there is none.
    """
    return _forms()[resolve(name)]


def find(name: str) -> "Definition":
    """Import one analysis or maker and return its definition.

    Raises ``BadInput`` that names the nearest where there is none.
    """
    return _definition(_places()[resolve(name)])


def resolve(name: str) -> str:
    """Return the name as Python spells it: ``logit-lens`` is ``logit_lens``."""
    known, wanted = _places(), name.replace("-", "_")
    if name in known:
        return name
    if wanted in known:
        return wanted
    hint = nearest(wanted, known) or f"; there are {', '.join(sorted(known))}."
    raise BadInput(f"There is no analysis called {name!r}{hint}")


def build() -> dict[str, Any]:
    """Read every analysis of our own and return the index: source digests and forms."""
    places = {name: place for name, place in _places().items() if isinstance(place, str)}
    found = {
        name: {"source": _source(place), "form": _definition(place).form()} for name, place in places.items()
    }
    return {"words": _ground(), "analyses": dict(sorted(found.items()))}


def write() -> None:
    """Write the index beside this file."""
    INDEX.write_text(json.dumps(build(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@cache
def _places() -> dict[str, "str | EntryPoint"]:
    ours = {
        file.stem: f"neuronscope.analyses.{file.parent.name}.{file.stem}"
        for file in sorted((HOME / "analyses").glob("*/*.py"))
        if file.stem != "__init__"
    }
    theirs = {_full_name(point): point for group in GROUPS for point in entry_points(group=group)}
    return {**ours, **theirs}


@cache
def _forms() -> dict[str, dict[str, Any]]:
    try:
        index = json.loads(INDEX.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        index = {}
    known = index.get("analyses", {}) if index.get("words") == _ground() else {}
    found = {}
    for name, place in _places().items():
        entry = known.get(name, {})
        fresh = isinstance(place, str) and entry.get("source") == _source(place)
        found[name] = entry["form"] if fresh else _definition(place).form()
    return found


def _definition(place: "str | EntryPoint") -> "Definition":
    if not isinstance(place, str):
        function = place.load()
        function.definition = replace(function.definition, name=_full_name(place))
        return function.definition
    return getattr(importlib.import_module(place), place.rpartition(".")[2]).definition


def _full_name(point: EntryPoint) -> str:
    """Return ``package/name``, so that two packages may use one name and provenance says whose it is."""
    return f"{point.value.partition(':')[0].partition('.')[0]}/{point.name}"


def _source(module: str) -> str:
    return _sha(HOME.joinpath(*module.split(".")[1:]).with_suffix(".py"))


def _ground() -> str:
    files = [*sorted((HOME / "words").glob("*.py")), *sorted((HOME / "contract").glob("*.py"))]
    return hashlib.sha256("".join(map(_sha, files)).encode()).hexdigest()[:16]


def _sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:16]


if __name__ == "__main__":
    write()
    sys.stdout.write(f"Wrote {len(build()['analyses'])} forms to {INDEX.name}.\n")
