"""Who looks? One thread that reads every value, asks about models through the queue, and tells of changes."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from neuronscope import catalogue
from neuronscope.doors.server.watch import readings, rules
from neuronscope.doors.server.watch.ledger import Event, Ledger, Row
from neuronscope.doors.server.watch.readings import Reading
from neuronscope.doors.server.watch.rules import WATCHED, Rule, RuleBook, read_rules, write_rules
from neuronscope.doors.server.watch.states import State, after
from neuronscope.doors.server.watch.webhooks import Message, Postman
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import Busy, Full, Jobs
from neuronscope.doors.server.work.question import question
from neuronscope.results import Store, log
from neuronscope.words import BadInput

PACE = 5.0
"""Seconds from one look to the next."""
READING_EVERY = 60.0
"""Seconds between two readings that are kept, unless something changes."""
DATABASE = "watch.sqlite"


@dataclass(frozen=True)
class Standing:
    """A rule, where it stands, and whether it is being looked into now."""

    rule: Rule
    state: State
    checking: bool


class Monitor:
    """The rules in force and where each stands.

    What needs no model is read at every look. A model is asked by an ordinary question: on a schedule only
    where nothing else waits for it, on request at the end of the queue. Only ``look`` changes a state.
    """

    def __init__(
        self,
        *,
        store: Store,
        jobs: Jobs,
        postman: Postman | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.file = store.folder / rules.FILE
        self.trouble: str | None = None
        self._store, self._jobs, self._clock = store, jobs, clock
        self._postman = postman or Postman()
        self._ledger = Ledger(store.folder / DATABASE)
        self._lock = threading.RLock()
        self._bell = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._asked: dict[str, Job] = {}
        self._wanted: set[str] = set()
        self._kept: dict[str, float] = {}
        self._written = -1.0
        self.book = rules.DEFAULTS
        self._states: dict[str, State] = {}
        self._after: list[Callable[[], None]] = []

    def open(self) -> None:
        """Take up the states of an earlier run and start looking."""
        self._take_up()
        self._postman.open()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; an alert stays what it is until the server is back."""
        self._closed = True
        self._bell.set()
        if self._thread is not None:
            self._thread.join(PACE)
        self._postman.close()

    def every_look(self, work: Callable[[], None]) -> None:
        """Have something done at every look."""
        self._after.append(work)

    def look(self) -> None:
        """Read what there is to read, ask what is due, and tell what changed."""
        with self._lock:
            self._reread()
            now = self._clock()
            told = [job.body() for job in self._jobs.all()]
            for rule in self.book.rules:
                if rule.paused:
                    continue
                if rule.of_model:
                    self._look_at_model(rule, now)
                else:
                    self._record(
                        rule, readings.of_server(rule, jobs=told, folder=self._store.folder, now=now), now
                    )
            self._wanted.clear()
        for work in self._after:
            work()

    def want(self, names: Iterable[str] | None) -> None:
        """Have the models of some rules, or of all, asked at the next look.

        Raises ``BadInput`` for a rule that there is not.
        """
        with self._lock:
            known = [rule.name for rule in self.book.rules]
            for name in names or known:
                if name not in known:
                    raise BadInput(f"There is no rule {name!r}; there are {', '.join(known) or 'none'}.")
                self._wanted.add(name)

    def standings(self) -> list[Standing]:
        """Return every rule and where it stands."""
        with self._lock:
            return [Standing(rule, self._state(rule), rule.name in self._asked) for rule in self.book.rules]

    def standing(self, name: str) -> Standing | None:
        """Return one rule and where it stands."""
        return next((one for one in self.standings() if one.rule.name == name), None)

    def history(self, *, rule: str | None, before: int | None, limit: int) -> list[Row]:
        """Return what happened, newest first."""
        return self._ledger.history(rule=rule, before=before, limit=limit)

    def past(self, rule: str) -> list[tuple[float, float]]:
        """Return the last readings of a rule, oldest first."""
        return self._ledger.readings(rule)

    def acknowledge(self, name: str, actor: str) -> None:
        """Note that somebody has seen an alert; raises ``BadInput`` where the rule does not fire."""
        with self._lock:
            found = self.standing(name)
            if found is None or found.state.standing != "firing":
                raise BadInput(f"{name!r} does not fire now, so there is nothing to acknowledge.")
            if found.state.acknowledged_by is not None:
                return
            state = replace(found.state, acknowledged_by=actor, acknowledged=self._clock())
            self._states[name] = state
            self._ledger.keep(state)
            self._note(found.rule, state, "acknowledged", actor=actor)

    def put(self, rule: Rule) -> None:
        """Add a rule or put it in the place of the one of its name, and write the file.

        Raises ``BadInput`` where the rule does not fit the others, or the file cannot be written.
        """
        with self._lock:
            before = self.book.named(rule.name)
            others = [rule if one.name == rule.name else one for one in self.book.rules]
            self._change(others if before is not None else [*others, rule])
            if before is not None and _asks(before) != _asks(rule):
                self._forget(before)

    def remove(self, name: str) -> bool:
        """Take a rule out and write the file; say whether it was there."""
        with self._lock:
            rule = self.book.named(name)
            if rule is None:
                return False
            self._change([one for one in self.book.rules if one.name != name])
            self._forget(rule)
            return True

    def _watch(self) -> None:
        while not self._closed:
            try:
                self.look()
            except Exception:
                log.exception("Looking at what is watched failed")
            self._bell.wait(PACE)
            self._bell.clear()

    def _take_up(self) -> None:
        """Take up where the rules stood; one that was pending begins anew, since nobody looked meanwhile."""
        for name, state in self._ledger.states().items():
            self._states[name] = replace(state, standing="calm") if state.standing == "pending" else state
        self._reread()

    def _reread(self) -> None:
        """Take the rules from the file where it changed; what is wrong in it leaves those in force."""
        try:
            written = self.file.stat().st_mtime
        except OSError:
            written = 0.0
        if written == self._written:
            return
        self._written = written
        try:
            self._adopt(read_rules(self.file))
            self.trouble = None
        except BadInput as error:
            self.trouble = f"{error} The rules before it stay in force."
            log.warning("%s", self.trouble)

    def _adopt(self, book: RuleBook) -> None:
        gone = [rule for rule in self.book.rules if book.named(rule.name) is None]
        self.book = book
        for rule in gone:
            self._forget(rule)

    def _change(self, others: list[Rule]) -> None:
        if self.trouble is not None:
            raise BadInput(f"{self.trouble} Mend the file first.")
        book = self.book.changed(others)
        write_rules(self.file, book)
        self.book, self._written = book, self.file.stat().st_mtime

    def _forget(self, rule: Rule) -> None:
        state = self._states.pop(rule.name, None)
        self._asked.pop(rule.name, None)
        self._ledger.forget(rule.name)
        if state is not None and state.standing == "firing":
            self._tell(rule, state, "removed")

    def _state(self, rule: Rule) -> State:
        return self._states.get(rule.name) or State(rule.name)

    def _look_at_model(self, rule: Rule, now: float) -> None:
        job = self._asked.get(rule.name)
        if job is not None:
            if job.ended:
                del self._asked[rule.name]
                self._take_answer(rule, job, now)
            return
        every, last = 60 * self.book.check_minutes, self._state(rule).read
        due = every > 0 and (last is None or now - last >= every)
        if due or rule.name in self._wanted:
            self._ask(rule, now, wait=rule.name in self._wanted)

    def _ask(self, rule: Rule, now: float, *, wait: bool) -> None:
        try:
            asked = readings.question(rule, self._store)
            definition = catalogue.find(asked.analysis)
            job = question(definition, asked.arguments, name=asked.analysis, reach=self._jobs.reach)
            answer = self._jobs.known(job)
            if answer is not None:
                self._record(rule, readings.of_answer(rule, answer, self._store), now)
                return
            self._jobs.add(job, only_if_free=not wait)
            self._asked[rule.name] = job
        except (Busy, Full):
            return  # asked again at the next look
        except BadInput as error:
            self._record(rule, Reading(None, str(error)), now)

    def _take_answer(self, rule: Rule, job: Job, now: float) -> None:
        body = job.body()
        if body.result is None:
            self._record(rule, Reading(None, body.error or f"The check was {body.state}."), now)
            return
        try:
            answer: Any = self._store.open(body.result)
            found = readings.of_answer(rule, answer, self._store)
        except BadInput as error:
            found = Reading(None, str(error))
        self._record(rule, found, now)

    def _record(self, rule: Rule, reading: Reading, now: float) -> None:
        before = self._state(rule)
        if reading.value is None or math.isnan(reading.value):
            state = replace(before, read=now, note=reading.note)
            change = None
        else:
            state, change = after(before, rule, reading.value, now)
            state = replace(state, note=reading.note)
        self._states[rule.name] = state
        due = now - self._kept.get(rule.name, -math.inf) >= READING_EVERY
        if due or rule.of_model or state.standing != before.standing:
            self._kept[rule.name] = now
            self._ledger.keep(state, reading=reading.value is not None)
        if change is not None:
            self._tell(rule, state, change)

    def _tell(self, rule: Rule, state: State, event: Event) -> None:
        number, text = self._note(rule, state, event)
        log.log(30 if event == "fired" else 20, "Alert %s: %s", event, text)
        webhook = self.book.webhooks.get(rule.webhook or "")
        if webhook is None:
            return
        body = message(rule, state, event, text=text, now=self._clock())
        self._postman.post(Message(webhook, body, lambda outcome: self._ledger.delivered(number, outcome)))

    def _note(self, rule: Rule, state: State, event: Event, actor: str | None = None) -> tuple[int, str]:
        text = sentence(rule, state)
        row = Row(
            0, self._clock(), rule.name, event, state.value, rule.threshold, rule.severity, text, actor, None
        )
        return self._ledger.note(row), text


def sentence(rule: Rule, state: State) -> str:
    """Say where a rule stands, in a sentence."""
    watched = WATCHED[rule.metric]
    title = f"{watched.title} of {rule.model}" if rule.model else watched.title
    now = "not known yet" if state.value is None else in_unit(state.value, watched.unit)
    if state.standing == "firing":
        return f"{title}: {now}; calm again at {in_unit(rule.clears_at, watched.unit)}."
    side = "above" if watched.above else "below"
    return f"{title}: {now}; an alert {side} {in_unit(rule.threshold, watched.unit)}."


def in_unit(value: float, unit: str) -> str:
    """Write a value with its unit, shares as percent.

    >>> in_unit(0.5, "share of jobs"), in_unit(2, "GB")
    ('50 % of jobs', '2 GB')
    """
    part, of, whole = unit.partition(" of ")
    return f"{100 * value:.3g} % of {whole}" if of and part == "share" else f"{value:.3g} {unit}"


def message(rule: Rule, state: State, event: Event, *, text: str, now: float) -> dict[str, Any]:
    """Return what is sent to a webhook."""
    value = state.value if state.value is not None and math.isfinite(state.value) else None
    return {
        "format": "neuronscope-alert",
        "version": 1,
        "event": event,
        "rule": rule.name,
        "metric": rule.metric,
        "model": rule.model,
        "severity": rule.severity,
        "value": value,
        "unit": WATCHED[rule.metric].unit,
        "threshold": rule.threshold,
        "clear": rule.clears_at,
        "text": text,
        "note": state.note,
        "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
    }


def _asks(rule: Rule) -> tuple[Any, ...]:
    """Return what a rule measures, apart from when that is an alert."""
    return (
        rule.metric, rule.model, rule.baseline, rule.reference, rule.shift, rule.n_tokens, rule.window_minutes
    )  # fmt: skip
