"""What does a monitoring system read? Numbers about the server in the text format of Prometheus."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neuronscope import contract
from neuronscope.doors.server.watch.monitor import Monitor
from neuronscope.doors.server.watch.readings import disk_free, held_bytes
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.models import Model
from neuronscope.results import Store

API = "/api/v1"
MEDIA = "text/plain; version=0.0.4; charset=utf-8"
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)
STORE_EVERY = 15.0
"""Seconds for which the size of the store is remembered, since all its entries are read to know it."""
LEVELS = {"calm": 0, "pending": 1, "firing": 2}


class Metrics:
    """The counters of one server, in a registry of its own."""

    def __init__(self, *, jobs: Jobs, shelf: Shelf, store: Store, monitor: Monitor) -> None:
        disable_created_metrics()  # a line of when each counter began, of no use to anybody
        self._jobs = jobs
        self.registry = CollectorRegistry()
        self.registry.register(_Now(jobs=jobs, shelf=shelf, store=store, monitor=monitor))
        self.requests = Counter(
            "neuronscope_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.sign_in_refusals = Counter(
            "neuronscope_sign_in_refusals",
            "Requests refused because nobody, or a wrong key, was behind them.",
            registry=self.registry,
        )
        self.jobs_ended = Counter(
            "neuronscope_jobs_ended", "Jobs that ended, by how.", ["state"], registry=self.registry
        )
        self.analysis_seconds = Histogram(
            "neuronscope_analysis_seconds",
            "How long questions were worked on; those found in the store are not worked on.",
            ["analysis"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.streamed_tokens = Counter(
            "neuronscope_streamed_tokens",
            "Tokens of streams that ended, those of the prompt too.",
            registry=self.registry,
        )
        for state in ("done", "failed", "cancelled", "interrupted"):
            self.jobs_ended.labels(state)
        self._seen: set[str] = set()
        self._counting = threading.Lock()

    def open(self) -> None:
        """Begin to count; jobs that ended before are an earlier run's."""
        self._seen = {job.id for job in self._jobs.all() if job.ended}

    def count_jobs(self) -> None:
        """Count the jobs that ended since the last call."""
        with self._counting:
            jobs = self._jobs.all()
            for job in jobs:
                if not job.ended or job.id in self._seen:
                    continue
                self._seen.add(job.id)
                body = job.body()
                self.jobs_ended.labels(body.state).inc()
                if job.work is not contract.ask:  # a stream's own
                    self.streamed_tokens.inc(body.done)
                if body.state == "done" and body.seconds is not None:
                    self.analysis_seconds.labels(body.analysis).observe(body.seconds)
            self._seen &= {job.id for job in jobs}

    def text(self) -> bytes:
        """Return all numbers as text."""
        self.count_jobs()
        return generate_latest(self.registry)


class Counted:
    """Count every request by the template of its route, so that names in addresses make no new lines."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"])
            await send(message)

        await self.app(scope, receive, counting)

    def _count(self, scope: Scope, status: int) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, _template(scope), str(status)).inc()
        if status == 401:
            self.metrics.sign_in_refusals.inc()


def _template(scope: Scope) -> str:
    """Return the route of a request with the names of its parts in place of them."""
    route = getattr(scope.get("route"), "path", None)
    if route is None:
        return "none"
    inside = scope["path"].startswith(API) and not route.startswith(API)
    return f"{API if inside else ''}{route}".replace(":path}", "}")


class _Now(Collector):
    """What is read when somebody asks."""

    def __init__(self, *, jobs: Jobs, shelf: Shelf, store: Store, monitor: Monitor) -> None:
        self._jobs, self._shelf, self._store, self._monitor = jobs, shelf, store, monitor
        self._size: tuple[float, int, int] | None = None

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that nothing is read at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the queue, the models, the store and the alerts."""
        states = [job.state for job in self._jobs.all()]
        jobs = _gauge("neuronscope_jobs", "Jobs that wait or run now.", "state")
        for state in ("queued", "running"):
            jobs.add_metric([state], states.count(state))
        yield jobs
        models = _gauge(
            "neuronscope_model_memory_bytes", "Weights of open models.", "model", "device", "dtype"
        )
        for place, model, _ in self._shelf.held():
            models.add_metric(list(place), model_bytes(model))
        yield models
        count, size = self._stored()
        yield _plain("neuronscope_store_results", "Results in the store.", count)
        yield _plain("neuronscope_store_bytes", "What the results in the store take.", size)
        yield _plain("neuronscope_disk_free_bytes", "Room left beside it.", disk_free(self._store.folder))
        yield _plain("neuronscope_memory_bytes", "What the server holds of memory.", held_bytes())
        alerts = _gauge("neuronscope_alert_state", "0 calm, 1 pending, 2 firing.", "rule", "severity")
        for one in self._monitor.standings():
            alerts.add_metric([one.rule.name, one.rule.severity], LEVELS[one.state.standing])
        yield alerts

    def _stored(self) -> tuple[int, int]:
        now = time.monotonic()
        if self._size is None or now - self._size[0] > STORE_EVERY:
            entries = self._store.ls()
            self._size = now, len(entries), sum(entry.bytes for entry in entries)
        return self._size[1:]


def model_bytes(model: Model) -> int:
    """Return the bytes that the weights of a model take, those that are shared counted once."""
    network: Any = model.hf
    stores = {
        one.untyped_storage().data_ptr(): one.untyped_storage().nbytes()
        for one in (*network.parameters(), *network.buffers())
    }
    return sum(stores.values())


def _gauge(name: str, help: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help, labels=labels)


def _plain(name: str, help: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help, value=value)
