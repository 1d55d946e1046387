"""When does an alert begin and end? At its thresholds and nowhere between them."""

from dataclasses import dataclass, replace
from typing import Literal

from neuronscope.doors.server.watch.rules import Rule

Standing = Literal["calm", "pending", "firing"]
Change = Literal["fired", "cleared"]


@dataclass(frozen=True)
class State:
    """Where a rule stands: since when, at which value, and who has seen to it. Times are Unix seconds."""

    rule: str
    standing: Standing = "calm"
    since: float = 0.0
    value: float | None = None
    read: float | None = None
    note: str = ""
    acknowledged_by: str | None = None
    acknowledged: float | None = None


def after(state: State, rule: Rule, value: float, now: float) -> tuple[State, Change | None]:
    """Return where a rule stands after a reading, and what changed.

    Beyond the threshold it is pending, and firing once it has been so for as long as the rule says without
    a reading that was not. It fires until a reading at the clear threshold or better.
    """
    state = replace(state, value=value, read=now)
    if state.standing == "firing":
        if not rule.cleared(value):
            return state, None
        return _calm(state, now), "cleared"
    if not rule.beyond(value):
        return (_calm(state, now) if state.standing == "pending" else state), None
    if state.standing == "calm":
        state = replace(state, standing="pending", since=now)
    if now - state.since < rule.for_seconds:
        return state, None
    return replace(state, standing="firing", since=now), "fired"


def _calm(state: State, now: float) -> State:
    return replace(state, standing="calm", since=now, acknowledged_by=None, acknowledged=None)
