"""What does a checkpoint's own configuration say about the network, in the network's own words?"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from neuronscope.models.layouts.mapping import FactRule
from neuronscope.models.layouts.mapping import Mapping as LayoutMapping
from neuronscope.words import BadInput

_SILENT = object()


def read_facts(mapping: LayoutMapping, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices of the network that mapping and configuration state.

    Sizes of axes may be left unsaid, since the tensors tell them. Raises `BadInput` for a key that the
    mapping does not know, a value that it has no word for, a part that the network lacks, and a choice that
    nothing states.
    """
    facts = {}
    known = {*mapping.neutral, *mapping.ignored_facts}
    for name, said in mapping.facts.items():
        rules = _rules(name, said)
        known |= {rule.source for rule in rules if isinstance(rule, FactRule)}
        value = next(
            (value for rule in rules if (value := _said(name, rule, configuration)) is not _SILENT), _SILENT
        )
        if value is not _SILENT:
            facts[name] = value
        elif name not in mapping.axes.values():
            source = next(rule.source for rule in rules if isinstance(rule, FactRule))
            raise BadInput(
                f"The configuration says nothing of {source}: state {name} in the mapping's facts."
            )
    for key, value in configuration.items():
        if key in mapping.neutral and not _among(value, mapping.neutral[key]):
            raise BadInput(f"The configuration has {key} = {value!r}, for which the network has no part.")
        if not any(fnmatchcase(key, pattern) for pattern in known):
            raise BadInput(
                f"The mapping does not know the configuration's {key} = {value!r:.40}: name it in facts, "
                "neutral or ignored_facts."
            )
    return facts


def _rules(name: str, said: Any) -> list[Any]:
    """Return the rules of one fact in order; a value that is no rule is a constant."""
    listed = said if isinstance(said, list) and any(isinstance(rule, dict) for rule in said) else [said]
    try:
        return [FactRule.model_validate(rule) if isinstance(rule, dict) else rule for rule in listed]
    except ValidationError as error:
        raise BadInput(f"The fact {name} is not understood: {error.errors()[0]['msg']:.100}") from error


def _said(name: str, rule: Any, configuration: Mapping[str, Any]) -> Any:
    if not isinstance(rule, FactRule):
        return rule
    if rule.source not in configuration or _among(configuration[rule.source], rule.unset):
        return _SILENT
    value = configuration[rule.source]
    if rule.values is None:
        return value
    for key, word in rule.values:
        if _among(value, [key]):
            return word
    raise BadInput(
        f"The configuration's {rule.source} = {value!r:.40} says nothing of {name} here: "
        "state it in the mapping's facts."
    )


def _among(value: Any, allowed: list[Any]) -> bool:
    """Tell whether a value is one of those listed, a truth value being no number."""
    return any(isinstance(value, bool) == isinstance(other, bool) and value == other for other in allowed)
