"""How is a file of custody opened? As SQLite that only its owner can read, closed after every use."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = "custody"
"""Its place in the folder of a store."""
PATIENCE = 30.0
"""Seconds to wait for another process that writes."""


def moment(*, later_days: float = 0.0) -> str:
    """Return the time now, or so many days later, as ISO 8601 in UTC; such texts sort as the times do."""
    return (datetime.now(UTC) + timedelta(days=later_days)).isoformat(timespec="seconds")


def make_private(file: Path) -> None:
    """Make an empty file, and its folder, that only their owner can read; one that is there stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def opened(file: Path, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """Open a file and give the connection; each statement stands alone until ``BEGIN``."""
    with closing(sqlite3.connect(file, timeout=patience, isolation_level=None)) as table:
        yield table
