"""How far is one question? Its state, and the events by which a page follows it."""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import xarray as xr

from neuronscope import contract
from neuronscope.contract import RUNS, Definition
from neuronscope.doors.server import bodies
from neuronscope.doors.server.work.shelf import Place
from neuronscope.results import Cancelled, Progress, stamp

PACE = 0.05
"""Seconds between two events of one stream, so that fast work does not flood the page."""

Ending = (
    bodies.ResultEvent
    | bodies.MadeEvent
    | bodies.ErrorEvent
    | bodies.CancelledEvent
    | bodies.InterruptedEvent
)
Lane = Literal["models", "plain", "beside"]
_GOING = bodies.QueuedEvent | bodies.ProgressEvent | bodies.PartialEvent


class Job:
    """One question from the queue to its answer.

    Of each sort of event only the latest is kept, under a number that rises: a page that comes late
    or comes back hears where the job is, not all it has been through.
    """

    def __init__(
        self,
        definition: Definition | None,
        *,
        arguments: Mapping[str, Any],
        name: str = "",
        asked: Mapping[str, Any] | None = None,
        made: str | None = None,
        **machine: Any,
    ) -> None:
        """Take a question: ``made`` names what a maker is to leave, ``machine`` is where and how it runs.

        Without a definition the job is one of an earlier run of the server, and can only be told of. ``work``
        answers, as ``contract.ask`` does; what is not ``kept`` is forgotten when the server stops. A job that
        runs ``beside`` the others uses a twin of its model; ``wake`` tells work that is held to stop.
        """
        self.id = secrets.token_hex(8)
        self.definition = definition
        self.name = name or (definition.name if definition else "")
        self.arguments = dict(arguments)
        self.asked = dict(arguments if asked is None else asked)
        self.made = made
        self.machine = {"device": "cpu", "dtype": "float32"} | machine
        self.work: Callable[..., Any] = contract.ask
        self.kept = True
        self.beside = False
        self.wake: Callable[[], object] = lambda: None
        self.state: bodies.JobState = "queued"
        self.interruptions = 0
        self._created = datetime.now(UTC)
        self._started = self._ended = 0.0
        self._progress = bodies.ProgressEvent(what="", done=0, total=None)
        self._ending: Ending | None = None
        self._unfinished: xr.Dataset | None = None
        self._offers = 0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._events: dict[str, tuple[int, bodies.Event]] = {}
        self._number = 0
        self._bells: set[Callable[[], None]] = set()

    def goes_on(self, told: bodies.Job) -> None:
        """Become the job that an earlier run of the server told of, under its id.

        Event numbers go on far above those of that run, so that a page which comes back hears what follows.
        """
        self.id, self.interruptions = told.id, told.interruptions
        self._created = datetime.fromisoformat(told.created)
        self._number = time.time_ns() // 1000
        self._progress = bodies.ProgressEvent(what=told.what, done=told.done, total=told.total)
        self.made = told.made
        if told.state == "interrupted":
            self.state = "interrupted"
        if told.seconds is not None:
            self._ended = time.monotonic()
            self._started = self._ended - told.seconds
        if told.result is not None:
            self._tell(bodies.ResultEvent(digest=told.result), state="done")
        elif told.state == "done" and told.made is not None:
            self._tell(bodies.MadeEvent(name=told.made), state="done")
        elif told.error is not None:
            self._tell(bodies.ErrorEvent(detail=told.error, status=told.status or 500), state="failed")
        elif told.state == "cancelled":
            self._tell(bodies.CancelledEvent(), state="cancelled")

    @property
    def places(self) -> set[Place]:
        """Return the models and series of models that the job uses, and the folder that it makes."""
        subjects = self.definition.subjects.values() if self.definition else ()
        named = [
            self.arguments[subject.name]
            for subject in subjects
            if subject.type.name in RUNS and isinstance(self.arguments.get(subject.name), str)
        ]
        places = {(name, self.machine["device"], self.machine["dtype"]) for name in named}
        return places if self.made is None else places | {(self.made, "", "")}

    @property
    def lane(self) -> Lane:
        """Return which threads may work on the job."""
        if self.beside:
            return "beside"
        return "models" if self.places else "plain"

    @property
    def ended(self) -> bool:
        """Say whether nothing more will happen."""
        return self._ending is not None

    def body(self) -> bodies.Job:
        """Describe the job as the server replies it."""
        with self._lock:
            ending = self._ending
            seconds = (self._ended or time.monotonic()) - self._started if self._started else None
            return bodies.Job(
                id=self.id,
                sort="ask" if self.made is None else "make",
                analysis=self.name,
                arguments=self.asked,
                state=self.state,
                what=self._progress.what,
                done=self._progress.done,
                total=self._progress.total,
                result=ending.digest if isinstance(ending, bodies.ResultEvent) else None,
                made=self.made,
                error=ending.detail if isinstance(ending, bodies.ErrorEvent) else None,
                status=ending.status if isinstance(ending, bodies.ErrorEvent) else None,
                created=self._created.isoformat(),
                seconds=seconds,
                interruptions=self.interruptions,
            )

    def wait_at(self, position: int) -> None:
        """Tell where in the queue the job stands."""
        self._tell(bodies.QueuedEvent(position=position))

    def start(self) -> None:
        """Note that the job runs."""
        self._started = time.monotonic()
        self._tell(self._progress, state="running")

    def listen(self, progress: Progress) -> None:
        """Pass progress on; raises ``Cancelled`` where somebody asked for that."""
        self.check()
        self._progress = bodies.ProgressEvent(what=progress.what, done=progress.done, total=progress.total)
        self._tell(self._progress)

    def see(self, unfinished: xr.Dataset) -> None:
        """Keep the last unfinished answer, and tell that there is one; raises as ``listen`` does."""
        self.check()
        self._unfinished = unfinished
        self._offers += 1
        self._tell(bodies.PartialEvent(number=self._offers))

    def unfinished(self) -> xr.Dataset | None:
        """Return the last unfinished answer under the question it belongs to, or nothing where none is kept.

        Once the whole answer is there, the unfinished one is dropped.
        """
        found = self._unfinished
        if found is None or self.definition is None:
            return None
        about: dict[str, dict[str, Any]] = {"models": {}, "sources": {}, "parents": {}}
        subjects = self.definition.subjects
        for name, subject in subjects.items():
            given = self.arguments.get(name)
            if isinstance(given, str):
                machine = self.machine if subject.type.name in RUNS else {}
                group = {"Model": "models", "Result": "parents"}.get(subject.type.name, "sources")
                about[group][name] = given if group == "parents" else {"name": given, **machine}
        plain = {name: value for name, value in self.arguments.items() if name not in subjects}
        return stamp(
            found,
            analysis=self.definition.name,
            version=self.definition.version,
            arguments=plain,
            models=about["models"],
            parents=about["parents"],
            sources=about["sources"],
        )

    def check(self) -> None:
        """Raise ``Cancelled`` where somebody asked for that."""
        if self._stopping.is_set():
            raise Cancelled

    def stop(self) -> None:
        """Ask the job to stop at its next step."""
        self._stopping.set()
        self.wake()

    @property
    def stopping(self) -> bool:
        """Say whether somebody asked the job to stop."""
        return self._stopping.is_set()

    @property
    def keeps_unfinished(self) -> bool:
        """Say whether an unfinished answer is kept."""
        return self._unfinished is not None

    def drop_unfinished(self) -> None:
        """Let go of the unfinished answer."""
        self._unfinished = None

    def end(self, ending: Ending) -> None:
        """Note how the job ended."""
        states: dict[str, bodies.JobState] = {
            "result": "done",
            "made": "done",
            "error": "failed",
            "cancelled": "cancelled",
            "interrupted": "interrupted",
        }
        self._ended = time.monotonic()
        if isinstance(ending, bodies.ResultEvent):
            self._unfinished = None
        self._tell(ending, state=states[ending.event])

    def after(self, number: int) -> list[tuple[int, bodies.Event]]:
        """Return the events numbered above ``number``, in order."""
        with self._lock:
            return sorted(
                (pair for pair in self._events.values() if pair[0] > number), key=lambda pair: pair[0]
            )

    async def follow(self, number: int = 0) -> AsyncIterator[tuple[int, bodies.Event]]:
        """Yield the events numbered above ``number`` as they come, up to the one that ends the job."""
        with self._ringing() as bell:
            while True:
                bell.clear()
                ended, events = self.ended, self.after(number)
                for heard, event in events:
                    number = heard
                    yield heard, event
                if ended and not self.after(number):
                    return
                await bell.wait()
                await asyncio.sleep(PACE)

    async def settle(self, seconds: float) -> None:
        """Wait until the job has ended, at most so long."""
        with self._ringing() as bell, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.ended:
                    bell.clear()
                    if not self.ended:
                        await bell.wait()

    def _tell(self, event: bodies.Event, *, state: bodies.JobState | None = None) -> None:
        with self._lock:
            self._number += 1
            self._events[event.event] = (self._number, event)
            self.state = state or self.state
            if not isinstance(event, _GOING):
                self._ending = event
            bells = list(self._bells)
        for ring in bells:
            ring()

    @contextlib.contextmanager
    def _ringing(self) -> Iterator[asyncio.Event]:
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed and nobody listens
                loop.call_soon_threadsafe(bell.set)

        with self._lock:
            self._bells.add(ring)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells.discard(ring)
