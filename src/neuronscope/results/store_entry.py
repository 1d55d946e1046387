"""What is one entry of the store? A folder with the values as Zarr and a record that seals them."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xarray as xr

from neuronscope.results.files import sync_folder
from neuronscope.results.kinds import kind_of
from neuronscope.results.provenance import digest, parts, stamped
from neuronscope.results.store_index import Entry
from neuronscope.results.summary import title_of
from neuronscope.results.zarr_folder import read_zarr, write_zarr
from neuronscope.words import BadInput

VALUES = "values.zarr"
RECORD = "entry.json"
Result = xr.Dataset | xr.DataTree


def write_entry(folder: Path, key: str, result: Result) -> Entry:
    """Write an entry into a new folder, the record last, see it onto the disk, and return what it is."""
    write_zarr(result, folder / VALUES)
    record = asdict(entry_of(key, result))
    del record["bytes"]  # counted where it lies
    record |= {"seal": _seal(key, record["digest"], result), "metadata": _metadata(folder)}
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    sync_folder(folder)
    return read_entry(folder)


def entry_of(key: str, result: Result) -> Entry:
    """Return what the entry of a result would be, were it stored now, its bytes counted as in memory."""
    facts = stamped(result)
    try:
        kind = kind_of(result)
    except BadInput:
        kind = ""
    return Entry(
        key=key,
        digest=digest(result),
        analysis=str(facts.get("analysis", "")),
        kind=kind,
        title=title_of(facts),
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        models="\n".join(_names(facts.get("models"))),
        parents=" ".join(_digests(facts.get("parents"))),
        bytes=int(result.nbytes),
    )


def read_entry(folder: Path) -> Entry:
    """Return what an entry is, without reading its values; raises where its record is damaged."""
    record = _record(folder)
    words = {name: str(record[name]) for name in ("key", "digest", "analysis", "kind", "title", "created")}
    # Records of an earlier version do not have these.
    words |= {name: str(record.get(name, "")) for name in ("models", "parents")}
    return Entry(**words, bytes=bytes_in(folder))


def told_of(folder: Path) -> dict[str, Any]:
    """Return an entry's provenance as it stands, without reading its values."""
    metadata = json.loads((checked_values(folder) / "zarr.json").read_text(encoding="utf-8"))
    return json.loads(metadata["attributes"].get("provenance", "{}"))


def read_values(folder: Path) -> Result:
    """Return an entry's result; raises ``ValueError`` where it is not the one that was stored."""
    record, result = _record(folder), read_zarr(checked_values(folder))
    if record["seal"] != _seal(record["key"], digest(result), result):
        raise ValueError("its values are not the ones that were stored")
    with suppress(OSError):
        os.utime(folder)  # when it was last of use, for the day when space is short
    return result


def checked_values(folder: Path) -> Path:
    """Return where an entry's values lie, once their metadata are seen to be the ones written."""
    if _record(folder)["metadata"] != _metadata(folder):
        raise ValueError("its metadata are not the ones that were stored")
    return folder / VALUES


def identity(folder: Path) -> tuple[int, int, int] | None:
    """Return what tells one folder from a later one of the same name, or none where there is none."""
    try:
        seen = folder.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_ctime_ns  # the numbers alone are given out again


def bytes_in(folder: Path) -> int:
    """Return the bytes in all files of a folder, passing over those that vanish meanwhile."""
    return sum(seen.st_size for seen in _files(folder))


def last_change(folder: Path) -> float:
    """Return when a folder or anything in it last changed, 0 where it is gone."""
    return max((seen.st_mtime for seen in _files(folder, folder)), default=0.0)


def _names(models: Any) -> list[str]:
    """Return the names of the models of a provenance."""
    found = models.values() if isinstance(models, dict) else ()
    return [str(model["name"]) for model in found if isinstance(model, dict) and "name" in model]


def _digests(parents: Any) -> list[str]:
    """Return the digests of the parents of a provenance."""
    return [str(parent) for parent in (parents.values() if isinstance(parents, dict) else parents or ())]


def _files(folder: Path, *more: Path) -> list[os.stat_result]:
    """Return what the system says of each file and folder inside a folder."""
    seen = []
    for file in [*more, *folder.rglob("*")]:
        with suppress(OSError):
            seen.append(file.stat())
    return seen


def _record(folder: Path) -> dict[str, Any]:
    """Read an entry's record; raises ``ValueError`` where it belongs elsewhere."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    if record["key"] != folder.name:
        raise ValueError("it is the answer to another question")
    return record


def _metadata(folder: Path) -> str:
    """Fingerprint the file from which Zarr learns every array's axes, dtype and attributes."""
    return hashlib.sha256((folder / VALUES / "zarr.json").read_bytes()).hexdigest()


def _seal(key: str, found: str, result: Result) -> str:
    """Bind values, provenance and question together."""
    told = [dataset.attrs.get("provenance") for _, dataset in parts(result)]
    return hashlib.sha256(json.dumps([key, found, told]).encode()).hexdigest()
