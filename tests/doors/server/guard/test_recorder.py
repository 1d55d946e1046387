"""Rows reach the disk in order, and a disk that refuses loses none it need not."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from neuronscope.custody import AuditLog
from neuronscope.doors.server.guard import recorder
from neuronscope.doors.server.guard.recorder import LONGEST_FACT, Recorder


def test_rows_are_written_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    audit = Recorder(tmp_path)
    for number in range(200):
        audit.write(actor="ann", action="request", n=number, none=None)
    assert audit.flush()
    rows = audit.log.read(limit=500)
    assert [row.facts for row in reversed(rows)] == [{"n": number} for number in range(200)]
    assert audit.log.verify().whole


def test_whoever_waits_for_a_row_finds_it_and_those_before_it_on_the_disk(tmp_path: Path) -> None:
    audit = Recorder(tmp_path)
    rows = [audit.write(actor="ann", action=f"number {number}") for number in range(20)]
    assert rows[-1].result(10) is True
    assert len(AuditLog(tmp_path).read()) == 20


def test_after_it_is_closed_a_row_opens_it_again(tmp_path: Path) -> None:
    audit = Recorder(tmp_path)
    audit.write(actor="ann", action="one")
    audit.close()
    assert audit._thread is None
    audit.write(actor="ann", action="two")
    audit.close()
    assert [row.action for row in audit.log.read()] == ["two", "one"]


def test_what_is_long_or_odd_is_made_to_fit(tmp_path: Path) -> None:
    audit = Recorder(tmp_path)
    audit.write(actor="\ud800", action="x" * 1000, path="é\x00" * 1000, yes=True)
    audit.flush()
    row = audit.log.read()[0]
    assert row.actor == "?"
    assert len(row.action) == len(row.facts["path"]) == LONGEST_FACT
    assert row.facts["yes"] is True


def test_a_disk_that_refuses_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Recorder(tmp_path)
    monkeypatch.setattr(recorder, "PAUSE", 0.01)
    plain, refusals = audit.log.append, [OSError("full"), sqlite3.OperationalError("full")]

    def refusing(entries: Sequence[Any]) -> None:
        if refusals:
            raise refusals.pop()
        plain(entries)

    monkeypatch.setattr(audit.log, "append", refusing)
    rows = [audit.write(actor="ann", action=action) for action in ("one", "two")]
    assert rows[0].result(10) is False
    assert audit.flush()
    assert [row.action for row in audit.log.read()] == ["two", "one"]


def test_nobody_waits_long_for_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Recorder(tmp_path)
    monkeypatch.setattr(recorder, "PAUSE", 0.01)
    refusing = threading.Event()
    refusing.set()
    plain = audit.log.append

    def append(entries: Sequence[Any]) -> None:
        if refusing.is_set():
            raise OSError("full")
        plain(entries)

    monkeypatch.setattr(audit.log, "append", append)
    rows = [audit.write(actor="ann", action=f"number {number}") for number in range(5)]
    assert [row.result(10) for row in rows] == [False] * 5
    refusing.clear()
    assert audit.flush()
    assert len(audit.log.read()) == 5


def test_what_does_not_fit_in_the_memory_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_WAITING", 3)
    audit = Recorder(tmp_path)
    plain, held, begun = audit.log.append, threading.Event(), threading.Event()

    def slow(entries: Sequence[Any]) -> None:
        begun.set()
        held.wait(10)
        plain(entries)

    monkeypatch.setattr(audit.log, "append", slow)
    audit.write(actor="ann", action="first")
    assert begun.wait(10)
    for number in range(5):
        audit.write(actor="ann", action=f"number {number}")
    held.set()
    assert audit.flush()
    rows = [(row.action, row.facts) for row in reversed(audit.log.read())]
    assert rows == [
        ("first", {}),
        ("rows lost", {"rows": 2}),
        ("number 2", {}),
        ("number 3", {}),
        ("number 4", {}),
    ]
