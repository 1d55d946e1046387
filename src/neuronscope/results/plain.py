"""What may leave as JSON? Attributes, arguments and values, each as plain as it can be."""

import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from neuronscope.words import BadInput


def plain(value: Any, *, unknown: Callable[[Any], Any] | None = None) -> Any:
    """Return a value as JSON's own types: text, numbers, true/false, none, lists and mappings.

    numpy's scalars become Python's, arrays and tuples become lists, paths become text. Anything else
    goes to ``unknown``, or raises ``BadInput`` where that is not given.

    >>> plain({"layers": (np.int64(3), None)})
    {'layers': [3, None]}
    """
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in "biufU":
        return value.tolist()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, list | tuple | range):
        return [plain(item, unknown=unknown) for item in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {str(name): plain(item, unknown=unknown) for name, item in value.items()}
    if unknown is not None:
        return unknown(value)
    raise BadInput(
        f"A {type(value).__name__} is not plain data; use text, numbers, true/false, none, lists or mappings."
    )


def canonical(value: Any) -> str:
    """Return the one JSON text of a plain value: names sorted, ASCII, no spaces.

    >>> canonical({"b": 1, "a": (2.0, None)})
    '{"a":[2.0,null],"b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


def described(value: Any) -> str:
    """Name a value that is not plain, for people: a function by its module and name.

    >>> described(canonical)
    'function neuronscope.results.plain.canonical'
    """
    name = getattr(value, "__qualname__", None)
    if name is not None:
        return f"{type(value).__name__} {getattr(value, '__module__', '?')}.{name}"
    return f"{type(value).__module__}.{type(value).__qualname__}"


def numbers(values: np.ndarray) -> Any:
    """Return an array as nested lists with ``None`` where a number is not finite.

    >>> numbers(np.array([1.0, np.nan]))
    [1.0, None]
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        holed = values.astype(object)
        holed[~np.isfinite(values)] = None
        return holed.tolist()
    if values.dtype.kind == "c":
        return numbers(np.stack([np.real(values), np.imag(values)], axis=-1))
    if values.dtype.kind in "Mm":
        return values.astype(str).tolist()
    return values.tolist()
