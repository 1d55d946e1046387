"""How do other tools read a result? A long table, one JSON document, or bare numpy arrays."""

import csv
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.packing import (
    FORMAT,
    Array,
    Group,
    pack,
    pack_attribute,
    pack_values,
    unpack,
    unpack_attribute,
    unpack_values,
)
from neuronscope.results.provenance import parts

LABEL = "__label__"


def tables(result: xr.Dataset | xr.DataTree) -> dict[str, tuple[list[str], xr.Dataset]]:
    """Sort the variables into long tables: the first one's, and one for each that does not fit it.

    Returns for each table's name the axes and the variables with their coordinates. The table ``""``
    holds the first variable and every other whose axes are among its axes; each remaining variable has a
    table of its own name. In a tree the names begin with the group.
    """
    found = {}
    for path, dataset in parts(result):
        prefix = path.strip("/").replace("/", ".")
        names = [str(name) for name in dataset.data_vars]
        if not names:
            continue
        axes = [str(dim) for dim in dataset[names[0]].dims]
        fitting = [name for name in names if set(dataset[name].dims) <= set(axes)]
        found[prefix] = (axes, dataset[fitting])
        for name in names:
            if name not in fitting:
                own = [str(dim) for dim in dataset[name].dims]
                found[".".join(filter(None, (prefix, name)))] = (own, dataset[[name]])
    return found


def write_table(axes: list[str], dataset: xr.Dataset, file: Path) -> None:
    """Write one long CSV table: a row for each cell, a column for each axis, coordinate and variable.

    An axis without coordinates is counted from 0. Numbers are written so that they read back exactly.
    """
    shape = tuple(dataset.sizes[axis] for axis in axes)
    columns = {}
    for place, axis in enumerate(axes):
        values = dataset[axis].values if axis in dataset.coords else np.arange(shape[place])
        columns[axis] = (values, (axis,))
    for name in [*dataset.coords, *dataset.data_vars]:
        if name not in columns and set(dataset[name].dims) <= set(axes):
            columns[str(name)] = (dataset[name].values, dataset[name].dims)
    spread = [_column(values, dims, axes, shape) for values, dims in columns.values()]
    # With CR LF at the ends of lines, as the format has it, csv quotes a token that is either of them.
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        writer.writerows(zip(*spread, strict=True))


def _column(
    values: np.ndarray, dims: tuple[Any, ...], axes: list[str], shape: tuple[int, ...]
) -> Iterator[Any]:
    """Spread values over all cells of a table, in the shortest text that reads back equal."""
    own = xr.Variable(dims, values).transpose(*[axis for axis in axes if axis in dims]).values
    own = own.reshape([size if axis in dims else 1 for axis, size in zip(axes, shape, strict=True)])
    if own.dtype.kind in "fcMm":
        own = own.astype(str)
    return iter(np.broadcast_to(own, shape).ravel().tolist())


def write_json(result: xr.Dataset | xr.DataTree, file: Path) -> None:
    """Write a result as one JSON document that explains itself.

    NaN becomes null, an infinite number the text ``"Infinity"`` or ``"-Infinity"``.
    """
    document: dict[str, Any] = {"format": "neuronscope", "version": FORMAT, "kind": "dataset"}
    if isinstance(result, xr.DataTree):
        groups = {path: _described(dataset) for path, dataset in parts(result)}
        document |= {"kind": "tree", "name": result.name, "groups": groups}
    else:
        document |= _described(result)
    with file.open("w", encoding="utf-8") as handle:
        json.dump(document, handle, allow_nan=False)


def read_json(file: Path) -> xr.Dataset | xr.DataTree:
    """Return the result in a JSON document; raises ``ValueError`` where it is none of ours."""
    document = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or document.get("format") != "neuronscope":
        raise ValueError("it is no result of NeuronScope")
    if document["kind"] == "dataset":
        return _restored(document)
    datasets = {path: _restored(group) for path, group in document["groups"].items()}
    return xr.DataTree.from_dict(datasets, name=document["name"])


def write_npz(result: xr.Dataset | xr.DataTree, file: Path) -> None:
    """Write every array under its own name, and all that names and explains them under ``__label__``."""
    label: dict[str, Any] = {"groups": {}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, group in pack(result).items():
            arrays = {}
            for name, array in group.arrays.items():
                values = array.values.astype(str) if array.values.dtype == object else array.values
                _write_array(archive, f"{path}/{name}".lstrip("/"), values)
                arrays[name] = {"axes": array.axes, "attrs": array.attrs}
            label["groups"][path] = {"attrs": group.attrs, "arrays": arrays}
        _write_array(archive, LABEL, np.array(json.dumps(label)))


def read_npz(file: Path) -> xr.Dataset | xr.DataTree:
    """Return the result in an NPZ file; raises ``ValueError`` where it is none of ours."""
    with np.load(file, allow_pickle=False) as archive:
        if LABEL not in archive:
            raise ValueError("it is no result of NeuronScope")
        groups = {}
        for path, group in json.loads(str(archive[LABEL]))["groups"].items():
            arrays = {
                name: Array(tuple(entry["axes"]), archive[f"{path}/{name}".lstrip("/")], entry["attrs"])
                for name, entry in group["arrays"].items()
            }
            groups[path] = Group(arrays, group["attrs"])
    return unpack(groups)


def _write_array(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    """Add one array to an NPZ file."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)


def _described(dataset: xr.Dataset) -> dict[str, Any]:
    """Return a dataset as plain JSON: attributes, coordinates and variables with axes and dtype."""
    return {
        "attrs": _attributes(dataset.attrs),
        "coords": {str(name): _described_array(str(name), array) for name, array in dataset.coords.items()},
        "variables": {
            str(name): _described_array(str(name), array) for name, array in dataset.data_vars.items()
        },
    }


def _described_array(name: str, array: xr.DataArray) -> dict[str, Any]:
    """Return one array as plain JSON: text as it is, complex numbers as pairs, times as whole numbers."""
    values = np.asarray(array.values)
    packed, how = pack_values(name, values)
    if values.dtype.kind in "OUT":
        packed, dtype = values, how["dtype"]
    else:
        dtype = values.dtype.name if values.dtype.isnative else values.dtype.str
    if packed.dtype.kind == "f":
        finite, packed = packed, packed.astype(object)
        packed[np.isnan(finite)] = None
        packed[finite == np.inf] = "Infinity"
        packed[finite == -np.inf] = "-Infinity"
    return {
        "axes": [str(dim) for dim in array.dims],
        "shape": list(packed.shape),
        "dtype": dtype,
        "attrs": _attributes(array.attrs),
        "values": packed.tolist(),
    }


def _restored(document: Mapping[str, Any]) -> xr.Dataset:
    """Return the dataset that ``_described`` described."""
    variables, coords = (
        {name: _restored_array(entry) for name, entry in document[part].items()}
        for part in ("variables", "coords")
    )
    return xr.Dataset(variables, coords, _restored_attributes(document["attrs"]))


def _restored_array(entry: Mapping[str, Any]) -> xr.Variable:
    """Return one array again."""
    flat, dtype = np.array(entry["values"], dtype=object).ravel(), np.dtype(entry["dtype"])
    if dtype.kind in "fc":
        flat = np.array([float("nan" if number is None else number) for number in flat], dtype=np.float64)
    elif dtype.kind not in "OU":
        flat = flat.astype(np.int64 if dtype.kind in "Mm" else dtype)
    values = unpack_values(flat.reshape(entry["shape"]), {"dtype": dtype.str})
    return xr.Variable(entry["axes"], values, _restored_attributes(entry["attrs"]))


def _attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as plain JSON, those that JSON cannot hold as ``{"__json__": text}``."""
    attributes = {}
    for name, value in attrs.items():
        packed = pack_attribute(name, value)
        attributes[name] = packed if _is_strict(packed) else {"__json__": json.dumps(packed)}
    return attributes


def _is_strict(value: Any) -> bool:
    """Say whether strict JSON can hold a value, which it cannot where a number is not finite."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _restored_attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes again."""
    return {
        name: unpack_attribute(json.loads(value["__json__"]) if _is_loose(value) else value)
        for name, value in attrs.items()
    }


def _is_loose(value: Any) -> bool:
    """Say whether an attribute was written as text because strict JSON cannot hold it."""
    return isinstance(value, dict) and set(value) == {"__json__"}
