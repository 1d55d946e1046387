"""Which options does an analysis take? Those of its form: nothing here knows an analysis by name."""

import argparse
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from neuronscope.doors.command_line.parser import Parser
from neuronscope.words import BadInput, nearest

Schema = Mapping[str, Any]

LETTERS = {"integer": "N", "number": "X", "boolean": "", "object": "JSON", "string": "TEXT"}
DTYPES = ("float32", "float64", "bfloat16", "float16")
THEMES = ("light", "dark")


class Machine(NamedTuple):
    """Where a model runs, and in which precision."""

    device: str
    dtype: str


def flag(name: str) -> str:
    """Return the option of a parameter: ``top_k`` is ``--top-k``."""
    return f"--{name.replace('_', '-')}"


def needed(form: Schema) -> str:
    """Write the options that a form must have, as usage shows them."""
    names = [subject["name"] for subject in form["subjects"] if subject["required"]]
    names += form["parameters"].get("required", [])
    return "".join(f"{flag(name)} ... " for name in names)


def add_form(parser: Parser, form: Schema) -> None:
    """Add one option for each subject and each parameter of a form."""
    subjects = parser.add_argument_group("subjects")
    for subject in form["subjects"]:
        needed = "" if subject["required"] else " May be left out."
        subjects.add_argument(
            flag(subject["name"]),
            dest=subject["name"],
            metavar=subject["type"].upper(),
            default=argparse.SUPPRESS,
            help=_escaped(subject["help"] + needed),
        )
    parameters = parser.add_argument_group("parameters")
    for name, schema in properties(form).items():
        needed = name in form["parameters"].get("required", [])
        parameters.add_argument(flag(name), **_option(name, schema, needed=needed))
    if any(subject["type"] == "Model" for subject in form["subjects"]):
        machine = parser.add_argument_group("where it runs")
        machine.add_argument("--device", metavar="NAME", help="Such as cpu, cuda or mps; cpu unless you say.")
        machine.add_argument(
            "--dtype", metavar="WORD", help=f"Precision: {', '.join(DTYPES)}; float32 unless you say."
        )
        if form["sort"] == "ask":
            machine.add_argument(
                "--do",
                metavar="CHANGE",
                action="append",
                default=[],
                help="What is changed in the model in every pass, such as 'mlp_act.3.17 scale=0', or a file "
                "of changes (.json). May be given again.",
            )


def add_printing(parser: Parser, *, formats: str) -> None:
    """Add the options that say in which form an answer comes back."""
    back = parser.add_argument_group("what comes back")
    back.add_argument("--out", metavar="FILE", help=f"Write a file instead; its ending says how: {formats}.")
    back.add_argument("--json", action="store_true", help="Print a summary as JSON.")
    back.add_argument("--variable", metavar="NAME", help="Show this part of the answer instead of the first.")
    back.add_argument(
        "--at",
        metavar="AXIS=VALUE",
        action="append",
        default=[],
        help="Show an axis that the picture has no room for at this value, such as layer=3. "
        "May be given again.",
    )
    back.add_argument("--theme", metavar="WORD", help="Colours of a picture or page: light or dark.")


def arguments(form: Schema, given: argparse.Namespace) -> dict[str, Any]:
    """Return what the form asks for, from what was given, as plain values.

    Raises ``BadInput`` where a subject or a parameter is missing.
    """
    found = vars(given)
    values = {s["name"]: found[s["name"]] for s in form["subjects"] if s["name"] in found}
    for subject in form["subjects"]:
        if subject["required"] and subject["name"] not in values:
            raise BadInput(f"{form['command']} needs {flag(subject['name'])}: {subject['help']}")
    for name, schema in properties(form).items():
        if name in found:
            values[name] = _plain(schema, found[name])
        elif name in form["parameters"].get("required", []):
            raise BadInput(f"{form['command']} needs {flag(name)}: {schema.get('description', '')}")
    return values


def machine(given: argparse.Namespace) -> Machine:
    """Return the device and the precision that were asked for.

    Raises ``BadInput`` on a precision that there is not.
    """
    dtype = getattr(given, "dtype", None) or "float32"
    among("--dtype", dtype, DTYPES)
    return Machine(getattr(given, "device", None) or "cpu", dtype)


def among(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise ``BadInput`` unless the value is one of the known words."""
    if value not in known:
        hint = nearest(value, known) or f"; it takes {', '.join(known)}."
        raise BadInput(f"{name} does not know {value!r}{hint}")


def properties(form: Schema) -> dict[str, Schema]:
    """Return the schema of each parameter of a form, with references and single choices followed."""
    schema = form["parameters"]
    return {
        name: _followed(entry, schema.get("$defs", {}))
        for name, entry in schema.get("properties", {}).items()
    }


def _followed(entry: Schema, definitions: Schema) -> Schema:
    if "$ref" in entry:
        target = definitions[entry["$ref"].rpartition("/")[2]]
        return {**_followed(target, definitions), **{k: v for k, v in entry.items() if k != "$ref"}}
    present = [choice for choice in entry.get("anyOf", []) if choice.get("type") != "null"]
    if len(present) == 1:
        outer = {key: value for key, value in entry.items() if key != "anyOf"}
        return {**_followed(present[0], definitions), **outer}
    return entry


def _option(name: str, schema: Schema, *, needed: bool) -> dict[str, Any]:
    words = [schema.get("description", "").rstrip(".")]
    if limits := _limits(schema):
        words.append(limits)
    if needed:
        words.append("Needed")
    elif schema.get("default") not in (None, "", []) and schema["default"] is not False:
        words.append(f"Unless you say: {_written(schema['default'])}")
    option: dict[str, Any] = {"dest": name, "default": argparse.SUPPRESS}
    option["help"] = _escaped(" ".join(f"{word[0].upper()}{word[1:]}." for word in words if word))
    if schema.get("type") == "boolean":
        return {**option, "action": argparse.BooleanOptionalAction}
    if schema.get("type") == "array":
        return {**option, "nargs": "+", "action": "extend", "metavar": _letter(schema.get("items", {}))}
    return {**option, "metavar": _letter(schema)}


def _letter(schema: Schema) -> str:
    if "enum" in schema:
        return "WORD"
    if schema.get("format") in {"path", "directory-path", "file-path"}:
        return "PATH"
    return LETTERS.get(schema.get("type", "string"), "VALUE")


def _limits(schema: Schema) -> str:
    if "enum" in schema:
        return f"One of {', '.join(_written(value) for value in schema['enum'])}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    bounds = {"at least": low, "more than": above, "at most": high, "less than": below}
    return " and ".join(f"{words} {bound}" for words, bound in bounds.items() if bound is not None)


def _written(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_written(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value)


def _escaped(words: str) -> str:
    return words.replace("%", "%%")


def _plain(schema: Schema, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(schema.get("items", {}), part) for part in value]
    if schema.get("type") not in {"integer", "number", "object"} or not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return value if isinstance(read, str) else read
