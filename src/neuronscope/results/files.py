"""How does a result become a file, and a file a result again? The ending says in which format."""

import os
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from neuronscope.results.export import read_json, read_npz, tables, write_json, write_npz, write_table
from neuronscope.results.lines import arrays, beside_lines, write_lines
from neuronscope.results.netcdf_file import read_netcdf, write_netcdf
from neuronscope.results.zarr_folder import read_zarr, write_zarr
from neuronscope.words import BadInput, nearest

Result = xr.Dataset | xr.DataTree
ENDINGS = (".nc", ".zarr", ".zarr.zip", ".csv", ".json", ".jsonl", ".npz")
READABLE = tuple(ending for ending in ENDINGS if ending not in (".csv", ".jsonl"))


def save(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write a result to a file whose ending says how, whole or not at all, and return its path.

    ``.nc .zarr .zarr.zip .json .npz`` come back equal from ``load``; ``.csv`` is one long table, and
    variables that do not fit the first one's axes get tables of their own beside it; ``.jsonl`` is a
    line for each prompt, with a ``.npy`` beside it for each array and a ``.rest.json`` for what is left.
    What was there before is replaced. Raises ``BadInput`` for an unknown ending, a missing folder and a
    place that cannot be written.
    """
    target = Path(path).expanduser()
    ending = _ending(target, ENDINGS, "written")
    if not target.parent.is_dir():
        raise BadInput(f"There is no folder {str(target.parent)!r} for {target.name!r}; make it first.")
    try:
        if ending == ".csv":
            _save_tables(result, target)
        elif ending == ".jsonl":
            _save_lines(result, target)
        elif ending == ".zarr":
            _save_folder(result, target)
        else:
            with _replacing(target) as beside:
                _WRITERS[ending](result, beside)
    except OSError as error:
        raise BadInput(f"Cannot write {str(target)!r}: {reason(error)}.") from error
    return target


def load(path: str | os.PathLike[str]) -> Result:
    """Return the result in a file, all of it in memory, equal to the one that was saved.

    Reads ``.nc .zarr .zarr.zip .json .npz``, also netCDF and Zarr that other software wrote; nothing in
    a file is ever run. Raises ``BadInput`` for an unknown ending, a missing file and one that cannot be
    read.
    """
    source = Path(path).expanduser()
    if source.suffix.lower() in (".csv", ".jsonl"):
        raise BadInput(
            f"A {source.suffix.lower()} file does not say what its axes are; "
            "load the .nc or .zarr of the result."
        )
    ending = _ending(source, READABLE, "read")
    if not source.exists():
        raise BadInput(f"There is no {str(source)!r}.")
    try:
        return _READERS[ending](source)
    except BadInput:
        raise
    # A damaged file may fail anywhere inside the libraries that read it, with any exception.
    except Exception as error:
        reason = str(error).partition("\n")[0][:120] or type(error).__name__
        raise BadInput(f"{str(source)!r} cannot be read as {ending}: {reason}.") from error


def _ending(path: Path, known: tuple[str, ...], what: str) -> str:
    """Return the known ending of a name."""
    name = path.name.lower()
    for ending in sorted(known, key=len, reverse=True):
        if name.endswith(ending) and len(name) > len(ending):
            return ending
    hint = nearest(path.suffix.lower(), known) if path.suffix else ""
    raise BadInput(f"{path.name!r} cannot be {what}: it must end in {' '.join(known)}{hint}.")


def _beside(target: Path) -> Path:
    """Return a name in the same folder that nobody else uses."""
    return target.with_name(f".{target.name[:80]}.{uuid.uuid4().hex}.part")


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a new file beside the target to write, and put it in the target's place once it is whole."""
    if target.is_dir():
        raise BadInput(f"Cannot write {str(target)!r}: it is a folder; choose another name.")
    beside = _beside(target)
    try:
        yield beside
        sync(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def reason(error: OSError) -> str:
    """Return why the system refused, in its own few words and not a library's."""
    return os.strerror(error.errno) if error.errno else str(error)


def sync(place: Path) -> None:
    """Wait until a file, or the list of what is in a folder, is on the disk and not only on its way."""
    if place.is_dir():
        if os.name != "posix":
            return  # other systems do not open folders
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return
    with place.open("rb+") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder and everything in it is on the disk."""
    for place in [*folder.rglob("*"), folder]:
        sync(place)


def _save_folder(result: Result, target: Path) -> None:
    """Write a Zarr folder and put it in the target's place; only Zarr is ever replaced."""
    if target.exists() and not any((target / name).is_file() for name in ("zarr.json", ".zgroup")):
        raise BadInput(f"Cannot write {str(target)!r}: what is there is not Zarr; choose another name.")
    beside, old = _beside(target), _beside(target)
    try:
        write_zarr(result, beside)
        sync_folder(beside)
        if target.exists():
            target.rename(old)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _save_tables(result: Result, target: Path) -> None:
    """Write the first table under the target's name and each other one as NAME.variable.csv."""
    found = tables(result)
    if not found:
        raise BadInput("A result without variables makes no table.")
    stem = target.name[: -len(".csv")]
    first = next(iter(found))
    for name, (axes, dataset) in found.items():
        file = target if name == first else target.with_name(f"{stem}.{name}.csv")
        with _replacing(file) as beside:
            write_table(axes, dataset, beside)


def _save_lines(result: Result, target: Path) -> None:
    """Write NAME.jsonl, a NAME.variable.npy for each array of its prompts, and the rest as NAME.rest.json."""
    if isinstance(result, xr.DataTree):
        raise BadInput("A result in parts makes no lines; save one of its parts.")
    stem = target.name[: -len(".jsonl")]
    for name, values, _ in arrays(result):
        with _replacing(target.with_name(f"{stem}.{name}.npy")) as beside, beside.open("wb") as handle:
            np.lib.format.write_array(handle, values, allow_pickle=False)
    with _replacing(target.with_name(f"{stem}.rest.json")) as beside:
        write_json(beside_lines(result), beside)
    with _replacing(target) as beside:
        write_lines(result, beside)


def _write_zip(result: Result, file: Path) -> None:
    """Write a Zarr folder and zip it, uncompressed since its chunks are compressed already."""
    folder = _beside(file)
    try:
        write_zarr(result, folder)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for member in sorted(folder.rglob("*")):
                if member.is_file():
                    archive.write(member, member.relative_to(folder).as_posix())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_WRITERS: dict[str, Callable[[Result, Path], None]] = {
    ".nc": write_netcdf,
    ".zarr.zip": _write_zip,
    ".json": write_json,
    ".npz": write_npz,
}
_READERS: dict[str, Callable[[Path], Result]] = {
    ".nc": read_netcdf,
    ".zarr": read_zarr,
    ".zarr.zip": read_zarr,
    ".json": read_json,
    ".npz": read_npz,
}
