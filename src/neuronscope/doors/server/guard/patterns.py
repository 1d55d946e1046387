"""Which models does a request name? Asked where a key is for some models only."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from neuronscope import catalogue
from neuronscope.contract import RUNS
from neuronscope.custody.tokens import allows


def forbidden_model(body: bytes, pattern: str) -> str | None:
    """Return the first model in a body that the pattern does not fit, or nothing.

    A body that is no JSON names none; its route refuses it.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return next((name for name in _models(said) if not allows(pattern, name)), None)


@cache
def words_of_models() -> frozenset[str]:
    """Return every word under which a question names a model or a series of them."""
    subjects = [subject for form in catalogue.forms() for subject in form["subjects"]]
    return frozenset({"model", "models", *(each["name"] for each in subjects if each["type"] in RUNS)})


def _models(said: Any, *, named: bool = False) -> Iterator[str]:
    if isinstance(said, dict):
        for word, value in said.items():
            yield from _models(value, named=named or word in words_of_models())
    elif isinstance(said, list):
        for value in said:
            yield from _models(value, named=named)
    elif named and isinstance(said, str):
        yield said
