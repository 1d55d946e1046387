"""Is the question sound? What was asked over HTTP becomes a job once its parameters are checked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuronscope.contract import RUNS, Definition, check_name
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.made import new_name
from neuronscope.doors.server.work.reach import Reach
from neuronscope.instruments import interventions
from neuronscope.words import BadInput, NamesFile

MACHINE = {"device": "cpu", "dtype": "float32"}
"""What may stand beside the arguments where there is a model, and what it is unless somebody says."""
DO = "do"
"""Interventions that the model is under; they too stand beside the arguments."""


def question(definition: Definition, asked: Mapping[str, Any], *, name: str, reach: Reach) -> Job:
    """Make a job of a question; ``reach`` says where its names may lead.

    Raises ``BadInput`` on what the analysis does not take, lacks, cannot read or may not open.
    """
    given, machine = _parted(definition, asked)
    definition.check({word: value for word, value in given.items() if word not in definition.subjects})
    return Job(definition, arguments=_subjects(definition, given, reach), asked=asked, name=name, **machine)


def order(definition: Definition, asked: Mapping[str, Any], *, name: str, called: str, reach: Reach) -> Job:
    """Make a job of what a maker is to make; ``called`` names its folder among those made here.

    Raises ``BadInput`` as ``question`` does, and where the folder is chosen by hand.
    """
    if "out" in asked:
        raise BadInput("The server chooses the folder; leave out away, and give a name if you like.")
    made = new_name(name, called)
    given, machine = _parted(definition, asked)
    given["out"] = Path(reach.path_of(made))
    definition.check({word: value for word, value in given.items() if word not in definition.subjects})
    arguments = _subjects(definition, given, reach)
    return Job(definition, arguments=arguments, asked=asked, name=name, made=made, **machine)


def _parted(definition: Definition, asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell arguments from what may stand beside them."""
    _check_plain(asked)
    on_model = any(subject.type.name in RUNS for subject in definition.subjects.values())
    options = {word: asked[word] for word in (*MACHINE, DO) if on_model and word in asked}
    for word, usual in MACHINE.items():
        if not isinstance(options.get(word, usual), str):
            raise BadInput(f"{word}={options[word]!r} is not text; {usual!r} is what it is unless you say.")
    machine = MACHINE | options
    if options.get(DO):
        machine[DO] = list(interventions.read(options[DO]).texts)
    else:
        machine.pop(DO, None)
    return {word: value for word, value in asked.items() if word not in options}, machine


def _subjects(definition: Definition, given: Mapping[str, Any], reach: Reach) -> dict[str, Any]:
    """Return the arguments with the names of what was made here as paths."""
    found = dict(given)
    for subject in definition.subjects.values():
        if subject.required and subject.name not in given:
            raise BadInput(f"{definition.name} needs a {subject.name}: {subject.type.help}")
        value = given.get(subject.name)
        if subject.name in given and (subject.required or value is not None):
            check_name(subject, value)
        if isinstance(value, str):
            found[subject.name] = reach.path_of(value)
    for name, field in definition.parameters.model_fields.items():
        value = given.get(name)
        if NamesFile in field.metadata and isinstance(value, str):
            reach.check(value.strip())
    return found


def _check_plain(asked: Mapping[str, Any]) -> None:
    """Raise ``BadInput`` on what Python reads as JSON though nothing else does."""
    try:
        json.dumps(asked, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput(
            "The arguments hold half of a surrogate pair, which is no text; send whole characters."
        ) from None
    except ValueError:
        raise BadInput("The arguments hold a number that is not finite, which JSON does not have.") from None
