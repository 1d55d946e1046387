"""Does an answer say what the next step builds on? One number of it, held against a limit."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from neuronscope.chains.chain import Check, Picture
from neuronscope.results.kinds import first_part
from neuronscope.words import BadInput, nearest

_TAKES = {"largest": np.nanmax, "smallest": np.nanmin, "mean": np.nanmean}


@dataclass(frozen=True)
class Verdict:
    """A check that was met or missed: the number, and what to think."""

    met: bool
    value: float
    words: str


def verdict(check: Check, result: xr.Dataset | xr.DataTree) -> Verdict:
    """Hold a number of an answer against its limits.

    A number that is missing misses. Raises `BadInput` where the answer has no such variable, axis or place.
    """
    part = first_part(result)
    if check.of not in part.data_vars:
        hint = (
            nearest(check.of, map(str, part.data_vars)) or f"; it has {', '.join(map(str, part.data_vars))}."
        )
        raise BadInput(f"A check asks for {check.of!r}, which the answer does not have{hint}")
    array = part[check.of]
    for axis, label in check.at.items():
        array = array.isel({axis: place_of(array, axis, label)})
    values = np.asarray(array.values, dtype=float)
    value = float("nan") if np.isnan(values).all() else float(_TAKES[check.take](values))
    met = (check.above is None or value > check.above) and (check.below is None or value < check.below)
    return Verdict(met, value, check.met if met else check.missed)


def places(result: xr.Dataset | xr.DataTree, shown: Picture) -> dict[str, int]:
    """Return the places at which a picture is drawn; raises `BadInput` where the answer has none such."""
    part = first_part(result)
    name = shown.variable or str(next(iter(part.data_vars)))
    if name not in part.data_vars:
        raise BadInput(f"A picture asks for {name!r}, which the answer does not have.")
    return {axis: place_of(part[name], axis, label) for axis, label in shown.at.items()}


def place_of(array: xr.DataArray, axis: str, label: str | int | float) -> int:
    """Return the index of a label on an axis, or a number from the end where it is negative.

    Raises `BadInput` where the array has no such axis or label.
    """
    if axis not in array.dims:
        raise BadInput(f"{array.name} has no axis {axis!r}; it has {', '.join(map(str, array.dims))}.")
    size = array.sizes[axis]
    labels = [str(one) for one in array[axis].values.tolist()] if axis in array.coords else []
    if str(label) in labels:
        return labels.index(str(label))
    if isinstance(label, int) and (label < 0 or not labels) and -size <= label < size:
        return label % size
    known = ", ".join(labels[:8]) if labels else f"0 to {size - 1}"
    raise BadInput(f"{axis} has no place {label!r}; it has {known}.")
