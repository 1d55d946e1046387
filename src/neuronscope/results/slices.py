"""Which part of a result is wanted? One variable, cut by index or range along named axes."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.plain import numbers
from neuronscope.words import BadInput, nearest

MOST_VALUES = 1_000_000


class TooLarge(BadInput):
    """Raised where a slice holds more values than one answer should carry."""


def slice_of(
    result: xr.Dataset | xr.DataTree,
    variable: str,
    selection: Mapping[str, Any] | None = None,
    *,
    limit: int | None = MOST_VALUES,
) -> dict[str, Any]:
    """Return a slice of one variable as plain JSON: ``variable axes shape coords values``.

    The selection gives for any axis an index (which drops the axis) or a range ``a:b`` as Python counts
    them, negative from the end. ``coords`` holds for each axis that is left its labels, or its indexes
    where it has none; numbers that are not finite are ``None``. In a tree the variable comes after its
    group: ``group/variable``. Raises ``BadInput`` for an unknown variable or axis and an index out of
    range, ``TooLarge`` above ``limit`` values.

    >>> lens = xr.Dataset({"entropy": (("depth", "position"), [[1.0, 2.0], [3.0, 4.0]])})
    >>> slice_of(lens, "entropy", {"depth": "-1"})["values"]
    [3.0, 4.0]
    """
    return values_of(cut_of(result, variable, selection or {}, limit=limit))


def cut_of(
    result: xr.Dataset | xr.DataTree,
    variable: str,
    selection: Mapping[str, Any],
    *,
    limit: int | None = MOST_VALUES,
) -> xr.DataArray:
    """Return a slice of one variable with a coordinate for every axis that is left; raises as `slice_of`."""
    where, _, name = variable.strip("/").rpartition("/")
    try:
        dataset = result[where] if where else result
    except KeyError:
        dataset = None
    if not isinstance(dataset, xr.Dataset | xr.DataTree):
        raise BadInput(f"The result has no group {where!r}.")
    known = dataset.variables
    whole = known[checked_variable(name, known)]
    chosen = indexers(selection, [str(dim) for dim in whole.dims], whole.shape, limit=limit)
    part = whole.isel(chosen)
    coords = {dim: known.get(dim, xr.Variable(dim, np.arange(whole.sizes[dim]))) for dim in part.dims}
    coords |= {dim: coords[dim].isel({dim: chosen[str(dim)]}) for dim in part.dims if dim in chosen}
    # Nobody looks up labels in a part, so none of the tables are made that would find them.
    return xr.DataArray(part, xr.Coordinates(coords, indexes={}), name=name)


def values_of(array: xr.DataArray) -> dict[str, Any]:
    """Return an array as plain JSON: its name, axes, shape, the labels of each axis and the values."""
    axes = [str(dim) for dim in array.dims]
    return {
        "variable": str(array.name),
        "axes": axes,
        "shape": list(array.shape),
        "coords": {axis: numbers(np.asarray(array[axis].values)) for axis in axes},
        "values": numbers(np.asarray(array.values)),
    }


def checked_variable(name: str, known: Mapping[Any, Any]) -> str:
    """Return the name of a variable that is there; raises ``BadInput`` where it is not."""
    if name not in known:
        names = [str(word) for word in known]
        hint = nearest(name, names) or f"; it has {', '.join(names)}"
        raise BadInput(f"The result has no variable {name!r}{hint}.")
    return name


def indexers(
    selection: Mapping[str, Any], axes: Sequence[str], shape: Sequence[int], *, limit: int | None = None
) -> dict[str, int | slice]:
    """Return an index or a slice for each axis that is cut, counted from the start.

    Raises ``BadInput`` for an axis that is not there, what is neither index nor range, and an index out
    of range; ``TooLarge`` where more than ``limit`` values are left.

    >>> indexers({"layer": "-1", "position": "2:"}, ["layer", "position"], [4, 9])
    {'layer': 3, 'position': slice(2, 9, 1)}
    """
    sizes = dict(zip(axes, shape, strict=True))
    chosen: dict[str, int | slice] = {}
    for axis, wanted in selection.items():
        if axis not in sizes:
            hint = nearest(axis, axes) or (f"; it has {', '.join(axes)}" if axes else "; it has no axes")
            raise BadInput(f"There is no axis {axis!r} to cut{hint}.")
        chosen[axis] = _indexer(axis, wanted, sizes[axis])
        part = chosen[axis]
        sizes[axis] = 1 if isinstance(part, int) else len(range(*part.indices(sizes[axis])))
    count = math.prod(sizes.values())
    if limit is not None and count > limit:
        how = " or ".join(f"{axis}=0:8" for axis in axes if axis not in chosen) or "smaller ranges"
        raise TooLarge(f"The slice holds {count:,} values and {limit:,} fit one answer; cut it by {how}.")
    return chosen


def _indexer(axis: str, wanted: Any, size: int) -> int | slice:
    """Read one index or range."""
    if isinstance(wanted, str):
        wanted = _from_text(axis, wanted.strip())
    if isinstance(wanted, slice):
        if wanted.step is not None and wanted.step < 1:
            raise BadInput(f"{axis} cannot run backwards; give a step of 1 or more.")
        return slice(*wanted.indices(size))
    if isinstance(wanted, bool) or not isinstance(wanted, int | np.integer):
        raise BadInput(f"{axis}={wanted!r} is neither an index nor a range such as 0:8.")
    if not -size <= wanted < size:
        span = f"has {size} entries, so 0 to {size - 1}" if size else "is empty"
        raise BadInput(f"{axis}={wanted} is out of range; {axis} {span}.")
    return int(wanted) % size


def _from_text(axis: str, text: str) -> int | slice:
    """Read an index ``3`` or a range ``a:b`` or ``a:b:step`` as a person writes it."""
    whole = r"[+-]?\d{1,18}"
    if re.fullmatch(whole, text):
        return int(text)
    if re.fullmatch(rf"({whole})?:({whole})?(:({whole})?)?", text):
        return slice(*(int(part) if part else None for part in text.split(":")))
    raise BadInput(f"{axis}={text!r} is neither an index nor a range such as 0:8.")
