"""How does what happens get into the record without anybody waiting for the disk?"""

import logging
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Any

from neuronscope.custody import AuditLog
from neuronscope.custody.files import moment

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
LONGEST_FACT = 300
PAUSE = 1.0
"""Seconds until a disk that refused is tried again."""


class Recorder:
    """One thread that writes rows in the order in which they came, as many at once as wait."""

    def __init__(self, folder: Path) -> None:
        self.log = AuditLog(folder)
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)
        self._lost = 0
        self._turn = threading.Condition()
        self._writing = self._closing = False
        self._thread: threading.Thread | None = None

    def write(
        self, *, actor: str, action: str, outcome: str = "done", role: str | None = None, **facts: Any
    ) -> None:
        """Put down that somebody did something; the row is on the disk a moment later."""
        entry = {
            "time": moment(),
            "actor": _short(actor),
            "role": role,
            "action": _short(action),
            "outcome": _short(outcome),
            "facts": {name: _short(value) for name, value in facts.items() if value is not None},
        }
        with self._turn:
            self._lost += len(self._waiting) == MOST_WAITING
            self._waiting.append(entry)
            if self._thread is None:
                self._closing = False
                self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
                self._thread.start()
            self._turn.notify_all()

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
                entries, lost = list(self._waiting), self._lost
                self._waiting.clear()
                self._writing, self._lost = True, 0
            if lost:
                entries.insert(0, _loss(lost))
            while not self._written(entries):
                with self._turn:
                    if self._turn.wait_for(lambda: self._closing, PAUSE):
                        break
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


def _loss(rows: int) -> dict[str, Any]:
    return {"actor": "server", "action": "rows lost", "outcome": "trouble", "facts": {"rows": rows}}


def _short(value: Any) -> Any:
    """Return a value that fits a row: numbers as they are, anything else as text of a bounded length."""
    if isinstance(value, bool | int | float):
        return value
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_FACT else f"{text[: LONGEST_FACT - 1]}…"
