"""How is this result asked for again? The same question in Python, on the command line and with curl."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from neuronscope import catalogue
from neuronscope.doors.server.bodies import Code
from neuronscope.doors.server.guard.access import VARIABLE
from neuronscope.words import BadInput

USUAL = {"device": "cpu", "dtype": "float32"}
WAIT = 60
THEN = " &&\n"
MOST_STEPS = 20
"""How many questions one piece of code asks first, at most."""


@dataclass(frozen=True)
class Step:
    """One question of a chain: its provenance, and the name that its answer goes by in the steps after it."""

    facts: Mapping[str, Any]
    name: str
    digest: str


def code(
    facts: Mapping[str, Any],
    *,
    server: str,
    known: Callable[[str], Mapping[str, Any] | None] = lambda digest: None,
) -> Code:
    """Write the question that a result's provenance records, for three doors.

    ``server`` is the address that curl asks; it reads the token from ``NEURONSCOPE_TOKEN``. ``known`` gives
    the provenance of a parent: where it does, the parent is asked for first, so that an empty store will do.
    """
    steps = [*_before(facts, known, {}), Step(facts, "result", str(facts.get("digest", "")))]
    names = {step.digest: step.name for step in steps[:-1]}
    asked = [_asked(step.facts) for step in steps]
    written = [
        _command_line(step.facts["analysis"], _parents_as(words, step.facts, names, "{}.nc"), out=out)
        for step, words, out in zip(
            steps,
            asked,
            [*(f"{step.name}.nc" for step in steps[:-1]), f"{facts['analysis']}.nc"],
            strict=True,
        )
    ]
    sent = [
        _curl(step.facts["analysis"], words, server=server, quiet=step is not steps[-1])
        for step, words in zip(steps, asked, strict=True)
    ]
    return Code(
        python="\n".join(["import neuronscope", *(_python(step, names=names) for step in steps), ""]),
        command_line=THEN.join(written),
        curl=THEN.join(sent),
    )


def notebook(python: str, *, title: str) -> bytes:
    """Write a notebook that runs the Python and shows the result; the same bytes for the same question."""
    cells = [
        ("markdown", f"# {title}\n\nWritten by NeuronScope; run all cells to ask the question again."),
        ("code", python.rstrip()),
        ("code", "neuronscope.show(result)"),
    ]
    plain = {"outputs": [], "execution_count": None}
    written = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {"id": f"cell-{place}", "cell_type": sort, "metadata": {}, "source": source}
            | (plain if sort == "code" else {})
            for place, (sort, source) in enumerate(cells)
        ],
    }
    return json.dumps(written, indent=1, ensure_ascii=False).encode("utf-8", "replace")


def _before(
    facts: Mapping[str, Any], known: Callable[[str], Mapping[str, Any] | None], done: dict[str, Step]
) -> list[Step]:
    """Return the questions whose answers a question needs, each once and after those that it needs itself."""
    found = []
    parents = facts.get("parents") or {}
    for name, digest in parents.items() if isinstance(parents, Mapping) else ():
        told = known(digest) if digest not in done and len(done) < MOST_STEPS else None
        if told is None or "analysis" not in told:
            continue
        taken = {step.name for step in done.values()} | {"result"}
        free = (
            name if name not in taken else next(f"{name}_{n}" for n in count(2) if f"{name}_{n}" not in taken)
        )
        done[digest] = Step(told, free, digest)
        found += [*_before(told, known, done), done[digest]]
    return found


def _asked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return subjects, parameters and what stands beside them, as the other doors take them."""
    models, sources = facts.get("models", {}), facts.get("sources", {})
    subjects = {name: model["name"] for name, model in {**models, **sources}.items()}
    subjects |= dict(facts.get("parents") or {})
    arguments = _in_order(facts["analysis"], facts.get("arguments", {}))
    return {**subjects, **arguments, **_options({**models, **sources})}


def _parents_as(
    words: Mapping[str, Any], facts: Mapping[str, Any], names: Mapping[str, str], form: str
) -> dict[str, Any]:
    """Return the words with each parent that was asked for before under its name."""
    parents = dict(facts.get("parents") or {})
    renamed = {word: form.format(names[digest]) for word, digest in parents.items() if digest in names}
    return {**words, **renamed}


def _in_order(analysis: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        order = list(catalogue.form(analysis)["parameters"]["properties"])
    except BadInput:  # an analysis that this installation does not have
        order = []
    known = [name for name in order if name in arguments]
    return {name: arguments[name] for name in [*known, *arguments]}


def _options(models: Mapping[str, Any]) -> dict[str, Any]:
    model = next((model for model in models.values() if "device" in model), {})
    do = {"do": model["do"]} if model.get("do") else {}
    return {name: model[name] for name, usual in USUAL.items() if model.get(name, usual) != usual} | do


def _python(step: Step, *, names: Mapping[str, str]) -> str:
    facts = step.facts
    arguments = _in_order(facts["analysis"], facts.get("arguments", {}))
    given = {name: _opened(model, "open_model") for name, model in facts.get("models", {}).items()}
    given |= {name: _opened(source, "open_checkpoints") for name, source in facts.get("sources", {}).items()}
    given |= {name: names.get(digest, repr(digest)) for name, digest in (facts.get("parents") or {}).items()}
    given |= {name: repr(value) for name, value in arguments.items()}
    lines = [f"    {name}={value}," for name, value in given.items()]
    return "\n".join(["", f"{step.name} = neuronscope.{facts['analysis']}(", *lines, ")"])


def _opened(model: Mapping[str, Any], opener: str) -> str:
    options = _options({"model": model})
    if not options:
        return repr(model["name"])
    do = options.pop("do", None)
    words = [repr(model["name"]), *(f"{name}={value!r}" for name, value in options.items())]
    opened = f"neuronscope.{opener}({', '.join(words)})"
    return opened if do is None else f"{opened}.under(neuronscope.interventions.read({do!r}))"


def _command_line(analysis: str, arguments: Mapping[str, Any], *, out: str) -> str:
    words = ["neuronscope", "ask", analysis.replace("_", "-")]
    for name, value in arguments.items():
        words += _flags(name.replace("_", "-"), value)
    return " ".join([*words, f"--out={out}"])


def _flags(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, list):
        return [flag for part in value for flag in _flags(name, part)]
    return [f"--{name}={shlex.quote(value if isinstance(value, str) else json.dumps(value))}"]


def _curl(analysis: str, arguments: Mapping[str, Any], *, server: str, quiet: bool) -> str:
    body = shlex.quote(json.dumps(arguments, ensure_ascii=False))
    address = shlex.quote(f"{server.rstrip('/')}/api/v1/analyses/{analysis}?wait={WAIT}")
    return (
        f"curl --silent --show-error {'--fail --output /dev/null ' if quiet else ''}"
        f'--header "Authorization: Bearer ${VARIABLE}" '
        f"--header 'Content-Type: application/json' --data-raw {body} {address}"
    )
