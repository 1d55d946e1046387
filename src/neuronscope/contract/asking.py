"""How is a question put? From names and plain values, by way of the store where it was answered before."""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import xarray as xr

from neuronscope import __version__
from neuronscope.contract.definition import Definition
from neuronscope.contract.subjects import facts, given_subjects, under
from neuronscope.results import Cancelled, CannotStore, Store, log, working_in
from neuronscope.words import BadInput


def ask(
    definition: Definition,
    arguments: Mapping[str, Any],
    *,
    store: Store | None = None,
    openers: Mapping[str, Callable[..., Any]] | None = None,
    device: str = "cpu",
    dtype: str = "float32",
    do: Iterable[str] = (),
) -> xr.Dataset:
    """Run an analysis from names and plain values: the one step behind every door.

    With a ``store``, a question that was answered before is looked up instead; one that was broken off goes
    on where it was, as far as its analysis keeps what it has done, or is stored as the answer to the smaller
    question that it comes to; and an answer that the disk refuses is
    returned all the same, with a warning in the log. ``do`` are interventions that the model is under, the
    first where there are two. ``openers`` lets a door keep subjects open, by subject
    type. Raises ``BadInput`` in words that a caller can act on.
    """
    parameters = definition.check({n: v for n, v in arguments.items() if n not in definition.subjects})
    for name, subject in definition.subjects.items():
        if subject.required and name not in arguments:
            raise BadInput(f"{definition.name} needs a {name}: {subject.type.help}")
    opened = given_subjects(definition.subjects, arguments, openers=openers or {}, device=device, dtype=dtype)
    opened = under(definition.name, opened, do)
    if store is None or any(callable(value) for value in parameters.values()):
        return definition.run(**opened, **parameters)
    question = facts(opened | parameters, definition.subjects)
    for model in question["models"].values():
        del model["name"]  # one model may be opened under several names

    def key(arguments: dict[str, Any]) -> str:
        asked = question | {"arguments": arguments}
        return store.key(
            analysis=definition.name, version=definition.version, code=_code(definition), **asked
        )

    own = key(question["arguments"])
    found = _looked_up(store, own)
    if found is not None:
        return found
    try:
        return _kept(store, own, lambda: definition.run(**opened, **parameters))
    except Cancelled as stop:
        if stop.whole is not None:
            so_far, smaller = stop.whole
            _kept(store, key(question["arguments"] | smaller), lambda: so_far)
        raise


def _looked_up(store: Store, key: str) -> xr.Dataset | None:
    """Return the stored answer, or none where there is none or the disk does not let it be read."""
    try:
        return cast("xr.Dataset | None", store.get(key))
    except CannotStore as trouble:
        log.warning("%s The question is answered afresh.", trouble)
        return None


def _kept(store: Store, key: str, answer: Callable[[], xr.Dataset]) -> xr.Dataset:
    """Answer, and keep the answer where the disk takes it."""
    with working_in(store.workplace(key)):
        found = answer()
        try:
            store.put(key, found)
        except CannotStore as trouble:
            log.warning("%s The answer is not lost, but it will be computed again when asked again.", trouble)
    return found


def _code(definition: Definition) -> str:
    """Say which code answers: the version of the package and the file of the analysis."""
    file = Path(inspect.unwrap(definition.run).__code__.co_filename)
    source = file.read_bytes() if file.is_file() else b""
    return f"{__version__} {hashlib.sha256(source).hexdigest()[:16]}"
