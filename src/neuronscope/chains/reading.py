"""Where is a chain, and is it well made? A recipe of the package by its name, or a file of one's own."""

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from neuronscope import catalogue
from neuronscope.chains.chain import Chain, Files, Lines, Step
from neuronscope.chains.filling import about_a_model, changes, mentioned
from neuronscope.instruments import interventions
from neuronscope.words import BadInput, nearest

_ENDINGS = (".yaml", ".yml")


class _Plain(yaml.SafeLoader):
    """Reads YAML without aliases, by which a short text could stand for an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not read here", problem_mark=mark)
        return super().compose_node(parent, index)


def recipe_names() -> dict[str, str]:
    """Return the recipes that ship with the package, each with its summary."""
    return {name: read_chain(name).summary for name in sorted(_recipes())}


def recipe_text(name: str) -> str:
    """Return the text of a recipe of the package, to copy and edit; raises `BadInput` on another name."""
    return _recipe(name).read_text(encoding="utf-8")


def read_chain(name: str) -> Chain:
    """Return a recipe of the package by its name, or the chain in a file that ends in .yaml.

    The log of a results folder, ``log.json``, is a chain too: the same with the parameters that it had.
    Values that stand in files are read here. Raises `BadInput` in one sentence where there is no such recipe
    or file, where it is no YAML or says what a chain does not know, where a step names an analysis or an
    argument that there is not, where braces name neither a parameter nor an earlier step, and where no step
    mentions a parameter.
    """
    if name.endswith(".json"):
        chain = logged_chain(name)
        _check_steps(chain, name)
        return chain
    if name.endswith(_ENDINGS):
        path = Path(name).expanduser()
        try:
            text, home = path.read_text(encoding="utf-8"), path.parent
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(f"{name!r} cannot be read: give a text file in YAML that is there.") from problem
    else:
        text, home = recipe_text(name), None
    return chain_of(text, name=name, home=home)


def logged_chain(name: str) -> Chain:
    """Return the chain that the log of a results folder tells of, with the parameters that it had.

    Raises `BadInput` where the file is no such log.
    """
    try:
        log = json.loads(Path(name).expanduser().read_text(encoding="utf-8"))
        return Chain.model_validate({**log["chain"], "with": log["parameters"]})
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(
            f"{name!r} is no log of a recipe or batch: give the log.json that one of them wrote."
        ) from problem


def chain_of(text: str, *, name: str, home: Path | None = None) -> Chain:
    """Return the chain that a text in YAML says; ``home`` is the folder beside it, where there is one.

    Raises `BadInput` as `read_chain` does; ``name`` is what its sentences call the text.
    """
    chain = _read(text, name)
    over = {word: _values(f"{name}: over {word}", values, home) for word, values in chain.over.items()}
    chain = chain.model_copy(update={"over": over})
    _check_steps(chain, name)
    return chain


def _recipes() -> dict[str, Traversable]:
    return {
        file.name.rpartition(".")[0]: file
        for file in files("neuronscope").joinpath("recipes").iterdir()
        if file.name.endswith(_ENDINGS)
    }


def _recipe(name: str) -> Traversable:
    known = _recipes()
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(sorted(known))}, or give a .yaml file."
        raise BadInput(f"There is no recipe {name!r}{hint}")
    return known[name]


def _read(text: str, name: str) -> Chain:
    try:
        data = yaml.load(text, Loader=_Plain)
    except RecursionError:
        raise BadInput(f"{name} is nested too deeply: no chain needs that.") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise BadInput(f"{name} is no YAML{line}: {getattr(problem, 'problem', problem)}.") from problem
    if not isinstance(data, dict):
        raise BadInput(f"{name} says nothing to do: a chain needs 'title' and 'steps'.")
    try:
        return Chain.model_validate(data)
    except ValidationError as problem:
        raise BadInput(_sentence(name, problem)) from problem


def _sentence(name: str, problem: ValidationError) -> str:
    first = problem.errors()[0]
    place = " ".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        said = "is no word that a chain knows"
    return f"{name}: {place} {said[:1].lower()}{said[1:]}; see docs/chains.md.".replace(":  ", ": ")


def _values(where: str, values: Any, home: Path | None) -> list[Any]:
    if isinstance(values, Lines | Files) and home is None:
        raise BadInput(f"{where}: a recipe of the package has no files beside it; list the values.")
    if isinstance(values, Lines | Files):
        said = Path(values.lines if isinstance(values, Lines) else values.files)
        if said.is_absolute() or ".." in said.parts or not said.parts:
            raise BadInput(f"{where}: {str(said)!r} is not beside the chain: name files in its own folder.")
    if isinstance(values, Lines):
        try:
            text = (Path(home or ".") / values.lines).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(f"{where}: {values.lines!r} cannot be read: give a text file.") from problem
        values = [line for line in text.splitlines() if line.strip()]
    elif isinstance(values, Files):
        values = [str(path) for path in sorted(Path(home or ".").glob(values.files))]
    if not values:
        raise BadInput(f"{where} has no values: give at least one.")
    return list(values)


def _check_changes(chain: Chain, step: Step, where: str) -> None:
    if step.do and not about_a_model(step):
        raise BadInput(f"{where}: {step.does} opens no single model to intervene in; leave 'do' out.")
    values = [*chain.given, *chain.over]
    for text in changes(chain, step):
        words = mentioned(text)
        unknown = next((word for word in words if word not in values), None)
        if unknown is not None:
            hint = nearest(unknown, values) or f"; there are {', '.join(values) or 'none'}."
            raise BadInput(f"{where}: {{{unknown}}} of 'do' is no parameter{hint}")
        try:
            interventions.read([] if words else [text])
        except BadInput as problem:
            raise BadInput(f"{where}: {problem}") from problem


def _check_steps(chain: Chain, name: str) -> None:
    known: Mapping[str, Any] = dict.fromkeys([*chain.given, *chain.over])
    for number, step in enumerate(chain.steps, 1):
        where = f"{name}: step {number}"
        sort = "ask" if step.ask else "make"
        form = catalogue.form(step.does)
        if form["sort"] != sort:
            raise BadInput(f"{where}: {step.does} is for {form['sort']!r}, not {sort!r}.")
        takes = [subject["name"] for subject in form["subjects"]] + list(form["parameters"]["properties"])
        takes = [word for word in takes if step.ask or word != "out"]  # what is made goes to the folder
        for argument in step.given:
            if argument not in takes:
                hint = nearest(argument, takes) or f"; it takes {', '.join(takes)}."
                raise BadInput(f"{where}: {step.does} has no argument {argument!r}{hint}")
        _check_changes(chain, step, where)
        for word in mentioned(step.given):
            if word not in known:
                hint = nearest(word, known) or f"; there are {', '.join(known) or 'none'}."
                raise BadInput(f"{where}: {{{word}}} is no parameter or earlier step{hint}")
        for word in mentioned([*(shown.at for shown in step.show), *(check.at for check in step.check)]):
            if word not in chain.given:
                hint = nearest(word, chain.given) or f"; there are {', '.join(chain.given) or 'none'}."
                raise BadInput(f"{where}: {{{word}}} of a picture or check is no parameter{hint}")
        known = {**known, step.name: None}
    used = {word for step in chain.steps for word in mentioned([step.given, changes(chain, step)])}
    idle = next((word for word in (*chain.given, *chain.over) if word not in used), None)
    if idle is not None:
        raise BadInput(f"{name}: no step mentions {{{idle}}}: put it in a step's arguments or leave it out.")
