"""What was seen and what was told? States, readings and history, in a file that outlives the server."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, TypeVar

from neuronscope.doors.server.watch.states import State
from neuronscope.results import log

Answer = TypeVar("Answer")

PATIENCE = 10.0
MOST_READINGS = 500
MOST_HISTORY = 5000
Event = Literal["fired", "cleared", "acknowledged", "removed"]

_COLUMNS = ", ".join(field.name for field in fields(State))
_TABLES = (
    f"CREATE TABLE IF NOT EXISTS states ({_COLUMNS}, PRIMARY KEY (rule))",
    "CREATE TABLE IF NOT EXISTS readings (number INTEGER PRIMARY KEY, rule, time, value)",
    "CREATE INDEX IF NOT EXISTS readings_of ON readings (rule, number)",
    "CREATE TABLE IF NOT EXISTS history (number INTEGER PRIMARY KEY AUTOINCREMENT, time, rule, event,"
    " value, threshold, severity, text, actor, delivery)",
)
_TRIM = (
    "DELETE FROM readings WHERE rule = ? AND number <= "
    "(SELECT number FROM readings WHERE rule = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"
)
_SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True)
class Row:
    """One thing that happened to an alert."""

    number: int
    time: float
    rule: str
    event: Event
    value: float | None
    threshold: float | None
    severity: str
    text: str
    actor: str | None
    delivery: str | None


class Ledger:
    """The file. Where the disk refuses, what should be written is lost with a warning and nothing else is."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def states(self) -> dict[str, State]:
        """Return where each rule stands."""
        query = f"SELECT {_COLUMNS} FROM states"
        return self._within(lambda table: {row[0]: State(*row) for row in table.execute(query)}, {})

    def keep(self, state: State, *, reading: bool = False) -> None:
        """Keep where a rule stands, and its value as a reading of its own."""
        marks = ", ".join("?" * len(fields(State)))

        def write(table: sqlite3.Connection) -> None:
            table.execute(f"INSERT OR REPLACE INTO states ({_COLUMNS}) VALUES ({marks})", astuple(state))
            if reading:
                given = (state.rule, state.read, state.value)
                table.execute("INSERT INTO readings (rule, time, value) VALUES (?, ?, ?)", given)
                table.execute(_TRIM, (state.rule, state.rule, MOST_READINGS))

        self._within(write, None)

    def forget(self, rule: str) -> None:
        """Forget where a rule stands and what was read; its history stays."""

        def erase(table: sqlite3.Connection) -> None:
            table.execute("DELETE FROM states WHERE rule = ?", (rule,))
            table.execute("DELETE FROM readings WHERE rule = ?", (rule,))

        self._within(erase, None)

    def readings(self, rule: str, *, most: int = 120) -> list[tuple[float, float]]:
        """Return the last readings of a rule as time and value, oldest first."""
        query = "SELECT time, value FROM readings WHERE rule = ? ORDER BY number DESC LIMIT ?"
        return self._within(lambda table: table.execute(query, (rule, most)).fetchall()[::-1], [])

    def note(self, row: Row) -> int:
        """Write into the history and return the number it got, 0 where it was not written."""
        marks = ", ".join("?" * 9)
        insert = (
            "INSERT INTO history (time, rule, event, value, threshold, severity, text, actor, delivery)"
            f" VALUES ({marks})"
        )

        def write(table: sqlite3.Connection) -> int:
            number = table.execute(insert, astuple(row)[1:]).lastrowid or 0
            table.execute("DELETE FROM history WHERE number <= ?", (number - MOST_HISTORY,))
            return number

        return self._within(write, 0)

    def delivered(self, number: int, outcome: str) -> None:
        """Write what became of the message about a row."""
        update = "UPDATE history SET delivery = ? WHERE number = ?"
        self._within(lambda table: table.execute(update, (outcome, number)) and None, None)

    def history(self, *, rule: str | None = None, before: int | None = None, limit: int = 50) -> list[Row]:
        """Return the newest rows first."""
        wanted = [("rule = ?", rule), ("number < ?", before)]
        given = [(test, value) for test, value in wanted if value is not None]
        where = f"WHERE {' AND '.join(test for test, _ in given)}" if given else ""
        columns = ", ".join(field.name for field in fields(Row))
        query = f"SELECT {columns} FROM history {where} ORDER BY number DESC LIMIT ?"
        values = [*(value for _, value in given), limit]
        return self._within(lambda table: [Row(*row) for row in table.execute(query, values)], [])

    def _within(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Do work in one transaction; a file that is no database is set aside, and a new one begun."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    return self._attempt(work)
                except (OSError, sqlite3.Error) as error:
                    spoilt = getattr(error, "sqlite_errorcode", 0) & 0xFF in _SPOILT
                    if spoilt and attempt == 1 and self._set_aside():
                        continue
                    log.warning("What is watched cannot be kept in %s: %s", self._file, error)
                    break
            return otherwise

    def _attempt(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file, timeout=PATIENCE)) as table, table:
            for statement in _TABLES:
                table.execute(statement)
            return work(table)

    def _set_aside(self) -> bool:
        try:
            self._file.replace(self._file.with_suffix(".spoilt"))
        except OSError:
            return False
        log.warning("%s was damaged and is set aside; alerts begin anew.", self._file)
        return True
