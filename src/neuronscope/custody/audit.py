"""What was done, by whom, and was the record altered? Rows in a chain of hashes, and a head kept beside.

The digest of a row is SHA-256 over the digest before it and the row's own text, so no row can be changed,
taken out or put in without breaking the chain there. What a chain alone cannot show is a cut at its end:
the last number and digest therefore stand in a second file, and both change in one transaction.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuronscope.custody.files import make_private, moment, opened
from neuronscope.results.plain import canonical
from neuronscope.words import BadInput

START = "0" * 64
NOWHERE = Path(":memory:")
HEAD_LOST = "head lost"
_ROWS = """CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, row TEXT NOT NULL, before TEXT NOT NULL, digest TEXT NOT NULL,
    actor TEXT AS (CASE WHEN json_valid(row) THEN json_extract(row, '$.actor') END),
    action TEXT AS (CASE WHEN json_valid(row) THEN json_extract(row, '$.action') END))"""
_INDEXES = [f"CREATE INDEX IF NOT EXISTS by_{word} ON rows ({word}, number)" for word in ("actor", "action")]
_HEAD = "CREATE TABLE IF NOT EXISTS head.head (one INTEGER PRIMARY KEY CHECK (one = 1), number, digest)"


@dataclass(frozen=True)
class Row:
    """One thing that was done or refused."""

    number: int
    time: str
    actor: str
    role: str | None
    action: str
    outcome: str
    facts: dict[str, Any]
    digest: str


@dataclass(frozen=True)
class Verdict:
    """Whether the chain is whole; where it is not, the first row that is wrong and how."""

    rows: int
    head: str
    number: int | None = None
    trouble: str | None = None

    @property
    def whole(self) -> bool:
        """Say whether nothing was altered."""
        return self.trouble is None


class AuditLog:
    """The record of one store: ``folder/audit.sqlite`` and its head in ``folder/audit-head.sqlite``."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "audit.sqlite"
        self.head_file = folder / "audit-head.sqlite"

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add rows in one transaction, whichever processes add others meanwhile.

        Each entry has ``actor``, ``action`` and ``outcome``, and may have ``role``, ``time`` and
        ``facts``. Raises ``OSError`` or ``sqlite3.Error`` where the disk refuses.
        """
        with self._writing() as table:
            head, last = _head(table), _last(table)
            number, digest = head or last or (0, START)
            if last is not None and head is None:
                # Their end may have been cut off with the head, and the record says so for good.
                entries = [{"actor": "server", "action": HEAD_LOST, "outcome": "trouble"}, *entries]
            elif last is not None:
                # The chain goes on from the head, not from the last row: what does not fit stays seen.
                number = max(number, last[0])
            for entry in entries:
                number, before = number + 1, digest
                text = canonical({"time": moment(), "role": None, "facts": {}, **entry, "number": number})
                digest = chained(before, text)
                table.execute(
                    "INSERT INTO rows (number, row, before, digest) VALUES (?, ?, ?, ?)",
                    (number, text, before, digest),
                )
            table.execute("INSERT OR REPLACE INTO head.head VALUES (1, ?, ?)", (number, digest))

    def read(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Row]:
        """Return the newest rows first: those of an actor or action, numbered below ``before``.

        Raises ``BadInput`` where the file is spoilt.
        """
        wanted = [("actor = ?", actor), ("action = ?", action), ("number < ?", before)]
        given = [(test, value) for test, value in wanted if value is not None]
        where = f"WHERE {' AND '.join(test for test, _ in given)}" if given else ""
        query = f"SELECT number, row, digest FROM rows {where} ORDER BY number DESC LIMIT ?"
        try:
            with self._reading() as table:
                if not _has(table, "main", "rows"):
                    return []
                found = table.execute(query, [*(value for _, value in given), limit])
                return [_row(*row) for row in found]
        except sqlite3.Error as error:
            raise BadInput(f"The audit log {str(self.file)!r} cannot be read: {error}.") from error

    def verify(self, *, noted: tuple[int, str] | None = None) -> Verdict:
        """Say whether the record is as it was written, naming the first row that is not.

        ``noted`` is a number and digest that somebody wrote down elsewhere earlier: the row must still be
        there with that digest.
        """
        try:
            with self._reading() as table:
                table.execute("BEGIN")
                return _walked(table, noted)
        except sqlite3.DatabaseError as error:
            return Verdict(0, START, trouble=f"The record cannot be read: {error}.")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        make_private(self.file)
        make_private(self.head_file)
        with opened(self.file) as table:
            table.execute("ATTACH ? AS head", (str(self.head_file),))
            for statement in (_ROWS, *_INDEXES, _HEAD):
                table.execute(statement)
            table.execute("BEGIN IMMEDIATE")
            yield table
            table.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Open what is there, and make nothing that is not."""
        here = [file if file.exists() else NOWHERE for file in (self.file, self.head_file)]
        with opened(here[0]) as table:
            table.execute("ATTACH ? AS head", (str(here[1]),))
            yield table


def chained(before: str, text: str) -> str:
    """Return the digest of a row's text that follows a digest.

    >>> chained("0" * 64, "{}")[:16]
    '5508d2b710e64bc4'
    """
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def _walked(table: sqlite3.Connection, noted: tuple[int, str] | None) -> Verdict:
    number, digest = 0, START
    seen = None
    query = "SELECT number, row, before, digest FROM rows ORDER BY number"
    for found, text, before, kept in table.execute(query) if _has(table, "main", "rows") else ():
        trouble = _trouble(found, text, before, kept, after=(number, digest))
        if trouble is not None:
            return Verdict(number, digest, *trouble)
        number, digest = found, kept
        seen = kept if noted is not None and found == noted[0] else seen
    head = _head(table)
    if head is None and number:
        return Verdict(number, digest, number, f"The head record beside row {number} is missing.")
    last, kept = head or (0, START)
    if last > number:
        return Verdict(number, digest, number + 1, f"{_span(number + 1, last)} missing: the end was cut off.")
    if (last, kept) != (number, digest):
        first = min(last + 1, number)
        return Verdict(number, digest, first, f"Row {first} is not what the head record says was written.")
    if noted is not None and seen != noted[1]:
        return Verdict(number, digest, noted[0], f"Row {noted[0]} is not the row that was noted.")
    return Verdict(number, digest)


def _trouble(
    number: int, text: str, before: str, digest: str, *, after: tuple[int, str]
) -> tuple[int, str] | None:
    """Return the number of a row that is wrong and a sentence, where it does not follow the one before."""
    last, known = after
    if number > last + 1:
        return last + 1, f"{_span(last + 1, number - 1)} missing."
    if chained(before, text) != digest:
        return number, f"Row {number} was changed after it was written."
    said = _said(text)
    if before != known or said.get("number") != number:
        return number, f"Row {number} does not follow the row before it: one was put in, replaced or moved."
    if said.get("action") == HEAD_LOST:
        return (
            number,
            f"The head record was missing when row {number} was written; rows before it may be too.",
        )
    return None


def _span(first: int, last: int) -> str:
    return f"Row {first} is" if first == last else f"Rows {first} to {last} are"


def _has(table: sqlite3.Connection, schema: str, name: str) -> bool:
    query = f"SELECT 1 FROM {schema}.sqlite_master WHERE type = 'table' AND name = ?"
    return table.execute(query, (name,)).fetchone() is not None


def _head(table: sqlite3.Connection) -> tuple[int, str] | None:
    if not _has(table, "head", "head"):
        return None
    return table.execute("SELECT number, digest FROM head.head").fetchone()


def _last(table: sqlite3.Connection) -> tuple[int, str] | None:
    return table.execute("SELECT number, digest FROM rows ORDER BY number DESC LIMIT 1").fetchone()


def _row(number: int, text: str, digest: str) -> Row:
    """Return a row as it reads; of one that was altered, what can still be read."""
    said = _said(text)
    role, facts = said.get("role"), said.get("facts")
    return Row(
        number=number,
        time=str(said.get("time", "")),
        actor=str(said.get("actor", "")),
        role=None if role is None else str(role),
        action=str(said.get("action", "")),
        outcome=str(said.get("outcome", "")),
        facts=facts if isinstance(facts, dict) else {},
        digest=str(digest),
    )


def _said(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}
