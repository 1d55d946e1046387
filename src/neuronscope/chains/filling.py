"""Which questions does a chain ask? Its steps with every combination of values filled in, each once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from neuronscope import catalogue
from neuronscope.chains.chain import Chain, Step

_BRACES = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_-]*)\}")


@dataclass(frozen=True)
class Work:
    """One question that is ready to be asked once the steps that it mentions are answered.

    ``place`` tells it from the other questions of its step: the number of the value of each parameter that
    its arguments depend on, empty where they depend on none. ``needs`` are the places of earlier steps.
    """

    step: Step
    place: str
    values: Mapping[str, Any]
    needs: Mapping[str, str]


def mentioned(value: Any) -> list[str]:
    """Return the words that stand in braces in some arguments, each once.

    >>> mentioned({"prompt": "{start} and {end}", "top_k": 3})
    ['start', 'end']
    """
    if isinstance(value, str):
        return list(dict.fromkeys(found[1] for found in _BRACES.finditer(value) if found[1]))
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return list(dict.fromkeys(word for part in parts for word in mentioned(part)))


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return arguments with the values put in for braces; doubled braces stand for themselves.

    A text that is nothing but one pair of braces becomes the value itself, number or not.

    >>> filled({"top_k": "{n}", "prompt": "{{n}} is {n}"}, {"n": 3})
    {'top_k': 3, 'prompt': '{n} is 3'}
    """
    if isinstance(value, str):
        whole = _BRACES.fullmatch(value)
        if whole and whole[1]:
            return values[whole[1]]
        return _BRACES.sub(lambda found: str(values[found[1]]) if found[1] else found[0][0], value)
    if isinstance(value, Mapping):
        return {name: filled(part, values) for name, part in value.items()}
    return [filled(part, values) for part in value] if isinstance(value, list) else value


def about_a_model(step: Step) -> bool:
    """Say whether a step asks a question about one model, which can be under interventions."""
    return bool(step.ask) and any(
        subject["type"] == "Model" for subject in catalogue.form(step.does)["subjects"]
    )


def changes(chain: Chain, step: Step) -> list[str]:
    """Return the interventions of a step as they are written: its own, or else the chain's."""
    if step.do is not None:
        return step.do
    return chain.do if about_a_model(step) else []


def with_places(chain: Chain, given: Mapping[str, Any]) -> Chain:
    """Return a chain whose pictures and checks have the parameters put in where their places name them."""
    steps = [
        step.model_copy(
            update={
                "show": [one.model_copy(update={"at": filled(one.at, given)}) for one in step.show],
                "check": [one.model_copy(update={"at": filled(one.at, given)}) for one in step.check],
            }
        )
        for step in chain.steps
    ]
    return chain.model_copy(update={"steps": steps})


def works(chain: Chain, given: Mapping[str, Any]) -> Iterator[list[Work]]:
    """Yield the questions of each step in turn, each once however many combinations share it."""
    over = {name: list(values) for name, values in chain.over.items()}  # pyright: ignore[reportArgumentType]
    depends: dict[str, list[str]] = {}
    steps = [step.name for step in chain.steps]
    for step in chain.steps:
        words = mentioned([step.given, changes(chain, step)])
        own = {word for word in words if word in over}
        own.update(word for earlier in words if earlier in depends for word in depends[earlier])
        depends[step.name] = [name for name in over if name in own]
        here = depends[step.name]
        found = []
        for numbers in product(*(range(len(over[name])) for name in here)):
            at = dict(zip(here, numbers, strict=True))
            values = {**given, **{name: over[name][number] for name, number in at.items()}}
            needs = {word: _place(over, depends[word], at) for word in words if word in steps}
            found.append(Work(step, _place(over, here, at), values, needs))
        yield found


def _place(over: Mapping[str, list[Any]], names: list[str], at: Mapping[str, int]) -> str:
    """Return a name for one combination that sorts as the values follow one another."""
    widths = {name: len(str(len(over[name]))) for name in names}
    return "-".join(f"{name}{at[name] + 1:0{widths[name]}d}" for name in names)
