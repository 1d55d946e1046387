"""What can every file format hold? A result packed into numbers, true/false and clean text, and back.

netCDF and Zarr differ in what they leave out: half floats, complex numbers, times, fixed-width text, NUL
characters, lists as attributes, the order of variables. Packing turns each into something that both
hold, under the same names and axes, and notes what it did in one attribute, ``neuronscope``, so that
unpacking gives back an equal result while other software still reads plain arrays.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.plain import plain
from neuronscope.results.provenance import parts
from neuronscope.words import BadInput

NOTE = "neuronscope"
FORMAT = 1
_AS_THEY_ARE = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8".split()
_KEPT = (
    "CLASS NAME REFERENCE_LIST DIMENSION_LIST coordinates dtype scale_factor add_offset missing_value".split()
)


@dataclass(frozen=True)
class Array:
    """One packed array: its axes, its values and the attributes that every format can hold."""

    axes: tuple[str, ...]
    values: np.ndarray
    attrs: dict[str, Any]


@dataclass(frozen=True)
class Group:
    """One packed dataset: its arrays by name, and attributes with the note that undoes the packing."""

    arrays: dict[str, Array]
    attrs: dict[str, Any]


def pack(result: xr.Dataset | xr.DataTree) -> dict[str, Group]:
    """Return the groups of a result by path, ready for any format; a dataset is the group ``/``.

    Raises ``BadInput`` for what no format can keep: values that are neither numbers nor text, indexes
    of several levels, names with a slash, attributes that are not plain data.
    """
    groups = dict(parts(result))
    whole: dict[str, Any] = {"kind": "dataset"}
    if isinstance(result, xr.DataTree):
        whole = {"kind": "tree", "name": result.name, "groups": list(groups)}
    return {path: _pack_dataset(dataset, whole) for path, dataset in groups.items()}


def unpack(groups: Mapping[str, Group]) -> xr.Dataset | xr.DataTree:
    """Return the result that was packed."""
    whole = note_of(groups["/"])
    order = [path for path in whole.get("groups", []) if path in groups]
    datasets = {path: _unpack_dataset(groups[path]) for path in dict.fromkeys([*order, *groups])}
    if whole.get("kind") == "tree" or len(datasets) > 1:
        return xr.DataTree.from_dict(datasets, name=whole.get("name"))
    return datasets["/"]


def note_of(group: Group) -> dict[str, Any]:
    """Return the note of a group, or an empty one where other software wrote it."""
    try:
        note = json.loads(str(group.attrs.get(NOTE, "{}")))
    except ValueError:
        return {}
    if isinstance(note, dict) and note.get("format", FORMAT) != FORMAT:
        raise BadInput(
            f"The file has format {note['format']} and this version reads {FORMAT}; update neuronscope."
        )
    return note if isinstance(note, dict) else {}


def _pack_dataset(dataset: xr.Dataset, whole: dict[str, Any]) -> Group:
    """Pack one dataset's arrays and attributes and note how."""
    arrays, notes = {}, {}
    for name in [*dataset.data_vars, *dataset.coords]:
        variable = dataset.variables[name]
        _check_name(name)
        if name in variable.dims and variable.ndim != 1:
            raise BadInput(f"{name!r} has the name of one of its axes; rename it before saving.")
        if isinstance(dataset.xindexes.get(name), xr.indexes.PandasMultiIndex):
            raise BadInput(f"{name!r} is an index of several levels; call reset_index({name!r}) first.")
        values, how = pack_values(str(name), np.asarray(variable.values))
        attrs, kept = _pack_attrs(variable.attrs)
        axes = tuple(str(dim) for dim in variable.dims) + ("real_imaginary",) * (values.ndim - variable.ndim)
        arrays[str(name)] = Array(axes, values, attrs)
        notes[str(name)] = how | ({"attrs": kept} if kept else {})
    attrs, kept = _pack_attrs(dataset.attrs)
    note = {
        "format": FORMAT,
        **whole,
        "variables": [str(name) for name in dataset.data_vars],
        "coords": [str(name) for name in dataset.coords],
        "arrays": notes,
        "attrs": kept,
    }
    # xarray and others read this one to tell coordinates from variables.
    beside = [name for name in note["coords"] if name not in dataset.dims]
    told = {"coordinates": " ".join(beside)} if beside and not any(" " in name for name in beside) else {}
    return Group(arrays, attrs | told | {NOTE: json.dumps(note)})


def _unpack_dataset(group: Group) -> xr.Dataset:
    """Undo the packing of one group; arrays that its note does not know are taken as they are."""
    note = note_of(group)
    notes = note.get("arrays", {})
    order = [*note.get("variables", []), *note.get("coords", [])]
    names = [name for name in order if name in group.arrays]
    names += [name for name in group.arrays if name not in names]
    variables = {}
    for name in names:
        array, how = group.arrays[name], notes.get(name, {})
        values = unpack_values(array.values, how)
        axes = array.axes[: values.ndim]
        variables[name] = xr.Variable(axes, values, _unpack_attrs(array.attrs, how.get("attrs", {})))
    coords = {name for name in names if name in note.get("coords", []) or name in variables[name].dims}
    attrs = {name: value for name, value in group.attrs.items() if name not in (NOTE, "coordinates")}
    return xr.Dataset(
        {name: variables[name] for name in names if name not in coords},
        {name: variables[name] for name in names if name in coords},
        _unpack_attrs(attrs, note.get("attrs", {})),
    )


def pack_values(name: str, values: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Return values that every format holds, and how to undo it: ``dtype`` and ``escaped``."""
    if values.dtype.kind in "OUT":
        return _pack_text(name, values)
    how = {"dtype": values.dtype.str}
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    code = values.dtype.str[1:]
    if code in _AS_THEY_ARE:
        return values, how
    if code == "f2":
        return values.astype(np.float32), how
    if code in ("c8", "c16"):
        return np.stack([np.real(values), np.imag(values)], axis=-1), how
    if values.dtype.kind in "Mm":
        return values.view(np.int64), how
    raise BadInput(f"{name!r} has dtype {values.dtype}, which no file format keeps; convert it first.")


def unpack_values(values: np.ndarray, how: Mapping[str, Any]) -> np.ndarray:
    """Undo ``pack_values``."""
    if "dtype" not in how:
        return values
    dtype = np.dtype(how["dtype"])
    if dtype.kind in "OU":
        words = values.astype(object)
        if how.get("escaped"):
            words = _each(words, lambda word: json.loads(f'"{word}"'))
        return words.astype(dtype, copy=False)
    if dtype.kind == "c":
        part = f"f{dtype.itemsize // 2}"
        pairs = np.ascontiguousarray(values, dtype=part).view(f"c{dtype.itemsize}")
        return pairs[..., 0].astype(dtype, copy=False)
    if dtype.kind in "Mm":
        return values.astype(np.int64, copy=False).view(dtype.newbyteorder("=")).astype(dtype, copy=False)
    return values.astype(dtype, copy=False)


def _pack_text(name: str, values: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Return text as an array of Python strings, escaped as JSON where a format would choke on it."""
    how: dict[str, Any] = {"dtype": values.dtype.str if values.dtype.kind == "U" else "|O"}
    words = values.astype(object)
    for word in words.flat:
        if not isinstance(word, str):
            raise BadInput(
                f"{name!r} holds a {type(word).__name__}; results hold numbers, true/false and text."
            )
    if not all(_is_clean(word) for word in words.flat):
        return _each(words, lambda word: json.dumps(word)[1:-1]), how | {"escaped": True}
    return words, how


def _each(words: np.ndarray, change: Any) -> np.ndarray:
    """Apply a change to every entry of an array of objects."""
    changed = np.empty(words.size, dtype=object)
    changed[:] = [change(word) for word in words.flat]
    return changed.reshape(words.shape)


def _is_clean(text: str) -> bool:
    """Say whether text can be written as UTF-8 without a NUL, which ends strings in HDF5."""
    try:
        return "\0" not in text and bool(text.encode() or True)
    except UnicodeEncodeError:
        return False


def _pack_attrs(attrs: Mapping[Any, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split attributes into those that every format holds as they are and those kept in the note."""
    held, kept = {}, {}
    for name, given in attrs.items():
        value = pack_attribute(name, given)
        if _is_holdable(value) and _is_free(name):
            held[name] = value
        else:
            kept[name] = value
    return held, kept


def _is_holdable(value: Any) -> bool:
    """Say whether an attribute comes back from every format as it went in."""
    if isinstance(value, str):
        return value != "" and _is_clean(value)
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, float) and bool(np.isfinite(value))


def _is_free(name: str) -> bool:
    """Say whether an attribute may stand under its own name, which no format uses for itself."""
    return name.isidentifier() and not name.startswith("_") and name not in _KEPT and name != NOTE


def pack_attribute(name: Any, value: Any) -> Any:
    """Return an attribute as plain data, an array with its dtype."""
    if not isinstance(name, str):
        raise BadInput(f"Attribute {name!r} needs a name that is text.")
    if isinstance(value, np.ndarray):
        packed, how = pack_values(name, value)
        return {"__array__": packed.tolist(), "shape": list(packed.shape), **how}
    return plain(value)


def unpack_attribute(value: Any) -> Any:
    """Undo ``pack_attribute``."""
    if not isinstance(value, dict) or "__array__" not in value:
        return value
    flat = np.array(value["__array__"], dtype=object if np.dtype(value["dtype"]).kind in "OU" else None)
    return unpack_values(flat.reshape(value["shape"]), value)


def _unpack_attrs(held: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Join the attributes again, arrays as arrays and numbers as Python's own."""
    attrs = {name: value.item() if isinstance(value, np.generic) else value for name, value in held.items()}
    for name, value in kept.items():
        attrs[name] = unpack_attribute(value)
    return attrs


def _check_name(name: Any) -> None:
    """Refuse names that a format cannot hold."""
    if not isinstance(name, str) or not name or name != name.strip() or not _is_clean(name):
        raise BadInput(f"{name!r} cannot name anything in a file; use a word.")
    if "/" in name or name.startswith((".", "__")) or name == "zarr.json":
        raise BadInput(f"{name!r} cannot name anything in a file; use no slash and no leading dot or '__'.")
