"""What lies in the store? A table of its entries, quick to search and never the only record."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

from neuronscope.results.log import log

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Entry:
    """One stored result: the key of its question, the digest of its values, and what it is.

    ``models`` are the names of its models, one a line, ``parents`` the digests of the results it was made
    from, with spaces between them.
    """

    key: str
    digest: str
    analysis: str
    kind: str
    title: str
    created: str
    models: str
    parents: str
    bytes: int


_COLUMNS = [field.name for field in fields(Entry)]
_TABLE = f"CREATE TABLE IF NOT EXISTS entries ({', '.join(_COLUMNS)}, PRIMARY KEY (key)) WITHOUT ROWID"


class Index:
    """A SQLite file beside the entries; lost or spoilt, it starts again empty and is filled from them."""

    def __init__(self, file: Path, *, patience: float = 10.0) -> None:
        """Name the file, which is made when first written, and how many seconds to wait for a lock."""
        self._file = file
        self._patience = patience

    def add(self, entries: Iterable[Entry]) -> None:
        """Enter entries, in place of older ones of the same key."""
        rows = [astuple(entry) for entry in entries]
        marks = ", ".join("?" * len(_COLUMNS))
        insert = f"INSERT OR REPLACE INTO entries VALUES ({marks})"
        self._within(lambda table: [table.executemany(insert, rows)], [])

    def remove(self, keys: Iterable[str]) -> None:
        """Take entries out."""
        rows = [(key,) for key in keys]
        delete = "DELETE FROM entries WHERE key = ?"
        self._within(lambda table: [table.executemany(delete, rows)], [])

    def all(self) -> list[Entry]:
        """Return every entry, in no order."""
        return self._within(lambda table: _entries(table.execute("SELECT * FROM entries")), [])

    def starting(self, prefix: str) -> list[Entry]:
        """Return the entries whose digest or key starts so."""
        where = "SELECT * FROM entries WHERE substr(digest, 1, ?) = ? OR substr(key, 1, ?) = ?"
        values = (len(prefix), prefix, len(prefix), prefix)
        return self._within(lambda table: _entries(table.execute(where, values)), [])

    def verify(self) -> None:
        """Look the whole file over, since a damaged one may lose rows without a word."""

        def look(table: sqlite3.Connection) -> list[Entry]:
            found = table.execute("PRAGMA quick_check").fetchone()
            if found != ("ok",):
                raise sqlite3.DatabaseError(f"quick check: {found}")
            return []

        self._within(look, [])

    def _within(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Do work in one transaction; a spoilt file is thrown away, other trouble is done without."""
        for attempt in (1, 2):
            try:
                return self._attempt(work)
            except sqlite3.DatabaseError as error:
                if _is_spoilt(error) and attempt == 1:
                    log.warning("The index of the store is spoilt (%s) and is made anew.", error)
                    self._discard()
                    continue
                log.warning("The index of the store cannot be used now (%s); its entries can.", error)
                break
        return otherwise

    def _attempt(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Open, work, commit, close: nothing stays open between calls, threads or forks."""
        with closing(sqlite3.connect(self._file, timeout=self._patience)) as table, table:
            table.execute("PRAGMA journal_mode = WAL")
            table.execute("PRAGMA synchronous = OFF")
            table.execute(_TABLE)
            return work(table)

    def _discard(self) -> None:
        """Remove the file and what SQLite keeps beside it."""
        for ending in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)


def _is_spoilt(error: sqlite3.DatabaseError) -> bool:
    """Tell a damaged or foreign file from one that is busy, full, read-only or out of reach."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _entries(rows: Iterable[tuple]) -> list[Entry]:
    """Return rows as entries; a damaged file may well give rows of nothing."""
    entries = []
    for row in rows:
        if not isinstance(row[-1], int) or not all(isinstance(word, str) for word in row[:-1]):
            raise sqlite3.DatabaseError("a row holds no entry")
        entries.append(Entry(*row))
    return entries
