"""Alerts begin at the threshold, end at the clear threshold, and never flap between."""

from hypothesis import given
from hypothesis import strategies as st

from neuronscope.doors.server.watch.rules import Rule
from neuronscope.doors.server.watch.states import State, after

RULE = Rule(name="a", metric="memory", threshold=0.8, clear=0.6)


def walked(rule: Rule, values: list[float], step: float = 10.0) -> tuple[list[str], list[str]]:
    """Return where a rule stands after each value, and what changed."""
    state, standings, changes = State(rule.name), [], []
    for index, value in enumerate(values):
        state, change = after(state, rule, value, step * index)
        standings.append(state.standing)
        changes += [change] if change else []
    return standings, changes


def test_it_fires_at_the_threshold_and_clears_at_the_other_one() -> None:
    standings, changes = walked(RULE, [0.5, 0.8, 0.81, 0.7, 0.61, 0.6, 0.7])
    assert standings == ["calm", "calm", "firing", "firing", "firing", "calm", "calm"]
    assert changes == ["fired", "cleared"]


@given(st.lists(st.floats(0.6001, 0.8), min_size=1, max_size=40))
def test_between_the_two_thresholds_nothing_ever_changes(values: list[float]) -> None:
    assert walked(RULE, values)[1] == []
    assert walked(RULE, [0.9, *values])[1] == ["fired"]


@given(st.lists(st.floats(0, 1), max_size=60))
def test_fired_and_cleared_take_turns(values: list[float]) -> None:
    changes = walked(RULE, values)[1]
    assert changes == [["fired", "cleared"][i % 2] for i in range(len(changes))]


def test_it_fires_only_after_as_long_as_the_rule_says_without_a_break() -> None:
    rule = RULE.model_copy(update={"for_seconds": 30.0})
    assert walked(rule, [0.9, 0.9, 0.9])[0] == ["pending"] * 3
    assert walked(rule, [0.9, 0.9, 0.9, 0.9])[0][-1] == "firing"
    assert walked(rule, [0.9, 0.9, 0.7, 0.9, 0.9, 0.9])[1] == []


def test_where_little_is_bad_it_fires_below() -> None:
    rule = Rule(name="a", metric="disk_free", threshold=1, clear=2)
    assert walked(rule, [3, 1, 0.9, 1.5, 2])[0] == ["calm", "calm", "firing", "firing", "calm"]


def test_clearing_takes_the_acknowledgement_away() -> None:
    state = State("a", standing="firing", acknowledged_by="ada", acknowledged=1.0)
    kept, _ = after(state, RULE, 0.7, 5)
    gone, _ = after(kept, RULE, 0.1, 6)
    assert (kept.acknowledged_by, gone.acknowledged_by) == ("ada", None)
