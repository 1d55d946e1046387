"""How is this result asked for again? The same question in Python, on the command line and with curl."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from neuronscope import catalogue
from neuronscope.doors.server.bodies import Code
from neuronscope.doors.server.guard.access import VARIABLE
from neuronscope.words import BadInput

USUAL = {"device": "cpu", "dtype": "float32"}
WAIT = 60


def code(facts: Mapping[str, Any], *, server: str) -> Code:
    """Write the question that a result's provenance records, for three doors.

    ``server`` is the address that curl asks; it reads the token from ``NEURONSCOPE_TOKEN``.
    """
    analysis = facts["analysis"]
    models, parents = facts.get("models", {}), facts.get("parents", {})
    arguments = _in_order(analysis, facts.get("arguments", {}))
    sources = {name: source["name"] for name, source in facts.get("sources", {}).items()}
    subjects = {name: model["name"] for name, model in models.items()} | sources | dict(parents)
    options = _options({**models, **facts.get("sources", {})})
    return Code(
        python=_python(analysis, facts=facts, arguments=arguments),
        command_line=_command_line(analysis, {**subjects, **arguments, **options}),
        curl=_curl(analysis, {**subjects, **arguments, **options}, server=server),
    )


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


def _python(analysis: str, *, facts: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    given = {name: _opened(model, "open_model") for name, model in facts.get("models", {}).items()}
    given |= {name: _opened(source, "open_checkpoints") for name, source in facts.get("sources", {}).items()}
    given |= {name: repr(value) for name, value in {**facts.get("parents", {}), **arguments}.items()}
    lines = [f"    {name}={value}," for name, value in given.items()]
    return "\n".join(["import neuronscope", "", f"result = neuronscope.{analysis}(", *lines, ")", ""])


def _opened(model: Mapping[str, Any], opener: str) -> str:
    options = _options({"model": model})
    if not options:
        return repr(model["name"])
    do = options.pop("do", None)
    words = [repr(model["name"]), *(f"{name}={value!r}" for name, value in options.items())]
    opened = f"neuronscope.{opener}({', '.join(words)})"
    return opened if do is None else f"{opened}.under(neuronscope.interventions.read({do!r}))"


def _command_line(analysis: str, arguments: Mapping[str, Any]) -> str:
    words = ["neuronscope", "ask", analysis.replace("_", "-")]
    for name, value in arguments.items():
        words += _flags(name.replace("_", "-"), value)
    return " ".join([*words, f"--out={analysis}.nc"])


def _flags(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, list):
        return [flag for part in value for flag in _flags(name, part)]
    return [f"--{name}={shlex.quote(value if isinstance(value, str) else json.dumps(value))}"]


def _curl(analysis: str, arguments: Mapping[str, Any], *, server: str) -> str:
    body = shlex.quote(json.dumps(arguments, ensure_ascii=False))
    address = shlex.quote(f"{server.rstrip('/')}/api/v1/analyses/{analysis}?wait={WAIT}")
    return (
        f'curl --silent --show-error --header "Authorization: Bearer ${VARIABLE}" '
        f"--header 'Content-Type: application/json' --data-raw {body} {address}"
    )
