"""How do programs that train on a result read it? A JSON line a prompt, and bare arrays beside them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.plain import numbers
from neuronscope.words import BadInput


def axis_of_lines(result: xr.Dataset) -> str:
    """Return the axis that lines count: prompts where there are some, else the first variable's first axis.

    Raises ``BadInput`` where the first variable has no axis.
    """
    if "prompt" in result.sizes:
        return "prompt"
    first = next(iter(result.data_vars.values()), None)
    if first is None or not first.dims:
        raise BadInput("A result without an axis makes no lines; save it as .json.")
    return str(first.dims[0])


def write_lines(result: xr.Dataset, file: Path) -> None:
    """Write one JSON object a line: every word and number that belongs to one entry of the axis of lines.

    Text over further axes comes as a nested list; numbers over further axes are arrays of their own, see
    ``arrays``. What is not a finite number is null.
    """
    axis = axis_of_lines(result)
    columns = {
        str(name): _column(array, axis)
        for name, array in result.variables.items()
        if axis in array.dims and not _is_array(array)
    }
    if axis not in columns:
        columns = {axis: list(range(result.sizes[axis])), **columns}
    with file.open("w", encoding="utf-8", errors="backslashreplace") as handle:
        for row in zip(*columns.values(), strict=True):
            handle.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")


def arrays(result: xr.Dataset) -> Iterator[tuple[str, np.ndarray, tuple[str, ...]]]:
    """Yield name, values and axes of each array of numbers over the axis of lines, which comes first."""
    axis = axis_of_lines(result)
    for name, array in result.variables.items():
        if axis in array.dims and _is_array(array):
            moved = array.transpose(axis, ...)
            yield str(name), np.ascontiguousarray(moved.values), tuple(str(dim) for dim in moved.dims)


def beside_lines(result: xr.Dataset) -> xr.Dataset:
    """Return what belongs to no line, and all attributes; ``array_axes`` names the axes of each array."""
    axis = axis_of_lines(result)
    rest = result.drop_vars([name for name, array in result.variables.items() if axis in array.dims])
    return rest.assign_attrs(array_axes={name: " ".join(axes) for name, _, axes in arrays(result)})


def _is_array(array: xr.Variable) -> bool:
    return array.ndim > 1 and array.dtype.kind not in "OUT"


def _column(array: xr.Variable, axis: str) -> list[Any]:
    values = array.transpose(axis, ...).values
    return values.tolist() if values.dtype.kind in "OUT" else numbers(values)
