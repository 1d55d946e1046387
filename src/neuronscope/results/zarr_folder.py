"""How does a result lie in a Zarr folder? One group, one array a variable, few and checked chunks."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.packing import NOTE, Array, Group, note_of, pack, unpack, unpack_values
from neuronscope.results.slices import checked_variable, indexers
from neuronscope.words import BadInput

CHUNK_BYTES = 16 * 2**20
_TEXT_BYTES = 32  # what a word is taken to need, since its length is not known


def write_zarr(result: xr.Dataset | xr.DataTree, folder: Path) -> None:
    """Write a result into a new Zarr folder (format 3), each chunk with its checksum.

    Raises ``BadInput`` for what no format can keep and ``OSError`` where the disk refuses.
    """
    import zarr

    groups = pack(result)
    folder.mkdir()
    for path, group in groups.items():
        inside = zarr.create_group(str(folder / path.lstrip("/")), attributes=group.attrs)
        for name, array in group.arrays.items():
            _write_array(inside, name, array)
    _consolidate(folder)


def read_zarr(folder: Path) -> xr.Dataset | xr.DataTree:
    """Return the result that lies in a Zarr folder or zip, all of it in memory."""
    root = _open(folder)
    try:
        if NOTE not in root.attrs:
            return xr.load_dataset(str(folder), engine="zarr", decode_timedelta=False)
        groups = {"/": _read_group(root)}
        for path, member in root.members(max_depth=None):
            if not hasattr(member, "shape"):
                groups["/" + path] = _read_group(member)
        return unpack(groups)
    finally:
        root.store.close()


def read_slice(
    folder: Path, variable: str, selection: Mapping[str, Any], *, limit: int | None = None
) -> xr.DataArray:
    """Return a slice of one variable with its axes' coordinates, reading only the chunks it touches.

    Raises ``BadInput`` as ``slice_of`` does, and another ``ValueError`` where a chunk is damaged or lost.
    """
    where, _, name = variable.strip("/").rpartition("/")
    root = _open(folder)
    group = root.get(where) if where else root
    if not hasattr(group, "arrays"):
        raise BadInput(f"The result has no group {where!r}.")
    notes = note_of(Group({}, dict(group.attrs)))["arrays"]
    how = notes[checked_variable(name, notes)]
    axes, shape = _axes(group[name]), group[name].shape
    n_axes = len(axes) - (np.dtype(how["dtype"]).kind == "c")
    chosen = indexers(selection, axes[:n_axes], shape[:n_axes], limit=limit)
    values = _cut(group[name], how, chosen)
    coords = {
        axis: _cut(group[axis], notes[axis], chosen)
        if axis in notes
        else np.arange(size)[chosen.get(axis, slice(None))]
        for axis, size in zip(axes, shape, strict=True)
        if axis in values.dims
    }
    return xr.DataArray(values, coords, name=name)


def chunk_shape(shape: tuple[int, ...], item_bytes: int) -> tuple[int, ...]:
    """Cut the leading axes until a chunk is small enough to be read for one slice.

    >>> chunk_shape((1000, 1000, 1000), 4)
    (4, 1000, 1000)
    """
    chunk = [max(1, size) for size in shape]
    for axis, size in enumerate(chunk):
        excess = math.prod(chunk) * item_bytes / CHUNK_BYTES
        if excess > 1:
            chunk[axis] = max(1, int(size / excess))
    return tuple(chunk)


def _open(folder: Path) -> Any:
    """Open a folder, or a zip of one, for reading."""
    import zarr
    from zarr.storage import ZipStore

    if folder.is_file():
        return zarr.open_group(ZipStore(folder, mode="r"), mode="r")
    return zarr.open_group(str(folder), mode="r")


def _write_array(group: Any, name: str, array: Array) -> None:
    """Write one array in as few chunks as can be, none of them left out for being empty."""
    from zarr.codecs import Crc32cCodec, ZstdCodec

    text = array.values.dtype == object
    target = group.create_array(
        name,
        shape=array.values.shape,
        dtype="string" if text else array.values.dtype,
        chunks=chunk_shape(array.values.shape, _TEXT_BYTES if text else array.values.dtype.itemsize),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        fill_value="" if text else array.values.dtype.type(0),
        dimension_names=array.axes,
        chunk_key_encoding={"name": "v2", "separator": "."},  # one file a chunk and no folders
        attributes=array.attrs,
        # A chunk that is never written cannot be told from one that was lost.
        config={"write_empty_chunks": True},
    )
    target[...] = array.values


def _read_group(group: Any) -> Group:
    """Read a group's arrays into memory."""
    arrays = {
        name: Array(_axes(array), _as_numpy(array[...]), dict(array.attrs)) for name, array in group.arrays()
    }
    return Group(arrays, dict(group.attrs))


def _cut(array: Any, how: Mapping[str, Any], chosen: Mapping[str, int | slice]) -> xr.Variable:
    """Read the chosen part of one array and undo its packing."""
    if array.nchunks_initialized < array.nchunks:
        raise ValueError(f"{array.name} lacks a chunk")
    axes = _axes(array)
    values = unpack_values(_as_numpy(array[tuple(chosen.get(axis, slice(None)) for axis in axes)]), how)
    left = [axis for axis in axes if not isinstance(chosen.get(axis), int)]
    return xr.Variable(left[: values.ndim], values, dict(array.attrs))


def _axes(array: Any) -> tuple[str, ...]:
    """Return the names of an array's axes."""
    return tuple(str(name) for name in getattr(array.metadata, "dimension_names", None) or ())


def _as_numpy(values: Any) -> np.ndarray:
    """Return what Zarr read as an array, text as Python strings."""
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind in "OUT" else array


def _consolidate(folder: Path) -> None:
    """Copy the metadata of all members into the root, so that opening reads one file.

    zarr does the same with a warning that it is no part of format 3 yet; readers that do not know the
    field skip it.
    """
    members = {
        file.parent.relative_to(folder).as_posix(): json.loads(file.read_text())
        for file in sorted(folder.rglob("zarr.json"))
        if file.parent != folder
    }
    root = folder / "zarr.json"
    metadata = json.loads(root.read_text())
    metadata["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": members}
    root.write_text(json.dumps(metadata))
