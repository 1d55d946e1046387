"""The queue answers in order, one question a model, and stops when asked."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import MOST_ENDED, MOST_UNFINISHED, MOST_WAITING, Busy, Full, Jobs
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import CannotStore, Store
from tests.doors.server.planted import PLANTED, gate


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def jobs(store: Store, shelf: Shelf) -> Iterator[Jobs]:
    queue = Jobs(shelf=shelf, store=store)
    queue.open()
    yield queue
    gate.set()
    queue.close()


def job(name: str, **arguments: Any) -> Job:
    return Job(PLANTED[name], arguments=arguments)


def put(jobs: Jobs, name: str, **arguments: Any) -> Job:
    new = job(name, **arguments)
    jobs.add(new)
    return new


def until(true: Callable[[], bool], patience: float = 20) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def heard(of: Job, after: int = 0) -> list[tuple[int, bodies.Event]]:
    async def collect() -> list[tuple[int, bodies.Event]]:
        return [pair async for pair in of.follow(after)]

    return asyncio.run(asyncio.wait_for(collect(), 20))


def test_a_finished_job_names_a_result_that_is_in_the_store(jobs: Jobs, store: Store) -> None:
    done = put(jobs, "squares", steps=3)
    until(lambda: done.ended)
    body = done.body()
    assert body.state == "done"
    assert body.result is not None
    assert np.asarray(store.open(body.result)["square"]).tolist() == [0, 1, 4]
    assert body.seconds is not None
    assert (body.error, body.status) == (None, None)


def test_progress_is_told_while_the_job_runs(jobs: Jobs) -> None:
    slow = put(jobs, "slow", steps=20, pause=0.01)
    events = [event for _, event in heard(slow)]
    steps = [event for event in events if isinstance(event, bodies.ProgressEvent) and event.what == "steps"]
    assert len(steps) >= 3
    assert [event.done for event in steps] == sorted(event.done for event in steps)
    assert {event.total for event in steps} == {20}
    assert steps[-1].done == 20
    assert isinstance(events[-1], bodies.ResultEvent)
    assert slow.body().done == slow.body().total == 20


def test_events_are_numbered_upwards_and_go_on_after_any_of_them(jobs: Jobs) -> None:
    slow = put(jobs, "slow", steps=5, pause=0.0)
    numbers = [number for number, _ in heard(slow)]
    assert numbers == sorted(set(numbers))
    assert [number for number, _ in heard(slow, after=numbers[-2])] == numbers[-1:]
    assert heard(slow, after=numbers[-1]) == []


def test_who_comes_late_hears_where_the_job_is_and_not_all_it_was(jobs: Jobs) -> None:
    slow = put(jobs, "slow", steps=200, pause=0.0)
    until(lambda: slow.ended)
    assert [event.event for _, event in heard(slow)] == ["queued", "progress", "result"]


def test_a_waiting_job_knows_its_place_and_moves_up(jobs: Jobs) -> None:
    first = put(jobs, "held")
    until(lambda: first.state == "running")
    second, third = put(jobs, "squares"), put(jobs, "squares", steps=5)
    assert third.after(0)[0][1] == bodies.QueuedEvent(position=2)
    jobs.cancel(second)
    assert second.body().state == "cancelled"
    assert third.after(0)[-1][1] == bodies.QueuedEvent(position=1)
    gate.set()
    until(lambda: third.ended)
    assert third.body().state == "done"


def test_a_running_job_is_cancelled_at_its_next_step(jobs: Jobs, store: Store) -> None:
    slow = put(jobs, "slow", steps=10_000, pause=0.01)
    until(lambda: slow.state == "running" and slow.body().done > 0)
    jobs.cancel(slow)
    until(lambda: slow.ended, patience=5)
    assert slow.body().state == "cancelled"
    assert slow.body().result is None
    assert [event.event for _, event in heard(slow)][-1] == "cancelled"
    assert store.ls() == []


def test_a_waiting_job_that_is_cancelled_never_runs(jobs: Jobs) -> None:
    first, second = put(jobs, "held"), put(jobs, "failing")
    jobs.cancel(second)
    gate.set()
    until(lambda: first.ended)
    assert second.body().state == "cancelled"
    assert second.body().seconds is None


def test_cancelling_what_has_ended_changes_nothing(jobs: Jobs) -> None:
    done = put(jobs, "squares")
    until(lambda: done.ended)
    jobs.cancel(done)
    assert done.body().state == "done"


def test_the_thread_lives_on_after_a_failure_and_an_exit(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    broken, gone, done = put(jobs, "failing"), put(jobs, "leaving"), put(jobs, "squares")
    until(lambda: done.ended)
    assert broken.body().error == "failing failed with RuntimeError; the server's log has the details."
    assert gone.body().error == "leaving failed with SystemExit; the server's log has the details."
    assert (broken.body().status, gone.body().status) == (500, 500)
    assert done.body().state == "done"
    assert "a secret path" in caplog.text


def test_bad_input_that_shows_only_while_running_is_the_askers_fault(jobs: Jobs) -> None:
    lost = put(jobs, "widths", model="/no/such/folder")
    until(lambda: lost.ended)
    body = lost.body()
    assert (body.state, body.status) == ("failed", 422)
    assert body.error is not None
    assert "/no/such/folder" in body.error


def test_a_full_disk_loses_no_answer_and_is_told_in_its_own_words(
    jobs: Jobs, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise CannotStore(28, "The store cannot keep the result (No space left); free some space.")

    monkeypatch.setattr(store, "put", refuse)
    full = put(jobs, "squares")
    until(lambda: full.ended)
    assert full.body().state == "done"
    assert full.body().result
    assert "No space left" in caplog.text


def test_one_model_answers_one_question_at_a_time_and_two_models_work_at_once(
    jobs: Jobs, tiny_model: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, same = put(jobs, "widths", model=tiny_model), put(jobs, "widths", model=tiny_model, steps=3)
    other = Job(PLANTED["widths"], arguments={"model": tiny_model}, dtype="float64")
    third = Job(PLANTED["widths"], arguments={"model": tiny_model}, dtype="bfloat16")
    jobs.add(other)
    jobs.add(third)
    without = put(jobs, "squares")
    until(lambda: first.body().total is not None and other.body().total is not None and without.ended)
    assert (same.state, third.state) == ("queued", "queued")
    gate.set()
    until(lambda: all(each.ended for each in (first, same, other, third)))
    assert {each.body().state for each in (first, same, other, third)} == {"done"}


def test_no_more_than_two_models_stay_open(jobs: Jobs, shelf: Shelf, tiny_model: str) -> None:
    gate.set()
    for dtype in ("float32", "float64", "bfloat16"):
        each = Job(PLANTED["widths"], arguments={"model": tiny_model}, dtype=dtype)
        jobs.add(each)
        until(lambda each=each: each.ended)
        assert each.body().state == "done", each.body().error
    assert [place[2] for place in shelf.places()] == ["float64", "bfloat16"]


def test_a_result_is_a_subject_by_its_digest(jobs: Jobs, store: Store) -> None:
    parent = put(jobs, "squares", steps=3)
    until(lambda: parent.ended)
    child = put(jobs, "halves", parent=parent.body().result, factor=2.0)
    until(lambda: child.ended)
    assert child.body().result is not None, child.body().error
    assert np.asarray(store.open(child.body().result or "")["half"]).tolist() == [0, 2, 8]


def test_looking_up_computes_nothing_and_opens_no_model(
    jobs: Jobs, shelf: Shelf, store: Store, tiny_model: str
) -> None:
    assert jobs.known(job("squares")) is None
    assert jobs.known(job("widths", model=tiny_model)) is None
    assert (store.ls(), shelf.places()) == ([], [])
    gate.set()
    for new in (put(jobs, "squares"), put(jobs, "widths", model=tiny_model)):
        until(lambda new=new: new.ended)
    assert jobs.known(job("squares")) is not None
    assert jobs.known(job("widths", model=tiny_model)) is not None
    assert jobs.known(job("squares", steps=5)) is None
    assert len(store.ls()) == 2


def test_a_full_queue_takes_no_more(store: Store) -> None:
    jobs = Jobs(shelf=Shelf(), store=store)
    for _ in range(MOST_WAITING):
        put(jobs, "squares")
    with pytest.raises(Full):
        put(jobs, "squares")


def test_only_the_newest_ended_jobs_are_remembered(store: Store) -> None:
    jobs = Jobs(shelf=Shelf(), store=store)
    for _ in range(MOST_ENDED + 5):
        jobs.cancel(put(jobs, "squares"))
    kept = put(jobs, "squares")
    assert len(jobs.all()) == MOST_ENDED + 1
    assert jobs.all()[0] is kept
    assert jobs.find(kept.id) is kept


def test_closing_interrupts_what_waits_and_what_runs(store: Store) -> None:
    jobs = Jobs(shelf=Shelf(), store=store)
    jobs.open()
    running = put(jobs, "slow", steps=10_000, pause=0.01)
    until(lambda: running.state == "running")
    waiting = put(jobs, "slow")
    jobs.close()
    assert (running.state, waiting.state) == ("interrupted", "interrupted")
    assert heard(running)[-1][1] == bodies.InterruptedEvent()


def test_closing_does_not_wait_for_work_that_hears_nothing(store: Store) -> None:
    jobs = Jobs(shelf=Shelf(), store=store)
    jobs.open()
    deaf = put(jobs, "deaf")
    until(lambda: deaf.state == "running")
    began = time.monotonic()
    jobs.close(patience=0.1)
    assert time.monotonic() - began < 5
    assert deaf.state == "interrupted"


def test_a_closed_queue_takes_nothing_up(store: Store) -> None:
    jobs = Jobs(shelf=Shelf(), store=store)
    jobs.open()
    jobs.close()
    late = put(jobs, "squares")
    assert late.state == "cancelled"


def test_every_follower_hears_the_end(jobs: Jobs) -> None:
    slow = put(jobs, "slow", steps=20, pause=0.01)
    ends: list[str] = []
    threads = [threading.Thread(target=lambda: ends.append(heard(slow)[-1][1].event)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert ends == ["result"] * 8


def test_settling_gives_up_after_its_time_and_returns_at_once_after_the_end(jobs: Jobs) -> None:
    held = put(jobs, "held")
    began = time.monotonic()
    asyncio.run(held.settle(0.1))
    assert not held.ended
    gate.set()
    asyncio.run(held.settle(20))
    assert held.ended
    asyncio.run(held.settle(20))
    assert time.monotonic() - began < 15


def test_who_cannot_wait_is_turned_away_while_another_question_of_the_kind_runs(
    jobs: Jobs, tiny_model: str
) -> None:
    put(jobs, "held")
    with pytest.raises(Busy):
        jobs.add(job("squares"), only_if_free=True)
    other = job("widths", model=tiny_model)
    jobs.add(other, only_if_free=True)
    with pytest.raises(Busy):
        jobs.add(job("widths", model=tiny_model, steps=3), only_if_free=True)
    gate.set()
    until(lambda: other.ended)


def test_only_the_newest_ended_jobs_keep_what_they_had(jobs: Jobs) -> None:
    stopped = []
    for rows in range(1, MOST_UNFINISHED + 3):
        each = put(jobs, "filling", rows=rows)
        until(lambda each=each: each.keeps_unfinished)
        jobs.cancel(each)
        gate.set()
        until(lambda each=each: each.ended)
        gate.clear()
        stopped.append(each)
    assert [each.keeps_unfinished for each in stopped] == [False] * 2 + [True] * MOST_UNFINISHED
