"""What is watched, and from which value on is it an alert? Rules in a file, or those that ship."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from neuronscope.words import BadInput

FILE = "alerts.yaml"
LARGEST_FILE = 200_000
MOST_RULES = 100
EASED = 0.8
"""Share of its threshold to which a value must fall unless the rule says; where low is bad, one over it."""

Metric = Literal["drift", "dead_share", "divergence", "failed_jobs", "queue_length", "disk_free", "memory"]
Severity = Literal["notice", "warning", "critical"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


@dataclass(frozen=True)
class Watched:
    """One thing that can be watched: its name, unit and meaning, and what a rule must or may say of it."""

    title: str
    unit: str
    help: str
    above: bool = True
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


WATCHED: dict[Metric, Watched] = {
    "drift": Watched(
        "Drift",
        "share of neurons",
        "In the layer that drifted most: neurons whose mean activation moved by more than `shift` standard "
        "deviations since the baseline, a stored neuron_statistics.",
        needs=("model", "baseline"),
        takes=("shift",),
    ),
    "dead_share": Watched(
        "Dead neurons",
        "share of neurons",
        "Neurons that were active at no token of the corpus.",
        needs=("model",),
        takes=("n_tokens",),
    ),
    "divergence": Watched(
        "Divergence",
        "nats",
        "Mean Kullback-Leibler divergence of the next-token distributions from those of the reference, on "
        "the common prompts.",
        needs=("model", "reference"),
    ),
    "failed_jobs": Watched(
        "Failed jobs",
        "share of jobs",
        "Of the jobs that ended within the last `window_minutes`, three or more, those that failed.",
        takes=("window_minutes",),
    ),
    "queue_length": Watched("Queue", "jobs", "Jobs that wait."),
    "disk_free": Watched("Free disk", "GB", "Room left on the disk where the store lies.", above=False),
    "memory": Watched("Memory", "share of memory", "What the server holds of this machine's memory."),
}
_OF_SOME = ("model", "baseline", "reference", "shift", "n_tokens", "window_minutes")


class Rule(BaseModel):
    """When a metric is an alert, how long it must be, when it no longer is, and who is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    metric: Metric
    threshold: float = Field(description="Beyond this it is an alert.")
    clear: float | None = Field(
        default=None,
        description="Back at this it is none any more; a fifth off the threshold where it is left out.",
    )
    for_seconds: float = Field(
        default=0, ge=0, le=7 * 86400, description="How long it must be beyond, unbroken."
    )
    severity: Severity = "warning"
    webhook: str | None = Field(default=None, description="Name of a webhook of the rules file that is told.")
    paused: bool = False
    model: str | None = Field(
        default=None, min_length=1, max_length=500, description="Which model is watched."
    )
    baseline: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{8,64}$", description="Digest of a stored neuron_statistics."
    )
    reference: str | None = Field(
        default=None, min_length=1, max_length=500, description="Model to diverge from."
    )
    shift: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Standard deviations of the baseline; 0.5 where it is left out.",
    )
    n_tokens: int | None = Field(
        default=None,
        ge=64,
        le=1_000_000,
        description="Tokens of the corpus to read; 2,048 where it is left out.",
    )
    window_minutes: float | None = Field(
        default=None, gt=0, le=1440, description="How far back to look; 60 where it is left out."
    )

    @field_validator("threshold", "clear", "for_seconds", "shift", "window_minutes")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise ValueError("it must be a finite number")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        watched = WATCHED[self.metric]
        for word in watched.needs:
            if getattr(self, word) is None:
                raise ValueError(f"{self.metric} needs a {word}")
        for word in _OF_SOME:
            if getattr(self, word) is not None and word not in watched.needs + watched.takes:
                raise ValueError(f"{self.metric} takes no {word}")
        if self.clear is not None and self.clear != self.threshold and self.beyond(self.clear):
            side = "above" if watched.above else "below"
            raise ValueError(f"clear={self.clear:g} is {side} the threshold {self.threshold:g}")
        return self

    @property
    def of_model(self) -> bool:
        """Say whether a model must be asked."""
        return self.model is not None

    @property
    def clears_at(self) -> float:
        """Return the value at which an alert ends."""
        if self.clear is not None:
            return self.clear
        eased = self.threshold * EASED if WATCHED[self.metric].above else self.threshold / EASED
        return eased if not self.beyond(eased) else self.threshold

    def beyond(self, value: float) -> bool:
        """Say whether a value is on the wrong side of the threshold."""
        return value > self.threshold if WATCHED[self.metric].above else value < self.threshold

    def cleared(self, value: float) -> bool:
        """Say whether a value is back at the clear threshold or better."""
        return value <= self.clears_at if WATCHED[self.metric].above else value >= self.clears_at


class Webhook(BaseModel):
    """Where alerts are sent; the secret that signs them is in the environment and never in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=2000)
    secret_variable: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$",
        description="Environment variable of the secret.",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("a webhook's address begins with http:// or https:// and names a host")
        return url


class RuleBook(BaseModel):
    """The rules in force, how often models are asked, and where alerts go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    check_minutes: float = Field(
        default=60, ge=0, le=10_080, description="How often models are checked; 0: only when asked to."
    )
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)
    rules: list[Rule] = Field(default_factory=list, max_length=MOST_RULES)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two rules are called {twice!r}")
        for rule in self.rules:
            if rule.webhook is not None and rule.webhook not in self.webhooks:
                known = ", ".join(self.webhooks) or "none"
                raise ValueError(f"{rule.name} names the webhook {rule.webhook!r}, but the file has {known}")
        return self

    def named(self, name: str) -> Rule | None:
        """Return a rule by its name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def changed(self, rules: list[Rule]) -> "RuleBook":
        """Return the book with other rules; raises ``BadInput`` where they do not fit it."""
        return _checked({**self.model_dump(), "rules": [rule.model_dump() for rule in rules]}, "The rules")


DEFAULTS = RuleBook(
    rules=[
        Rule(name="failed-jobs", metric="failed_jobs", threshold=0.5, clear=0.25),
        Rule(name="long-queue", metric="queue_length", threshold=50, clear=25, for_seconds=60),
        Rule(name="disk-nearly-full", metric="disk_free", threshold=1, clear=2, severity="critical"),
        Rule(name="memory-nearly-full", metric="memory", threshold=0.9, clear=0.8, for_seconds=30),
    ]
)
"""What is watched where there is no file."""


def read_rules(file: Path) -> RuleBook:
    """Return the rules of a file, or those that ship where there is none; raises ``BadInput``."""
    try:
        if not file.is_file():
            return DEFAULTS
        if file.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{file.name} is larger than {LARGEST_FILE:,} bytes; keep fewer rules.")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file.name} cannot be read: {error}.") from None
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        raise BadInput(f"{file.name} is not YAML{line}; see docs/monitoring.md for its form.") from None
    if not isinstance(said, Mapping):
        raise BadInput(f"{file.name} must have `rules:` with a list; see docs/monitoring.md for its form.")
    return _checked(said, file.name)


def write_rules(file: Path, book: RuleBook) -> None:
    """Write the rules, whole or not at all; raises ``BadInput`` where the disk refuses."""
    said = book.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    text = yaml.safe_dump({"version": book.version, **said}, sort_keys=False, allow_unicode=True)
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"Cannot write {file.name}: {error.strerror}.") from None


def _checked(said: Mapping[str, Any], source: str) -> RuleBook:
    try:
        return RuleBook.model_validate(said)
    except ValidationError as error:
        raise BadInput(f"{source}: {sentence(error, said)}") from None


def sentence(error: ValidationError, said: Mapping[str, Any]) -> str:
    """Write the first complaint about some rules as a sentence."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    words = first["msg"].removeprefix("Value error, ")
    if len(place) > 1 and place[0] == "rules":
        place = [f"rule {_called(said, int(place[1]))}", *place[2:]]
    if first["type"] == "missing":
        return f"{' '.join(place[:-1]) or 'the file'} lacks {place[-1]}."
    if first["type"] == "extra_forbidden":
        return f"{' '.join(place[:-1]) or 'the file'} has {place[-1]!r}, which is no word of these rules."
    where = f"{', '.join(place)}: " if place else ""
    return f"{where}{words[0].lower()}{words[1:]}."


def _called(said: Mapping[str, Any], index: int) -> str:
    rule = said["rules"][index]
    name = rule.get("name") if isinstance(rule, Mapping) else getattr(rule, "name", None)
    return repr(name) if isinstance(name, str) else f"number {index + 1}"
