"""Nothing in the record can be altered unseen."""

import json
import multiprocessing
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from neuronscope.custody import AuditLog
from neuronscope.custody.audit import chained

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """Give a record of six rows."""
    one = AuditLog(tmp_path / "custody")
    one.append([entry(number) for number in range(1, 4)])
    for number in range(4, 7):
        one.append([entry(number)])
    return one


def entry(number: int, *, actor: str = "ann") -> dict[str, object]:
    return {"actor": actor, "role": "analyst", "action": "request", "outcome": "done", "facts": {"n": number}}


def change(log: AuditLog, work: Tamper) -> None:
    """Reach into the file as somebody would who can write it."""
    with closing(sqlite3.connect(log.file)) as table, table:
        work(table)


def rewrite(table: sqlite3.Connection, number: int, text: str) -> None:
    """Replace a row by another whose own digest fits."""
    before = table.execute("SELECT before FROM rows WHERE number = ?", (number,)).fetchone()[0]
    table.execute(
        "UPDATE rows SET row = ?, digest = ? WHERE number = ?", (text, chained(before, text), number)
    )


def insert(table: sqlite3.Connection) -> None:
    """Put a row of our own after the third, with every number and its own digest right."""
    table.execute("UPDATE rows SET number = -(number + 1) WHERE number > 3")
    table.execute("UPDATE rows SET number = -number WHERE number < 0")
    before = table.execute("SELECT digest FROM rows WHERE number = 3").fetchone()[0]
    text = json.dumps({**entry(9), "number": 4, "time": ""})
    table.execute(
        "INSERT INTO rows (number, row, before, digest) VALUES (4, ?, ?, ?)",
        (text, before, chained(before, text)),
    )


def test_a_record_that_nobody_touched_is_whole(log: AuditLog) -> None:
    verdict = log.verify()
    assert (verdict.whole, verdict.rows, verdict.number) == (True, 6, None)
    assert log.verify(noted=(6, verdict.head)).whole


def test_no_record_is_whole_and_looking_makes_none(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "none")
    assert (log.verify().whole, log.verify().rows, log.read()) == (True, 0, [])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("tamper", "number", "words"),
    [
        (
            lambda t: t.execute("UPDATE rows SET row = replace(row, 'ann', 'bob') WHERE number = 3"),
            3,
            "was changed",
        ),
        (lambda t: t.execute("UPDATE rows SET row = 'x' WHERE number = 1"), 1, "was changed"),
        (lambda t: t.execute("UPDATE rows SET digest = 'x' WHERE number = 6"), 6, "was changed"),
        (lambda t: t.execute("UPDATE rows SET row = x'ff00' WHERE number = 2"), 2, "was changed"),
        (lambda t: rewrite(t, 3, '{"number": 3}'), 4, "does not follow"),
        (lambda t: rewrite(t, 6, '{"number": 6}'), 6, "not what the head record says"),
        (lambda t: t.execute("DELETE FROM rows WHERE number = 4"), 4, "Row 4 is missing"),
        (lambda t: t.execute("DELETE FROM rows WHERE number < 4"), 1, "Rows 1 to 3 are missing"),
        (
            lambda t: t.execute("DELETE FROM rows WHERE number > 5"),
            6,
            "Row 6 is missing: the end was cut off",
        ),
        (lambda t: t.execute("DELETE FROM rows WHERE number > 2"), 3, "Rows 3 to 6 are missing: the end was"),
        (lambda t: t.execute("DELETE FROM rows"), 1, "Rows 1 to 6 are missing"),
        (insert, 5, "does not follow"),
    ],
)
def test_whatever_is_altered_is_found_and_the_row_named(
    log: AuditLog, tamper: Tamper, number: int, words: str
) -> None:
    change(log, tamper)
    verdict = log.verify()
    assert not verdict.whole
    assert verdict.number == number
    assert verdict.trouble is not None
    assert words in verdict.trouble
    log.append([entry(7)])
    assert log.verify().trouble is not None, "what follows heals nothing"


def test_a_row_added_at_the_end_by_hand_does_not_match_the_head(log: AuditLog) -> None:
    last = log.verify().head
    text = json.dumps({**entry(7), "number": 7, "time": ""})
    change(
        log,
        lambda t: t.execute(
            "INSERT INTO rows (number, row, before, digest) VALUES (7, ?, ?, ?)",
            (text, last, chained(last, text)),
        ),
    )
    assert log.verify().number == 7


def test_a_lost_head_is_found_and_stays_found(log: AuditLog) -> None:
    log.head_file.unlink()
    assert log.verify().trouble == "The head record beside row 6 is missing."
    change(log, lambda t: t.execute("DELETE FROM rows WHERE number > 4"))
    log.append([entry(7)])
    verdict = log.verify()
    assert verdict.number == 5
    assert verdict.trouble == "The head record was missing when row 5 was written; rows before it may be too."


def test_a_record_thrown_away_is_found_by_its_head(log: AuditLog) -> None:
    log.file.unlink()
    assert log.verify().trouble == "Rows 1 to 6 are missing: the end was cut off."
    log.append([entry(7)])
    assert log.verify().trouble == "Rows 1 to 6 are missing."


def test_a_record_made_anew_from_nothing_is_found_by_a_head_noted_elsewhere(log: AuditLog) -> None:
    noted = (6, log.verify().head)
    log.file.unlink()
    log.head_file.unlink()
    log.append([entry(number, actor="bob") for number in range(1, 8)])
    assert log.verify().rows == 7
    assert log.verify(noted=noted).trouble == "Row 6 is not the row that was noted."


@pytest.mark.parametrize("file", ["file", "head_file"])
def test_a_spoilt_file_is_told_in_a_sentence(log: AuditLog, file: str) -> None:
    getattr(log, file).write_bytes(b"no database at all, and long enough to be read as one" * 40)
    assert "cannot be read" in (log.verify().trouble or "")


def test_rows_are_read_newest_first_by_whom_and_what_and_page_by_page(log: AuditLog) -> None:
    log.append([entry(7, actor="bob")])
    assert [row.number for row in log.read(limit=3)] == [7, 6, 5]
    assert [row.number for row in log.read(limit=3, before=5)] == [4, 3, 2]
    assert [row.actor for row in log.read(actor="bob")] == ["bob"]
    assert [row.facts for row in log.read(actor="ann", action="request", limit=1)] == [{"n": 6}]
    assert log.read(action="' OR 1=1 --") == []


def test_an_altered_row_is_still_listed(log: AuditLog) -> None:
    change(log, lambda t: t.execute("UPDATE rows SET row = 'x' WHERE number = 6"))
    assert [(row.number, row.actor) for row in log.read(limit=2)] == [(6, ""), (5, "ann")]


def test_threads_that_write_at_once_make_one_chain(log: AuditLog) -> None:
    threads = [threading.Thread(target=lambda: [log.append([entry(0)]) for _ in range(5)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = log.verify()
    assert (verdict.trouble, verdict.rows) == (None, 36)


def test_processes_that_write_at_once_make_one_chain(log: AuditLog) -> None:
    processes = [multiprocessing.Process(target=write_some, args=(log,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    verdict = log.verify()
    assert (verdict.trouble, verdict.rows) == (None, 21)


def write_some(log: AuditLog) -> None:
    for _ in range(5):
        log.append([entry(0)])


def test_a_write_that_is_cut_short_leaves_rows_and_head_as_they_were(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(before: str, text: str) -> str:
        if '"n":8' in text:
            raise KeyboardInterrupt
        return chained(before, text)

    monkeypatch.setattr("neuronscope.custody.audit.chained", cut)
    with pytest.raises(KeyboardInterrupt):
        log.append([entry(7), entry(8)])
    monkeypatch.undo()
    assert (log.verify().whole, log.verify().rows) == (True, 6)
