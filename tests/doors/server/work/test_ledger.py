"""The list of jobs outlives the server, however it ended."""

import sqlite3
from pathlib import Path

import pytest

from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import MOST_INTERRUPTIONS, Jobs
from neuronscope.doors.server.work.ledger import Ledger
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import Store
from tests.doors.server.planted import PLANTED, gate
from tests.doors.server.work.test_jobs import heard, put, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "jobs.sqlite"


def queue(store: Store, file: Path) -> Jobs:
    return Jobs(shelf=Shelf(), store=store, ledger=Ledger(file))


def told(job_id: str, **changes: object) -> bodies.Job:
    job = Job(PLANTED["squares"], arguments={"steps": 3})
    return job.body().model_copy(update={"id": job_id, **changes})


def written(file: Path, *jobs: bodies.Job) -> None:
    ledger = Ledger(file)
    assert ledger.open() == []
    ledger.write(jobs)
    ledger.close()


def test_what_was_written_is_read_in_its_order_and_what_is_struck_out_is_gone(file: Path) -> None:
    written(file, told("a"), told("b"), told("c"))
    ledger = Ledger(file)
    ledger.open()
    ledger.write([told("a", state="done")])
    ledger.forget(["b"])
    ledger.close()
    assert [(job.id, job.state) for job in Ledger(file).open()] == [("a", "done"), ("c", "queued")]


def test_jobs_that_ended_are_listed_as_they_were(store: Store, file: Path) -> None:
    jobs = queue(store, file)
    jobs.open()
    done, failed, gone = put(jobs, "squares"), put(jobs, "failing"), put(jobs, "held")
    jobs.cancel(gone)
    gate.set()
    until(lambda: all(job.ended for job in (done, failed, gone)))
    before = {job.id: job.body() for job in jobs.all()}
    jobs.close()
    after = queue(store, file)
    after.open()
    for job in after.all():
        assert job.body().model_copy(update={"seconds": None}) == before[job.id].model_copy(
            update={"seconds": None}
        )
    assert [job.id for job in after.all()] == list(before)
    after.close()


def test_what_waited_and_what_ran_at_a_stop_is_answered_after_it_under_its_id(
    store: Store, file: Path
) -> None:
    jobs = queue(store, file)
    jobs.open()
    running, waiting = put(jobs, "held", steps=7), put(jobs, "squares", steps=5)
    until(lambda: running.state == "running")
    last = heard_numbers(running)
    jobs.close(patience=0.0)
    gate.set()
    after = queue(store, file)
    after.open()
    again, second = after.find(running.id), after.find(waiting.id)
    assert again is not None
    assert second is not None
    until(lambda: again.ended and second.ended)
    assert (again.body().state, again.body().interruptions) == ("done", 1)
    assert (second.body().state, second.body().interruptions) == ("done", 0)
    assert {entry.digest for entry in store.ls()} == {again.body().result, second.body().result}
    assert [event.event for _, event in heard(again, after=last)][-1] == "result"
    after.close()


def heard_numbers(job: Job) -> int:
    return max(number for number, _ in job.after(0))


def test_a_job_that_the_server_died_of_is_not_tried_for_ever(store: Store, file: Path) -> None:
    written(file, told("a", state="running", interruptions=MOST_INTERRUPTIONS - 1))
    jobs = queue(store, file)
    jobs.open()
    job = jobs.find("a")
    assert job is not None
    assert job.body().state == "failed"
    assert "each of the 3 times that the server died" in (job.body().error or "")
    jobs.close()


def test_a_job_that_can_no_longer_be_asked_says_why(store: Store, file: Path) -> None:
    written(file, told("a", analysis="gone"), told("b", arguments={"steps": 0}))
    jobs = queue(store, file)
    jobs.open()
    errors = [(job.body().error or "") for job in jobs.all()]
    assert "steps=0 should be greater" in errors[0]
    assert "no analysis called 'gone'" in errors[1]
    assert all(error.startswith("The job could not go on after the server's restart") for error in errors)
    jobs.close()


def test_who_gave_up_a_running_job_does_not_meet_it_again(store: Store, file: Path) -> None:
    jobs = queue(store, file)
    jobs.open()
    deaf = put(jobs, "deaf")
    until(lambda: deaf.state == "running")
    jobs.cancel(deaf)
    jobs.close(patience=0.0)
    after = queue(store, file)
    after.open()
    assert [job.body().state for job in after.all()] == ["cancelled"]
    after.close()


@pytest.mark.parametrize("damage", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_spoilt_list_is_set_aside_and_the_server_starts(
    damage: bytes, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    written(file, told("a"))
    assert [job.id for job in Ledger(file).open()] == ["a"]
    assert [aside.read_bytes() for aside in file.parent.glob("*.spoilt-*")] == [damage]
    assert "is spoilt" in caplog.text


def test_a_row_of_another_version_is_left_out(file: Path) -> None:
    written(file, told("a"))
    with sqlite3.connect(file) as table:
        table.execute("INSERT INTO jobs VALUES ('b', '{}')")
    table.close()
    assert [job.id for job in Ledger(file).open()] == ["a"]


def test_a_second_server_in_the_same_folder_works_without_a_list(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Ledger(file), Ledger(file)
    first.open()
    assert second.open() == []
    second.write([told("b")])
    assert "another server holds it" in caplog.text
    first.close()
    assert Ledger(file).open() == []
