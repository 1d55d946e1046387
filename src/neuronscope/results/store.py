"""Was this asked before? Answers kept by their question, on disk, for every door.

The entries are the truth and the index only finds them faster: an entry is a Zarr folder that appears
whole, by one rename, or not at all, and carries a seal over its values that every reading checks. It is on
the disk before it is called kept. So a kill at any moment, a power cut, two processes writing at once, or a
lost index cost at most one answer, which is computed again.
"""

import errno
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import xarray as xr
from platformdirs import user_data_dir

from neuronscope.results.files import reason, sync
from neuronscope.results.log import log
from neuronscope.results.packing import FORMAT
from neuronscope.results.plain import canonical
from neuronscope.results.provenance import digest, package_versions
from neuronscope.results.slices import MOST_VALUES
from neuronscope.results.store_entry import (
    Result,
    bytes_in,
    checked_values,
    identity,
    last_change,
    read_entry,
    read_values,
    told_of,
    write_entry,
)
from neuronscope.results.store_index import Entry, Index
from neuronscope.results.zarr_folder import read_slice
from neuronscope.words import BadInput

STALE_SECONDS = 3600.0  # after this long without a change, a half-written entry belongs to nobody
DAMAGED = "The result {!r} was damaged and is set aside; ask its question again."
_HEX = frozenset("0123456789abcdef")
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EAGAIN)

Answer = TypeVar("Answer")


class NotStored(BadInput):
    """Raised where the store has no such result."""


class CannotStore(OSError):
    """Raised where the disk refuses an entry; the result itself is unharmed."""

    def __str__(self) -> str:
        return self.strerror or ""


@dataclass(frozen=True)
class Freed:
    """What a clean-up took away: results, left-overs of broken runs, and the bytes of both."""

    entries: tuple[Entry, ...]
    leftovers: int
    bytes: int


def open_store(folder: str | os.PathLike[str] | None = None) -> "Store":
    """Return the store in a folder, or the user's own.

    That is ``store`` in the folder of ``$NEURONSCOPE_HOME``, or else in the system's place for data.
    Nothing is made on disk before the first result is kept.
    """
    if folder is None:
        home = os.environ.get("NEURONSCOPE_HOME") or user_data_dir("neuronscope", appauthor=False)
        folder = Path(home) / "store"
    return Store(folder)


class Store:
    """Results by the key of their question: ``folder/entries`` and an index beside it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Name the folder; it is made when the first result is kept."""
        self.folder = Path(folder).expanduser()
        self._entries = self.folder / "entries"
        self._unfinished = self.folder / "unfinished"
        self._set_aside = self.folder / "set_aside"
        self._index = Index(self.folder / "index.sqlite")

    @staticmethod
    def key(
        *,
        analysis: str,
        version: int,
        arguments: Mapping[str, Any],
        models: Mapping[str, Any] | None = None,
        parents: Mapping[str, str] | Sequence[str] = (),
        sources: Mapping[str, Any] | None = None,
        code: str | None = None,
    ) -> str:
        """Return the key of a question: 64 hexadecimal digits over all that its answer depends on.

        ``version`` is the schema version of the analysis, ``code`` the version of the code, which is that
        of the installed package where it is left out. Raises ``BadInput`` for arguments that are not
        plain data.

        >>> Store.key(analysis="logit_lens", version=1, arguments={"top_k": 5}, code="0.1")[:8]
        '5a348732'
        """
        question = {
            "format": FORMAT,
            "analysis": analysis,
            "version": version,
            "code": package_versions().get("neuronscope", "") if code is None else code,
            "arguments": arguments,
            "models": models or {},
            "parents": parents,
            **({"sources": sources} if sources else {}),
        }
        return hashlib.sha256(canonical(question).encode()).hexdigest()

    def workplace(self, key: str) -> Path:
        """Return the folder where a question that takes long keeps what it has done so far."""
        return self._unfinished / key

    def get(self, key: str) -> Result | None:
        """Return the answer to a question, or none where the store has none that is whole.

        An entry that does not read as it was written is set aside with a warning.
        """
        return self._read(key, read_values)

    def put(self, key: str, result: Result) -> Entry:
        """Keep the answer to a question and return its entry; the first answer to a question stays.

        Raises ``CannotStore`` where the disk refuses, and leaves no half entry behind.
        """
        entry = self._read(key, read_entry)
        if entry is not None and entry.digest != digest(result):
            log.warning("%r now gives other values than those stored, which stay.", entry.title)
        while entry is None:
            try:
                entry = self._write(key, result)
            except OSError as error:
                raise self._refusal("keep the result", error) from error
            # None where another process was first, whose entry may even be gone again.
            entry = entry or self._read(key, read_entry)
        self._index.add([entry])
        return entry

    def ls(self) -> list[Entry]:
        """Return every entry, the newest first, and bring the index up to what is there."""
        here = _folders_two_below(self._entries)
        if not here and not self.folder.is_dir():
            return []
        known = {entry.key: entry for entry in self._index.all()}
        gone = [key for key in known.keys() - here if not self._place(key).is_dir()]
        if gone:
            self._index.remove(gone)
        read = [self._read(key, read_entry) for key in here - known.keys()]
        adopted = [entry for entry in read if entry is not None]
        entries = [*(known[key] for key in known.keys() & here), *adopted]
        if adopted:
            self._index.verify()
            self._index.add(entries)
        return sorted(entries, key=lambda entry: (entry.created, entry.key), reverse=True)

    def show(self, prefix: str) -> Entry:
        """Return the entry whose digest, or key, starts so; of equal results the newest.

        Raises ``NotStored`` where there is none and ``BadInput`` where different results start so.
        """
        return self._matching(prefix)[0]

    def open(self, prefix: str) -> Result:
        """Return the result whose digest, or key, starts so; raises as ``show`` does."""
        result = self.get(self.show(prefix).key)
        if result is None:
            raise NotStored(DAMAGED.format(prefix))
        return result

    def provenance(self, prefix: str) -> dict[str, Any]:
        """Return where a stored result came from, without reading its values; raises as ``show`` does."""
        facts = self._read(self.show(prefix).key, told_of)
        if facts is None:
            raise NotStored(DAMAGED.format(prefix))
        return facts

    def open_slice(
        self,
        prefix: str,
        variable: str,
        selection: Mapping[str, Any] | None = None,
        *,
        limit: int | None = MOST_VALUES,
    ) -> xr.DataArray:
        """Return a slice of one variable, reading only what it needs; ``values_of`` makes it plain JSON.

        The selection is written as for ``slice_of``, and raises as there; the rest as ``show`` does.
        """
        key = self.show(prefix).key

        def cut(place: Path) -> xr.DataArray:
            return read_slice(checked_values(place), variable, selection or {}, limit=limit)

        array = self._read(key, cut)
        if array is None:
            raise NotStored(DAMAGED.format(prefix))
        return array

    def rm(self, prefix: str) -> list[Entry]:
        """Remove every entry of the one result whose digest, or key, starts so, and return them."""
        entries = self._matching(prefix)
        for entry in entries:
            self._remove(entry.key)
        return entries

    def gc(
        self,
        *,
        older_than_days: float | None = None,
        keep_bytes: int | None = None,
        set_aside: bool = False,
    ) -> Freed:
        """Clear left-overs of broken runs and, where asked, old results, and say what was freed.

        Removes results not used for ``older_than_days``, then the longest unused until the rest fits in
        ``keep_bytes``, and with ``set_aside`` the damaged entries too.
        """
        if (older_than_days or 0) < 0 or (keep_bytes or 0) < 0:
            raise BadInput("older_than_days and keep_bytes take 0 or more.")
        used = sorted((_last_used(self._place(entry.key)), entry.key, entry) for entry in self.ls())
        excess = sum(entry.bytes for *_, entry in used) - (float("inf") if keep_bytes is None else keep_bytes)
        oldest = float("-inf") if older_than_days is None else time.time() - older_than_days * 86400
        removed = []
        for moment, _, entry in used:
            if moment < oldest or excess > 0:
                self._remove(entry.key)
                removed.append(entry)
                excess -= entry.bytes
        long_ago = time.time() - STALE_SECONDS
        stale = [place for place in self._unfinished.glob("*") if last_change(place) < long_ago]
        stale += self._set_aside.glob("*") if set_aside else []
        freed = sum(entry.bytes for entry in removed) + sum(map(bytes_in, stale))
        for place in stale:
            shutil.rmtree(place, ignore_errors=True)
        return Freed(tuple(removed), len(stale), freed)

    def _place(self, key: str) -> Path:
        """Return where the entry of a key lies, whether or not it is there."""
        return self._entries / key[:2] / key

    def _matching(self, prefix: str) -> list[Entry]:
        """Return the entries of the one result that a prefix means, the newest first."""
        start = prefix.strip().lower()
        if not start or set(start) - _HEX:
            raise NotStored(f"{prefix!r} is no digest; `neuronscope store ls` lists the results and theirs.")
        known = self._index.starting(start) if self.folder.is_dir() else []
        found = [entry for entry in known if self._place(entry.key).is_dir()] or [
            entry for entry in self.ls() if entry.digest.startswith(start) or entry.key.startswith(start)
        ]
        if not found:
            raise NotStored(f"The store has no result {prefix!r}; `neuronscope store ls` lists what it has.")
        digests = sorted({entry.digest for entry in found})
        if len(digests) > 1:
            raise BadInput(
                f"{prefix!r} fits {len(digests)} results ({', '.join(digests[:4])}); give more digits."
            )
        return sorted(found, key=lambda entry: (entry.created, entry.key), reverse=True)

    def _write(self, key: str, result: Result) -> Entry | None:
        """Write an entry where nobody looks and move it into place; return none where one was there."""
        draft, place = self._unfinished / uuid.uuid4().hex, self._place(key)
        # Under its own name already, so that the record can be held to it.
        inside = draft / key
        inside.mkdir(parents=True)
        try:
            entry = write_entry(inside, key, result)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                inside.rename(place)
                sync(place.parent)
            except OSError as error:
                if error.errno not in _TAKEN and not place.is_dir():
                    raise
                return None
            return entry
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _remove(self, key: str) -> None:
        """Take an entry away, first out of sight so that nobody meets half of it."""
        hidden = self._unfinished / uuid.uuid4().hex
        hidden.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._place(key).rename(hidden)
        self._index.remove([key])
        shutil.rmtree(hidden, ignore_errors=True)

    def _read(self, key: str, read: Callable[[Path], Answer]) -> Answer | None:
        """Read an entry, or return none where there is none; one that will not read is set aside."""
        place = self._place(key)
        before = identity(place)
        if before is None:
            return None
        try:
            return read(place)
        except (BadInput, MemoryError):
            raise
        # A damaged entry may fail anywhere inside the libraries that read it, with any exception.
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _PASSING:
                raise self._refusal("be read", error) from error
            if identity(place) == before:
                self._put_aside(place, error)
            return None

    def _put_aside(self, place: Path, error: Exception) -> None:
        """Move a damaged entry out of the way, to be looked at or cleared, and warn."""
        why = str(error).partition("\n")[0] or type(error).__name__
        aside = self._set_aside / f"{place.name[:16]}-{uuid.uuid4().hex[:8]}"
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            place.rename(aside)
        except FileNotFoundError:
            return  # somebody else was quicker
        except OSError as trouble:
            log.warning("A stored result is damaged (%s) and cannot be moved (%s).", why, reason(trouble))
            return
        log.warning("A stored result was damaged (%s); it is set aside in %s and computed again.", why, aside)
        self._index.remove([place.name])

    def _refusal(self, what: str, error: OSError) -> CannotStore:
        """Return the error that says why the disk refuses, in one sentence."""
        where = f"The store in {str(self.folder)!r} cannot {what}: {reason(error)}"
        return CannotStore(
            error.errno, f"{where}; free some space or set NEURONSCOPE_HOME to another folder."
        )


def _folders_two_below(folder: Path) -> set[str]:
    """Return the names of the folders inside the folders of a folder, without asking after each."""
    found: set[str] = set()
    with suppress(FileNotFoundError), os.scandir(folder) as shelves:
        for shelf in shelves:
            if len(shelf.name) == 2 and shelf.is_dir():
                with suppress(FileNotFoundError), os.scandir(shelf.path) as places:
                    found.update(place.name for place in places if place.is_dir())
    return found


def _last_used(place: Path) -> float:
    """Return when an entry was last written or read, 0 where it is gone."""
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0
