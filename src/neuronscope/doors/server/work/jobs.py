"""What is being worked on? A queue, one question at a time for each model, two models at once."""

import logging
import threading
import time
from typing import Any

from neuronscope import contract
from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.job import Ending, Job
from neuronscope.doors.server.work.shelf import MOST, Place, Shelf
from neuronscope.results import Cancelled, CannotStore, NotStored, Store, digest, listening
from neuronscope.words import BadInput

log = logging.getLogger(__name__)

MOST_WAITING = 100
MOST_ENDED = 200
PATIENCE = 5.0
"""Seconds that a closing server gives running jobs to stop."""


class Full(Exception):
    """Raised when no more questions can wait."""


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
    no other thread is using; a thread of its own takes those about none.
    """

    def __init__(self, *, shelf: Shelf, store: Store) -> None:
        self._shelf, self._store = shelf, store
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._running: dict[str, Job] = {}
        self._turn = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Start the threads."""
        lanes = [True] * MOST + [False]
        self._threads = [
            threading.Thread(target=self._serve, args=(on_models,), daemon=True) for on_models in lanes
        ]
        for thread in self._threads:
            thread.start()

    def close(self, patience: float = PATIENCE) -> None:
        """Cancel every job and wait a moment for the threads to end; they die with the process if not.

        Whoever follows a job that will not stop hears that it was cancelled all the same.
        """
        with self._turn:
            self._closed = True
            for job in [*self._waiting, *self._running.values()]:
                self.cancel(job)
            self._turn.notify_all()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        with self._turn:
            for job in self._running.values():
                self._end(job, bodies.CancelledEvent())

    def add(self, job: Job) -> None:
        """Put a job at the end of the queue; raises ``Full`` where too many wait."""
        with self._turn:
            if len(self._waiting) >= MOST_WAITING:
                raise Full
            self._jobs[job.id] = job
            if self._closed:
                self._end(job, bodies.CancelledEvent())
                return
            self._waiting.append(job)
            job.wait_at(len(self._waiting))
            self._turn.notify_all()

    def known(self, job: Job) -> Any:
        """Return the answer where it is stored and no model must be opened to find it, or nothing."""
        try:
            return contract.ask(
                job.definition,
                job.arguments,
                store=_Answered(self._store),
                openers={"Model": self._shelf.opened, "Result": self._open_result},
                device=job.device,
                dtype=job.dtype,
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

    def cancel(self, job: Job) -> None:
        """Take a waiting job out of the queue, or ask a running one to stop at its next step."""
        with self._turn:
            job.stop()
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, bodies.CancelledEvent())
                self._count()

    def _serve(self, on_models: bool) -> None:
        while True:
            with self._turn:
                job = None
                while job is None:
                    if self._closed:
                        return
                    job = self._next(on_models)
                    if job is None:
                        self._turn.wait()
                self._waiting.remove(job)
                self._running[job.id] = job
                job.start()
                self._count()
            ending = self._answer(job)
            with self._turn:
                del self._running[job.id]
                self._end(job, ending)
                self._turn.notify_all()

    def _next(self, on_models: bool) -> Job | None:
        busy = self._busy()
        for job in self._waiting:
            if bool(job.places) == on_models and not job.places & busy:
                return job
        return None

    def _busy(self) -> set[Place]:
        return {place for job in list(self._running.values()) for place in job.places}

    def _answer(self, job: Job) -> Ending:
        try:
            job.check()
            with listening(job.listen, unfinished=job.see):
                result = contract.ask(
                    job.definition,
                    job.arguments,
                    store=self._store,
                    openers={"Model": self._opener(job), "Result": self._open_result},
                    device=job.device,
                    dtype=job.dtype,
                )
            return bodies.ResultEvent(digest=digest(result))
        except Cancelled:
            return bodies.CancelledEvent()
        except BadInput as error:
            return bodies.ErrorEvent(detail=str(error), status=422)
        except BaseException as error:  # an analysis that calls sys.exit must not take the thread with it
            log.exception("%s failed", job.name)
            detail = f"{job.name} failed with {type(error).__name__}; the server's log has the details."
            return bodies.ErrorEvent(detail=detail, status=500)

    def _opener(self, job: Job) -> Any:
        def open_model(name: str, *, device: str, dtype: str) -> Any:
            model = self._shelf.open(name, device=device, dtype=dtype, in_use=self._busy)
            job.check()
            return model

        return open_model

    def _open_result(self, name: str, **options: Any) -> Any:
        if "." in name:
            return contract.open_result(name, **options)
        return self._store.open(name)

    def _end(self, job: Job, ending: Ending) -> None:
        if not job.ended:
            job.end(ending)
        ended = [other.id for other in self._jobs.values() if other.ended]
        for job_id in ended[: max(0, len(ended) - MOST_ENDED)]:
            del self._jobs[job_id]

    def _count(self) -> None:
        for position, job in enumerate(self._waiting, start=1):
            job.wait_at(position)
