"""What is being worked on? A queue, one question at a time for each model, two models at once.

Streams run beside the questions, each on a twin of its model, so that nobody waits for one that is paused.
"""

import errno
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neuronscope import catalogue, contract
from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.job import Ending, Job, Lane
from neuronscope.doors.server.work.ledger import Ledger
from neuronscope.doors.server.work.made import PREFIX
from neuronscope.doors.server.work.question import order, question
from neuronscope.doors.server.work.reach import Reach
from neuronscope.doors.server.work.shelf import MOST, Place, Shelf
from neuronscope.results import Cancelled, CannotStore, NotStored, Store, digest, listening
from neuronscope.words import BadInput

log = logging.getLogger(__name__)

MOST_WAITING = 100
LANES: dict[Lane, int] = {"models": MOST, "plain": 1, "beside": 4}
"""How many jobs of a sort run at once: those about models, those about none, and streams."""
MOST_ENDED = 200
MOST_UNFINISHED = 8
"""How many ended jobs keep an unfinished answer."""
MOST_INTERRUPTIONS = 3
"""How often the server may die while a job runs before that is not tried again."""
FULL = (errno.ENOSPC, errno.EDQUOT)
PATIENCE = 5.0
"""Seconds that a closing server gives running jobs to stop."""


class Full(Exception):
    """Raised when no more questions can wait."""


class Busy(Exception):
    """Raised where a question cannot be taken up at once."""


class _Answered(Store):
    """A store, for a look-up that must not compute: what it does not have, it refuses."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.folder)
        self._store = store

    def get(self, key: str) -> Any:
        try:
            found = self._store.get(key)
        except CannotStore:
            found = None
        if found is None:
            raise NotStored("This question was not asked before.")
        return found


class Jobs:
    """The questions that wait, run and have ended, and the threads that answer them.

    Each thread takes the first waiting question that it may: of those about a model, one whose models
    no other question is using; a thread of its own takes those about none, and threads of their own take
    streams, which wait for no model.
    """

    def __init__(
        self,
        *,
        shelf: Shelf,
        store: Store,
        ledger: Ledger | None = None,
        on_end: Callable[[Job], object] | None = None,
        allowed: tuple[str, ...] | None = None,
    ) -> None:
        self._shelf, self._store = shelf, store
        self._ledger, self._on_end = ledger, on_end
        self.reach = Reach(store.folder / "made", allowed)
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._running: dict[str, Job] = {}
        self._turn = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._given_up: set[str] = set()

    @property
    def home(self) -> Path:
        """Return the folder where makers leave what they make."""
        return self.reach.home

    def open(self) -> None:
        """Take up what an earlier run of the server left, and start the threads."""
        with self._turn:
            for told in self._ledger.open() if self._ledger else []:
                self._take_up(told)
            self._count()
        lanes = [lane for lane, many in LANES.items() for _ in range(many)]
        self._threads = [threading.Thread(target=self._serve, args=(lane,), daemon=True) for lane in lanes]
        for thread in self._threads:
            thread.start()

    def close(self, patience: float = PATIENCE) -> None:
        """Stop every job and wait a moment for the threads to end; they die with the process if not.

        What waits or runs is interrupted and goes on when the server is back. Whoever follows a job that
        will not stop hears that all the same.
        """
        with self._turn:
            already, self._closed = self._closed, True
            for job in [*self._waiting, *self._running.values()]:
                if not already and job.stopping:
                    self._given_up.add(job.id)
                job.stop()
            for job in self._waiting:
                job.end(bodies.InterruptedEvent())  # in the ledger it waits still
            self._waiting.clear()
            self._turn.notify_all()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        with self._turn:
            for job in self._running.values():
                self._end(job, self._stopped(job))
            if self._ledger:
                self._ledger.close()

    def add(self, job: Job, *, only_if_free: bool = False) -> None:
        """Put a job at the end of the queue.

        Raises ``Full`` where too many wait and, with ``only_if_free``, ``Busy`` where it would have to wait.
        """
        with self._turn:
            if len(self._waiting) >= MOST_WAITING:
                raise Full
            if only_if_free and not self._is_free(job):
                raise Busy
            self._jobs[job.id] = job
            if self._closed:
                self._end(job, bodies.CancelledEvent())
                return
            self._waiting.append(job)
            job.wait_at(len(self._waiting))
            self._note(job)
            self._turn.notify_all()

    def known(self, job: Job) -> Any:
        """Return the answer where it is stored and no model must be opened to find it, or nothing."""
        try:
            return contract.ask(
                _definition(job),
                job.arguments,
                store=_Answered(self._store),
                openers={"Model": self._shelf.opened, "Result": self._open_result},
                **job.machine,
            )
        except BadInput:
            return None

    def find(self, job_id: str) -> Job | None:
        """Return a job by its id, or nothing where there is none or it ended long ago."""
        return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Return every job, newest first."""
        with self._turn:
            return list(reversed(self._jobs.values()))

    def became(self, job: Job, asked: Mapping[str, Any]) -> None:
        """Note that a job's question is another by now, so that this one is asked again after a restart."""
        job.asked = dict(asked)
        self._note(job)

    def cancel(self, job: Job) -> None:
        """Take a waiting job out of the queue, or ask a running one to stop at its next step."""
        with self._turn:
            job.stop()
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, bodies.CancelledEvent())
                self._count()

    def _serve(self, lane: Lane) -> None:
        while True:
            with self._turn:
                job = None
                while job is None:
                    if self._closed:
                        return
                    job = self._next(lane)
                    if job is None:
                        self._turn.wait()
                self._waiting.remove(job)
                self._running[job.id] = job
                job.start()
                self._note(job)
                self._count()
            ending = self._answer(job)
            with self._turn:
                del self._running[job.id]
                self._end(
                    job, self._stopped(job, ending) if isinstance(ending, bodies.CancelledEvent) else ending
                )
                self._turn.notify_all()

    def _next(self, lane: Lane) -> Job | None:
        return next((job for job in self._waiting if job.lane == lane and self._may_run(job)), None)

    def _may_run(self, job: Job) -> bool:
        """Say whether no other question uses the models of a job; a stream has a twin of its own."""
        questions = [other for other in self._running.values() if not other.beside]
        return job.beside or not any(job.places & other.places for other in questions)

    def _in_use(self) -> set[Place]:
        return {place for job in list(self._running.values()) for place in job.places}

    def _answer(self, job: Job) -> Ending:
        try:
            job.check()
            with listening(job.listen, unfinished=job.see):
                result = job.work(
                    _definition(job),
                    job.arguments,
                    store=self._store if job.made is None else None,
                    openers={"Model": self._opener(job), "Result": self._open_result},
                    **job.machine,
                )
            if job.made is not None:
                return bodies.MadeEvent(name=job.made)
            return bodies.ResultEvent(digest=digest(result))
        except Cancelled as stop:
            return bodies.CancelledEvent(digest=None if stop.whole is None else digest(stop.whole[0]))
        except BadInput as error:
            # Where things lie on this machine is nobody's business.
            said = str(error).replace(f"{self.home}/", PREFIX)
            return bodies.ErrorEvent(detail=said, status=422)
        except BaseException as error:  # an analysis that calls sys.exit must not take the thread with it
            log.exception("%s failed", job.name)
            if isinstance(error, OSError) and error.errno in FULL:
                detail = f"{job.name} cannot write ({error.strerror}); free some space and ask again."
                return bodies.ErrorEvent(detail=detail, status=507)
            detail = f"{job.name} failed with {type(error).__name__}; the server's log has the details."
            return bodies.ErrorEvent(detail=detail, status=500)

    def _opener(self, job: Job) -> Any:
        def open_model(name: str, *, device: str, dtype: str) -> Any:
            model = self._shelf.open(name, device=device, dtype=dtype, in_use=self._in_use)
            job.check()
            return model

        return open_model

    def _open_result(self, name: str, **options: Any) -> Any:
        if "." in name:
            return contract.open_result(name, **options)
        return self._store.open(name)

    def _take_up(self, told: bodies.Job) -> None:
        """Remember a job of an earlier run, and put it in the queue where it had not ended."""
        if told.state in ("done", "failed", "cancelled"):
            old = Job(None, arguments=told.arguments, name=told.analysis)
            old.goes_on(told)
            self._jobs[told.id] = old
            return
        began, killed = told.state != "queued", told.state == "running"
        told = told.model_copy(
            update={
                "state": "interrupted" if began else "queued",
                "interruptions": told.interruptions + began,
            }
        )
        trouble = None
        try:
            job = self._asked_again(told)
        except BadInput as error:
            job, trouble = Job(None, arguments=told.arguments, name=told.analysis), str(error)
        job.goes_on(told)
        if killed and told.interruptions >= MOST_INTERRUPTIONS:
            trouble = f"it was running each of the {told.interruptions} times that the server died."
        self._jobs[job.id] = job
        if trouble is None:
            self._waiting.append(job)
            self._note(job)
        else:
            said = f"The job could not go on after the server's restart: {trouble}"
            self._end(job, bodies.ErrorEvent(detail=said, status=422))

    def _asked_again(self, told: bodies.Job) -> Job:
        definition = catalogue.find(told.analysis)
        if told.made is None:
            return question(definition, told.arguments, name=told.analysis, reach=self.reach)
        called = told.made.rpartition("/")[2]
        return order(definition, told.arguments, name=told.analysis, called=called, reach=self.reach)

    def _stopped(self, job: Job, ending: bodies.CancelledEvent | None = None) -> Ending:
        """Say how a job ends that was stopped: given up by its asker, or interrupted by the server."""
        gone = not self._closed or job.id in self._given_up
        return (ending or bodies.CancelledEvent()) if gone else bodies.InterruptedEvent()

    def _is_free(self, job: Job) -> bool:
        """Say whether a job would be taken up at once."""
        lanes = [other.lane for other in self._running.values()]
        waits = any(other.lane == job.lane for other in self._waiting)
        return not waits and lanes.count(job.lane) < LANES[job.lane] and self._may_run(job)

    def _end(self, job: Job, ending: Ending) -> None:
        if not job.ended:
            job.end(ending)
            self._note(job)
            if self._on_end:
                self._on_end(job)
        ended = [other for other in self._jobs.values() if other.ended]
        forgotten = ended[: max(0, len(ended) - MOST_ENDED)]
        for old in forgotten:
            del self._jobs[old.id]
        if forgotten and self._ledger:
            self._ledger.forget(old.id for old in forgotten)
        for old in [other for other in ended if other.keeps_unfinished][:-MOST_UNFINISHED]:
            old.drop_unfinished()

    def _note(self, job: Job) -> None:
        if self._ledger and job.kept:
            self._ledger.write([job.body()])

    def _count(self) -> None:
        for position, job in enumerate(self._waiting, start=1):
            job.wait_at(position)


def _definition(job: Job) -> contract.Definition:
    if job.definition is None:
        raise BadInput(f"{job.name} was asked in an earlier run of the server; ask it again.")
    return job.definition
