"""Which jobs were there before the server stopped? One SQLite file that a kill leaves whole."""

import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from neuronscope.doors.server.bodies import Job
from neuronscope.results import log

_TABLE = "CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, body TEXT NOT NULL)"
_PUT = "INSERT INTO jobs VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
_SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Ledger:
    """The jobs of one server, each as it is told; what cannot be written is only warned of.

    One server holds the file at a time: a second one in the same folder works without.
    """

    def __init__(self, file: Path) -> None:
        """Name the file; it is made when the ledger is opened."""
        self._file = file
        self._table: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def open(self) -> list[Job]:
        """Take the file and return its jobs, the oldest first; a spoilt file is moved aside."""
        for attempt in (1, 2):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                return self._opened()
            except (sqlite3.DatabaseError, OSError) as error:
                self.close()
                if _is_spoilt(error) and attempt == 1:
                    self._put_aside(error)
                    continue
                why = "another server holds it" if "locked" in str(error) else str(error)
                log.warning("Jobs are remembered until the server stops and no longer: %s.", why)
                break
        return []

    def write(self, jobs: Iterable[Job]) -> None:
        """Write down jobs as they are now."""
        rows = [(job.id, job.model_dump_json()) for job in jobs]
        self._within(_PUT, rows)

    def forget(self, ids: Iterable[str]) -> None:
        """Strike out jobs."""
        self._within("DELETE FROM jobs WHERE id = ?", [(job_id,) for job_id in ids])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            table, self._table = self._table, None
            if table is not None:
                with suppress(sqlite3.Error):
                    table.close()

    def _opened(self) -> list[Job]:
        table = sqlite3.connect(self._file, timeout=0.2, check_same_thread=False, isolation_level=None)
        with self._lock:
            self._table = table
        table.execute("PRAGMA locking_mode = EXCLUSIVE")
        table.execute("PRAGMA journal_mode = WAL")
        table.execute("PRAGMA synchronous = NORMAL")
        table.execute("BEGIN EXCLUSIVE")
        table.execute(_TABLE)
        table.execute("COMMIT")
        if table.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise _Spoilt("its quick check fails")
        jobs = []
        for (body,) in table.execute("SELECT body FROM jobs ORDER BY rowid").fetchall():
            try:
                jobs.append(Job.model_validate_json(body))
            except ValidationError:
                log.warning("A job of another version of the server is left out of the list.")
        return jobs

    def _within(self, statement: str, rows: list[tuple[str, ...]]) -> None:
        with self._lock:
            if self._table is None or not rows:
                return
            try:
                self._table.execute("BEGIN")
                self._table.executemany(statement, rows)
                self._table.execute("COMMIT")
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    self._table.execute("ROLLBACK")
                log.warning("The list of jobs cannot be written now (%s); the jobs go on.", error)

    def _put_aside(self, error: Exception) -> None:
        aside = self._file.with_name(f"{self._file.name}.spoilt-{time.time_ns()}")
        with suppress(OSError):
            self._file.rename(aside)
        for ending in ("-wal", "-shm"):
            with suppress(OSError):
                self._file.with_name(self._file.name + ending).unlink(missing_ok=True)
        log.warning("The list of jobs is spoilt (%s); it is set aside as %s.", error, aside.name)


class _Spoilt(sqlite3.DatabaseError):
    """Raised where the file reads but does not hold together."""


def _is_spoilt(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return isinstance(error, _Spoilt) or code in _SPOILT
