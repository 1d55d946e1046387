"""How does what happens get into the record? By one thread, many rows at once; who must be sure waits."""

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from neuronscope.custody import AuditLog
from neuronscope.custody.files import moment

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
LONGEST_FACT = 300
PAUSE = 1.0
"""Seconds until a disk that refused is tried again."""
PATIENCE = 2.0
"""Seconds that a reply waits for its row at most."""

Kept = Future[bool]
"""Says of a row, once that is known, whether it is on the disk."""


class Recorder:
    """One thread that writes rows in the order in which they came, as many at once as wait."""

    def __init__(self, folder: Path) -> None:
        self.log = AuditLog(folder)
        self._waiting: deque[tuple[dict[str, Any], Kept]] = deque()
        self._lost = 0
        self._turn = threading.Condition()
        self._writing = self._closing = False
        self._thread: threading.Thread | None = None

    def write(
        self, *, actor: str, action: str, outcome: str = "done", role: str | None = None, **facts: Any
    ) -> Kept:
        """Put down that somebody did something; the row, and those before it, are on the disk a moment later.

        What is returned says when. Where the disk refuses it says so at once, and the row is tried again.
        """
        entry = {
            "time": moment(),
            "actor": _short(actor),
            "role": role,
            "action": _short(action),
            "outcome": _short(outcome),
            "facts": {name: _short(value) for name, value in facts.items() if value is not None},
        }
        kept = Kept()
        with self._turn:
            if len(self._waiting) >= MOST_WAITING:
                _tell([self._waiting.popleft()], False)
                self._lost += 1
            self._waiting.append((entry, kept))
            if self._thread is None:
                self._closing = False
                self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
                self._thread.start()
            self._turn.notify_all()
        return kept

    def flush(self, patience: float = 5.0) -> bool:
        """Wait until everything is on the disk, and say whether it is."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._waiting and not self._writing, patience)

    def close(self, patience: float = 5.0) -> None:
        """Write what waits and end the thread."""
        self.flush(patience)
        with self._turn:
            self._closing = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._thread is None, patience)

    def _work(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    self._thread = None
                    self._turn.notify_all()
                    return
                rows, lost = list(self._waiting), self._lost
                self._waiting.clear()
                self._writing, self._lost = True, 0
            entries = [*([_loss(lost)] if lost else []), *(entry for entry, _ in rows)]
            _tell(rows, whole := self._written(entries))
            while not whole:
                with self._turn:
                    _tell(self._waiting, False)  # nobody waits for a disk that refuses
                    if self._turn.wait_for(lambda: self._closing, PAUSE):
                        break
                whole = self._written(entries)
            with self._turn:
                self._writing = False
                self._turn.notify_all()

    def _written(self, entries: list[dict[str, Any]]) -> bool:
        try:
            self.log.append(entries)
        except (OSError, sqlite3.Error) as error:
            log.error("The audit log cannot be written (%s) and is tried again.", error)
            return False
        return True


async def kept_or_late(row: Kept) -> None:
    """Wait until a row is on the disk, or known not to be, but no longer than a reply may."""
    await asyncio.wait([asyncio.wrap_future(row)], timeout=PATIENCE)


def _tell(rows: Iterable[tuple[Any, Kept]], whole: bool) -> None:
    for _, kept in rows:
        if not kept.done():
            kept.set_result(whole)


def _loss(rows: int) -> dict[str, Any]:
    return {"actor": "server", "action": "rows lost", "outcome": "trouble", "facts": {"rows": rows}}


def _short(value: Any) -> Any:
    """Return a value that fits a row: numbers as they are, anything else as text of a bounded length."""
    if isinstance(value, bool | int | float):
        return value
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_FACT else f"{text[: LONGEST_FACT - 1]}…"
