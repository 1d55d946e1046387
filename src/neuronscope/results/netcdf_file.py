"""How does a result lie in one netCDF file? As netCDF-4, through h5netcdf, group by group."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.packing import NOTE, Array, Group, pack, unpack


def write_netcdf(result: xr.Dataset | xr.DataTree, file: Path) -> None:
    """Write a result into a new netCDF-4 file.

    Raises ``BadInput`` for what no format can keep and ``OSError`` where the disk refuses.
    """
    import h5netcdf

    groups = pack(result)
    # Where HDF5 itself meets a full disk it leaves a file half closed, and the process dies of a
    # segmentation fault once that is collected; so it writes into memory, which never refuses half-way.
    whole = io.BytesIO()
    with h5netcdf.File(whole, "w") as root:
        for path, group in groups.items():
            _write_group(root if path == "/" else root.create_group(path.lstrip("/")), group)
    file.write_bytes(whole.getbuffer())


def read_netcdf(file: Path) -> xr.Dataset | xr.DataTree:
    """Return the result that lies in a netCDF file, all of it in memory."""
    import h5netcdf

    with h5netcdf.File(file, "r") as root:
        if NOTE not in root.attrs:
            return xr.load_dataset(file, engine="h5netcdf", decode_timedelta=False)
        return unpack({"/": _read_group(root), **dict(_inside(root, ""))})


def _write_group(target: Any, group: Group) -> None:
    """Write dimensions, arrays and attributes of one group."""
    import h5py

    sizes = {
        axis: size
        for array in group.arrays.values()
        for axis, size in zip(array.axes, array.values.shape, strict=True)
    }
    # netCDF has no fixed axis of length 0; an unlimited one that nothing was written to is as empty.
    target.dimensions = {axis: size or None for axis, size in sizes.items()}
    for name, array in group.arrays.items():
        values, attrs = array.values, dict(array.attrs)
        if values.dtype == bool:
            values, attrs["dtype"] = values.astype(np.int8), "bool"
        text = values.dtype == object
        variable = target.create_variable(
            name, array.axes, dtype=h5py.string_dtype() if text else values.dtype
        )
        if values.size:
            variable[...] = values
        variable.attrs.update(attrs)
    target.attrs.update(group.attrs)


def _inside(group: Any, path: str) -> list[tuple[str, Group]]:
    """Read all groups below a group, parents first."""
    found = []
    for name, child in group.groups.items():
        here = f"{path}/{name}"
        found += [(here, _read_group(child)), *_inside(child, here)]
    return found


def _read_group(group: Any) -> Group:
    """Read a group's arrays into memory."""
    arrays = {}
    for name, variable in group.variables.items():
        attrs, values = dict(variable.attrs), np.asarray(variable[...])
        if attrs.pop("dtype", None) == "bool":
            values = values.astype(bool)
        if values.dtype.kind in "OS":
            words = [word.decode() if isinstance(word, bytes) else word for word in values.ravel().tolist()]
            values = np.array([*words, None], dtype=object)[:-1].reshape(values.shape)
        arrays[name] = Array(tuple(variable.dimensions), values, attrs)
    return Group(arrays, dict(group.attrs))
