"""What do the routes of alerts, monitors and memory take and reply?"""

from typing import Literal

from pydantic import BaseModel, Field

from neuronscope.doors.server.watch.rules import Metric, Rule, Severity


class Alert(BaseModel):
    """One rule and where it stands."""

    rule: str
    metric: Metric
    model: str | None
    severity: Severity
    state: Literal["calm", "pending", "firing"]
    since: str | None = Field(description="Since when it stands so, ISO 8601 in UTC; null from the start.")
    text: str = Field(description="Where it stands, in a sentence.")
    note: str = Field(description="More about the last reading, or why there is none.")
    value: float | None
    unit: str
    read: str | None = Field(description="When the value was last looked at.")
    threshold: float
    clear: float
    paused: bool
    checking: bool = Field(description="Whether the model is being asked now.")
    acknowledged_by: str | None
    acknowledged: str | None


class Alerts(BaseModel):
    """Every rule and where it stands, those that fire first."""

    alerts: list[Alert]
    firing: int
    trouble: str | None = Field(description="What is wrong with the rules file, where something is.")


class ToCheck(BaseModel):
    """Which rules to look into now; all of them where none are named."""

    rules: list[str] | None = Field(default=None, max_length=100)


class AlertEvent(BaseModel):
    """One thing that happened to an alert."""

    number: int
    time: str
    rule: str
    event: Literal["fired", "cleared", "acknowledged", "removed"]
    severity: Severity
    value: float | None
    threshold: float | None
    text: str
    actor: str | None = Field(description="Who did it, where a person did.")
    delivery: str | None = Field(description="What became of the message to the webhook, where there is one.")


class AlertHistory(BaseModel):
    """What happened to alerts, newest first, and the ``before`` that gives the page after."""

    rows: list[AlertEvent]
    before: int | None = Field(description="Null on the last page.")


class MetricHelp(BaseModel):
    """One thing that can be watched, and what a rule about it must or may say."""

    name: Metric
    title: str
    unit: str
    help: str
    above: bool = Field(description="Whether high values are bad; else low ones are.")
    needs: list[str]
    takes: list[str]


class PastReading(BaseModel):
    """One value that was read; null where it was no finite number."""

    time: str
    value: float | None


class MonitorRule(BaseModel):
    """A rule as it was written, where it stands, and its last readings."""

    rule: Rule
    alert: Alert
    readings: list[PastReading] = Field(description="The last ones, oldest first.")


class Monitors(BaseModel):
    """All that is watched, and what could be."""

    file: str = Field(description="Where the rules are kept on the server.")
    written: bool = Field(description="Whether the file is there; else the rules are those that ship.")
    trouble: str | None
    check_minutes: float = Field(description="How often models are asked; 0: only when somebody wants it.")
    webhooks: list[str]
    metrics: list[MetricHelp]
    rules: list[MonitorRule]


class OpenModel(BaseModel):
    """One model that is open."""

    model: str
    device: str
    dtype: str
    bytes: int
    last_used: str
    busy: bool = Field(description="Whether a question about it runs or waits.")


class Memory(BaseModel):
    """What the server holds, and the models that it keeps open."""

    process_bytes: int
    machine_bytes: int
    store_bytes: int
    disk_free_bytes: int
    models: list[OpenModel]


class ToClose(BaseModel):
    """A model to be closed."""

    model: str
    device: str = "cpu"
    dtype: str = "float32"
