"""The monitor on models with planted faults, whose values are known beforehand."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from transformers import GPT2LMHeadModel

from neuronscope import catalogue, contract
from neuronscope.doors.server.watch.monitor import Monitor
from neuronscope.doors.server.watch.rules import FILE, Rule
from neuronscope.doors.server.watch.webhooks import Message, Postman
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import Store, digest
from neuronscope.words import BadInput
from tests.doors.server.planted import PLANTED, gate, write_model

N_TOKENS = 64
N_NEURONS = 24
Monitored = Callable[..., Monitor]


class Kept(Postman):
    """A postman that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def post(self, message: Message) -> None:
        self.messages.append(message)


class Clock:
    """A clock that is set by hand."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Give the folder of a model of two layers of 24 neurons."""
    return write_model(tmp_path / "model")


@pytest.fixture
def jobs(store: Store) -> Iterator[Jobs]:
    """Give a queue that works."""
    found = Jobs(shelf=Shelf(), store=store)
    found.open()
    yield found
    gate.set()
    found.close()


@pytest.fixture
def monitored(store: Store, jobs: Jobs) -> Monitored:
    """Make monitors of one store with given rules."""

    def make(*rules: dict[str, Any], **settings: Any) -> Monitor:
        if rules:
            book = {"rules": list(rules), "webhooks": {"team": {"url": "http://127.0.0.1:9/"}}, **settings}
            store.folder.mkdir(parents=True, exist_ok=True)
            (store.folder / FILE).write_text(yaml.safe_dump(book), encoding="utf-8")
        monitor = Monitor(store=store, jobs=jobs, postman=Kept(), clock=Clock())
        monitor._take_up()
        return monitor

    return make


def changed(folder: Path, change: Callable[[Any], None]) -> None:
    """Change the weights of a model in its folder."""
    network: Any = GPT2LMHeadModel.from_pretrained(folder)
    with torch.no_grad():
        change(network.transformer)
    network.save_pretrained(folder)


def checked(monitor: Monitor, *, later: float = 3600) -> None:
    """Look at a later time until every model has answered."""
    clock: Any = monitor._clock
    clock.now += later
    until = time.monotonic() + 60
    monitor.look()
    while any(one.checking for one in monitor.standings()) and time.monotonic() < until:
        time.sleep(0.01)
        monitor.look()
    assert time.monotonic() < until


def found(monitor: Monitor, rule: str = "watched") -> tuple[str, float | None]:
    """Return where a rule stands and its value."""
    standing = monitor.standing(rule)
    assert standing is not None
    return standing.state.standing, standing.state.value


def events(monitor: Monitor) -> list[str]:
    """Return what happened, oldest first."""
    return [row.event for row in monitor.history(rule=None, before=None, limit=100)][::-1]


def baseline(model: Path, store: Store) -> str:
    """Store what the neurons of a model do now, and name its digest."""
    answer = contract.ask(
        catalogue.find("neuron_statistics"), {"model": str(model), "n_tokens": N_TOKENS}, store=store
    )
    return digest(answer)


def drifting(model: Path, store: Store, **more: Any) -> dict[str, Any]:
    """Make a rule of drift against what the model does now."""
    return {
        "name": "watched",
        "metric": "drift",
        "model": str(model),
        "baseline": baseline(model, store),
        "threshold": 0.2,
        "clear": 0.1,
        "webhook": "team",
        **more,
    }


def test_a_model_never_drifts_from_itself(model: Path, store: Store, monitored: Monitored) -> None:
    monitor = monitored(drifting(model, store, threshold=0, clear=0, shift=1e-9))
    for _ in range(3):
        checked(monitor)
        assert found(monitor) == ("calm", 0.0)
    assert events(monitor) == []


def test_planted_drift_fires_and_clears_once_each_with_hysteresis(
    model: Path, store: Store, monitored: Monitored
) -> None:
    monitor = monitored(drifting(model, store))

    def planted(n_neurons: int) -> Callable[[Any], None]:
        def plant(network: Any) -> None:
            write = network.h[1].mlp.c_fc.bias
            write.copy_(torch.zeros(N_NEURONS))
            write[:n_neurons] += 40

        return plant

    changed(model, planted(0))
    monitor.put(Rule(**drifting(model, store)))
    steps = ((0, "calm"), (6, "firing"), (3, "firing"), (2, "calm"), (4, "calm"))
    for n_neurons, standing in steps:
        changed(model, planted(n_neurons))
        checked(monitor)
        assert found(monitor) == (standing, n_neurons / N_NEURONS)
    assert events(monitor) == ["fired", "cleared"]
    postman: Any = monitor._postman
    sent = [message.body for message in postman.messages]
    assert [body["event"] for body in sent] == ["fired", "cleared"]
    assert sent[0]["value"] == 0.25


def test_the_share_of_planted_dead_neurons_is_exact(model: Path, monitored: Monitored) -> None:
    def plant(network: Any) -> None:
        for layer, n_dead in ((0, 5), (1, 2)):
            mlp = network.h[layer].mlp.c_fc
            mlp.weight.zero_()
            mlp.bias.fill_(1.0)
            mlp.bias[:n_dead] = -10

    changed(model, plant)
    rule = {"name": "watched", "metric": "dead_share", "model": str(model), "n_tokens": N_TOKENS}
    monitor = monitored({**rule, "threshold": 0.1})
    checked(monitor)
    assert found(monitor) == ("firing", 7 / (2 * N_NEURONS))


def test_a_model_does_not_diverge_from_itself_but_from_another(
    model: Path, tmp_path: Path, monitored: Monitored
) -> None:
    other = write_model(tmp_path / "other", seed=1)
    rule = {"metric": "divergence", "model": str(model), "threshold": 0, "clear": 0}
    monitor = monitored(
        {**rule, "name": "self", "reference": str(model)},
        {**rule, "name": "watched", "reference": str(other)},
    )
    checked(monitor)
    assert found(monitor, "self") == ("calm", 0.0)
    standing, value = found(monitor)
    assert standing == "firing"
    assert value is not None
    assert value > 0.1


def test_an_alert_outlives_the_server_and_does_not_fire_again(
    model: Path, store: Store, monitored: Monitored
) -> None:
    rule = {"name": "watched", "metric": "dead_share", "model": str(model), "n_tokens": N_TOKENS}
    first = monitored({**rule, "threshold": -1})
    checked(first)
    first.acknowledge("watched", "ada")
    second = monitored()
    standing = second.standing("watched")
    assert standing is not None
    assert (standing.state.standing, standing.state.acknowledged_by) == ("firing", "ada")
    checked(second)
    assert events(second) == ["fired", "acknowledged"]


def test_a_busy_model_is_asked_on_request_only(model: Path, jobs: Jobs, monitored: Monitored) -> None:
    jobs.add(Job(PLANTED["widths"], arguments={"model": str(model)}))
    rule = {"name": "watched", "metric": "dead_share", "model": str(model), "n_tokens": N_TOKENS}
    monitor = monitored({**rule, "threshold": 1})
    until = time.monotonic() + 20
    while jobs.all()[-1].state != "running" and time.monotonic() < until:
        time.sleep(0.01)
    monitor.look()
    assert len(jobs.all()) == 1
    monitor.want(["watched"])
    monitor.look()
    assert [job.name for job in jobs.all()] == ["neuron_statistics", "widths"]
    gate.set()
    checked(monitor, later=0)
    assert found(monitor)[0] == "calm"


def test_models_are_asked_no_more_often_than_the_schedule_says(
    model: Path, jobs: Jobs, monitored: Monitored
) -> None:
    rule = {"name": "watched", "metric": "dead_share", "model": str(model), "n_tokens": N_TOKENS}
    monitor = monitored({**rule, "threshold": 1}, check_minutes=10)

    def read() -> float:
        standing = monitor.standing("watched")
        assert standing is not None
        assert standing.state.read is not None
        return standing.state.read

    checked(monitor)
    first = read()
    checked(monitor, later=599)
    assert read() == first
    checked(monitor, later=1)
    assert read() == first + 600


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"baseline": "0123456789abcdef"}, "is not stored"),
        ({"model": "builtin:no-such"}, "no-such"),
    ],
)
def test_what_cannot_be_measured_says_why_and_changes_nothing(
    model: Path, store: Store, monitored: Monitored, change: dict[str, str], words: str
) -> None:
    monitor = monitored({**drifting(model, store), **change})
    checked(monitor)
    standing = monitor.standing("watched")
    assert standing is not None
    assert (standing.state.standing, standing.state.value) == ("calm", None)
    assert words in standing.state.note
    assert events(monitor) == []


def test_a_file_that_went_wrong_leaves_the_rules_in_force(store: Store, monitored: Monitored) -> None:
    monitor = monitored({"name": "watched", "metric": "memory", "threshold": 0.9})
    file = store.folder / FILE
    file.write_text("rules: [", encoding="utf-8")
    monitor._written = -1.0
    monitor.look()
    assert [one.rule.name for one in monitor.standings()] == ["watched"]
    assert monitor.trouble is not None
    assert "not YAML" in monitor.trouble
    with pytest.raises(BadInput, match="Mend the file"):
        monitor.put(Rule(name="other", metric="memory", threshold=1))
    assert file.read_text(encoding="utf-8") == "rules: ["


def test_a_rule_that_measures_something_else_begins_anew(monitored: Monitored) -> None:
    monitor = monitored({"name": "watched", "metric": "memory", "threshold": 0, "clear": 0})
    monitor.look()
    assert found(monitor)[0] == "firing"
    monitor.put(Rule(name="watched", metric="memory", threshold=1))
    assert found(monitor)[0] == "firing"
    monitor.put(Rule(name="watched", metric="queue_length", threshold=1))
    assert found(monitor) == ("calm", None)
    assert events(monitor) == ["fired", "removed"]


def test_a_spoilt_database_is_set_aside(store: Store, monitored: Monitored) -> None:
    store.folder.mkdir(parents=True, exist_ok=True)
    (store.folder / "watch.sqlite").write_bytes(b"no database" * 100)
    monitor = monitored({"name": "watched", "metric": "memory", "threshold": 0, "clear": 0})
    monitor.look()
    assert events(monitor) == ["fired"]
    assert (store.folder / "watch.spoilt").exists()
