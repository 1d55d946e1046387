"""How does a bare array become a result? Every axis gets its word, every variable its units."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.plain import plain
from neuronscope.words import AXES, BadInput, nearest

NUMBERS = "biufcMm"  # dtype kinds that pass unchanged
_BRACED = re.compile(r"\{(\w+)\}")


def label(coords: Mapping[str, Any], **variables: tuple[Any, ...]) -> xr.Dataset:
    """Name every axis of every array and return them as one dataset.

    A variable is ``(axes, values)`` or ``(axes, values, attributes)``: the axes as one string of
    words, the values an array, nested list or torch tensor of numbers, true/false or text, the
    attributes such as ``units`` and ``long_name``. A coordinate is written the same way, or as bare
    values along the axis of its own name. The first variable decides the result's kind.

    Raises ``BadInput`` for an unknown axis, for values that do not have those axes, for axes whose
    sizes disagree and for values that are neither numbers nor text.

    >>> label({"depth": [0, 1]}, entropy=("depth", [2.0, 1.0], {"units": "nats"})).entropy.dims
    ('depth',)
    """
    if not variables:
        raise BadInput("A result needs at least one variable: name=(axes, values).")
    sizes: dict[str, tuple[int, str]] = {}
    named = {name: _variable(name, entry, sizes) for name, entry in variables.items()}
    placed = {
        name: _variable(name, entry if isinstance(entry, tuple) else (name, entry), sizes)
        for name, entry in coords.items()
    }
    for name in named:
        if name in placed or name in sizes:
            raise BadInput(f"{name!r} is an axis or coordinate already; give the variable another name.")
    for name, (axes, _, _) in placed.items():
        if name in sizes and axes != [name]:
            raise BadInput(f"Coordinate {name!r} is named like an axis, so it must lie along {name!r} alone.")
    return xr.Dataset(named, placed)


def placed(result: xr.Dataset, **sites: str) -> xr.Dataset:
    """Say of variables which place in the model each cell is: ``activation="mlp_act.{layer}.{neuron}"``.

    A word in braces stands for the label of that axis or coordinate at the cell, the index where it has
    none. Companions of a variable over the same axes, such as ``activation_low``, are of the same places.
    Raises ``BadInput`` where a word is no axis or coordinate along the variable's axes.

    >>> found = label({"layer": [2, 5]}, effect=("layer head", [[0.1, 0.2], [0.3, 0.4]]))
    >>> placed(found, effect="z.{layer}.{head}").effect.attrs["site"]
    'z.{layer}.{head}'
    """
    result = result.copy()
    for name, template in sites.items():
        if name not in result:
            continue
        axes = result[name].dims
        for word in _BRACED.findall(template):
            own = result.coords[word].dims if word in result.coords else (word,)
            if not set(own) <= set(axes):
                raise BadInput(f"{template!r} names {word!r}, which does not lie along the axes of {name!r}.")
        for other in result.data_vars:
            if str(other) == name or (str(other).startswith(f"{name}_") and result[other].dims == axes):
                result[other].attrs["site"] = template
    return result


def _variable(
    name: str, entry: tuple[Any, ...], sizes: dict[str, tuple[int, str]]
) -> tuple[list[str], np.ndarray, dict[str, Any]]:
    """Check one variable against its axes and against the sizes seen so far."""
    if not isinstance(entry, tuple) or len(entry) not in (2, 3) or not isinstance(entry[0], str):
        raise BadInput(f"{name!r} must be (axes, values) or (axes, values, attributes), axes as one string.")
    axes, values = entry[0].split(), array_of(name, entry[1])
    attributes = {} if len(entry) == 2 else {str(word): plain(value) for word, value in entry[2].items()}
    for axis in axes:
        if axis not in AXES:
            hint = nearest(axis, AXES) or f"; use one of {', '.join(sorted(AXES))}"
            raise BadInput(f"Unknown axis {axis!r} in {name!r}{hint}, or add it to words.AXES.")
    if len(set(axes)) < len(axes):
        raise BadInput(f"{name!r} names an axis twice in {entry[0]!r}; each axis needs its own word.")
    if values.ndim != len(axes):
        raise BadInput(
            f"{name!r} has {len(axes)} axes {entry[0]!r} but its values have shape {values.shape}."
        )
    for axis, size in zip(axes, values.shape, strict=True):
        known, owner = sizes.setdefault(axis, (size, name))
        if size != known:
            raise BadInput(f"Axis {axis!r} is {known} long in {owner!r} but {size} long in {name!r}.")
    return axes, values, attributes


def array_of(name: str, values: Any) -> np.ndarray:
    """Return values as an array of numbers, true/false or text; torch tensors come to the CPU.

    >>> array_of("token", ["a", "b"]).tolist()
    ['a', 'b']
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if "bfloat16" in str(values.dtype) else values
        values = values.resolve_conj().resolve_neg().numpy()
    try:
        array = np.asarray(list(values) if isinstance(values, range) else values)
    except ValueError as error:
        raise BadInput(f"{name!r} is ragged: its rows must all be of one length.") from error
    if array.dtype.kind in NUMBERS:
        return array
    if array.dtype.kind not in "UOT":
        raise BadInput(f"{name!r} has dtype {array.dtype}; results hold numbers, true/false and text.")
    if array.dtype.kind == "U" and isinstance(values, np.ndarray):
        return array
    words = np.asarray(values, dtype=object)
    for word in words.flat:
        if not isinstance(word, str):
            raise BadInput(
                f"{name!r} mixes text with {type(word).__name__}; results hold numbers, true/false or text."
            )
    # A fixed-width array drops a trailing NUL, which is a token of byte-level vocabularies.
    return words if any(word.endswith("\0") for word in words.flat) else words.astype(str)
