"""What if the disk is full? What was just computed stays in memory, and whoever reads it is told."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import xarray as xr

from neuronscope import results
from neuronscope.results import CannotStore, Entry, Store, entry_of, log

MOST_BYTES = 2**28
LARGEST = 2**25
"""Answers up to this many bytes are held once they are read, as many as fit in ``MOST_BYTES``."""
SMALL = 2**18
"""An answer in memory of at most so many bytes is cut or described sooner than a thread is found for it."""
MOST = 8
"""How many answers are kept in memory; the oldest makes room."""


@dataclass(frozen=True)
class _Read:
    """An answer that was read from the disk, and what is told of it, once that was asked."""

    entry: Entry
    result: Any

    @cached_property
    def told(self) -> dict[str, Any]:
        return results.summary(self.result)


class KeepingStore(Store):
    """A store of which nothing is lost while the server runs: what the disk refuses stays in memory."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.folder)
        self._kept: OrderedDict[str, tuple[Entry, Any, str]] = OrderedDict()
        self._read_before: OrderedDict[str, _Read] = OrderedDict()
        self._keeping = threading.Lock()

    def put(self, key: str, result: Any) -> Entry:
        """Keep an answer on disk, or else in memory."""
        try:
            return super().put(key, result)
        except CannotStore as trouble:
            log.warning("%s The answer is kept in memory until the server stops.", trouble)
            entry = entry_of(key, result)
            with self._keeping:
                self._kept[key] = entry, result, str(trouble)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            return entry

    def get(self, key: str) -> Any:
        """Return an answer from memory or from the disk."""
        with self._keeping:
            held = self._kept.get(key)
        return super().get(key) if held is None else held[1]

    def ls(self) -> list[Entry]:
        """Return every entry, those in memory first, since they are the newest."""
        with self._keeping:
            here = [entry for entry, _, _ in reversed(self._kept.values())]
        return [*here, *super().ls()]

    def show(self, prefix: str) -> Entry:
        """Return the entry whose digest or key starts so."""
        kept, held = self._remembered(prefix), self._held(prefix)
        return kept[0] if kept else super().show(prefix) if held is None else held.entry

    def open(self, prefix: str) -> Any:
        """Return the result whose digest or key starts so."""
        kept = self._remembered(prefix)
        return kept[1] if kept else self._read_once(prefix).result.copy(deep=False)

    def told(self, prefix: str) -> dict[str, Any]:
        """Return the summary of the result whose digest or key starts so; it is nobody's to change."""
        kept = self._remembered(prefix)
        return results.summary(kept[1]) if kept else self._read_once(prefix).told

    def is_at_hand(self, prefix: str) -> bool:
        """Say whether a result is in memory and so small that reading it takes no time."""
        found = self._in_memory(prefix)
        return found is not None and found.nbytes <= SMALL

    def provenance(self, prefix: str) -> dict[str, Any]:
        """Return where the result came from whose digest or key starts so."""
        found = self._remembered(prefix)
        return super().provenance(prefix) if found is None else results.provenance(found[1])

    def open_slice(
        self,
        prefix: str,
        variable: str,
        selection: Mapping[str, Any] | None = None,
        *,
        limit: int | None = results.MOST_VALUES,
    ) -> xr.DataArray:
        """Return a slice of one variable of the result whose digest or key starts so."""
        found = self._in_memory(prefix)
        if found is None:
            entry = super().show(prefix)
            if entry.bytes > LARGEST // 4:
                return super().open_slice(entry.digest, variable, selection, limit=limit)
            found = self._opened(entry).result
        return results.cut_of(found, variable, selection or {}, limit=limit)

    def warning(self, prefix: str) -> str | None:
        """Return why a result is in memory alone, or nothing where it is on disk."""
        found = self._remembered(prefix)
        return None if found is None else f"{found[2]} This answer is gone when the server stops: save it."

    def _in_memory(self, prefix: str) -> Any:
        kept, held = self._remembered(prefix), self._held(prefix)
        return kept[1] if kept else held and held.result

    def _read_once(self, prefix: str) -> _Read:
        return self._held(prefix) or self._opened(super().show(prefix))

    def _opened(self, entry: Entry) -> _Read:
        """Read an answer whole, and hold it where it is small: many look at one, again and again."""
        read = _Read(entry, results.fixed(super().open(entry.digest)))
        if read.result.nbytes <= LARGEST:
            with self._keeping:
                self._read_before[entry.digest] = read
                while sum(held.result.nbytes for held in self._read_before.values()) > MOST_BYTES:
                    self._read_before.popitem(last=False)
        return read

    def _held(self, digest: str) -> _Read | None:
        """Return what was read before, where it still is on disk."""
        with self._keeping:
            found = self._read_before.get(digest)
            if found is None:
                return None
            if not self._place(found.entry.key).is_dir():
                del self._read_before[digest]
                return None
            self._read_before.move_to_end(digest)
            return found

    def _remembered(self, prefix: str) -> tuple[Entry, Any, str] | None:
        start = prefix.strip().lower()
        with self._keeping:
            held = list(self._kept.values())
        matching = [
            h for h in held if start and (h[0].digest.startswith(start) or h[0].key.startswith(start))
        ]
        return matching[-1] if matching else None
