"""Every figure of the workbench has its row; those that need no browser come out of a real server."""

import json
import math

import pytest

from benchmarks.speed.workbench import GROUPS, main
from benchmarks.speed.workbench_parts.bounds import BOUNDS, BROWSED, Bound
from benchmarks.speed.workbench_parts.browsing import VARIABLE

SERVED = ["slice.median", "slice.p99", "stream.pace", "frame", "clients.p99", "clients.errors"]


def test_a_quick_run_gives_the_rows_that_need_no_browser(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--json", "--only", *SERVED]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["key"]: row for row in said["rows"]}
    assert list(rows) == SERVED
    for row in rows.values():
        assert {"name", "must", "measured", "unit", "met", "how", "load"} <= row.keys()
        assert math.isfinite(row["measured"])
        assert row["met"] == BOUNDS[row["key"]].met(row["measured"])
    assert rows["clients.errors"]["measured"] == 0, rows["clients.errors"]["beside"]
    assert rows["clients.p99"]["beside"]["requests"] > 50
    # Two layers of 128 neurons: a byte each, and words about the token.
    assert 0.256 < rows["frame"]["measured"] < 2
    assert rows["stream.pace"]["measured"] > 0
    assert rows["slice.median"]["beside"]["in_all"] > 0
    assert {"processor", "load_at_start"} <= said["about"].keys()


def test_every_figure_is_measured_by_one_group() -> None:
    assert sorted(key for keys, _ in GROUPS for key in keys) == sorted(BOUNDS)
    assert set(BROWSED) == set(BOUNDS) - set(SERVED)


def test_without_chromium_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "/no/such/browser")
    assert main(["--quick", "--only", "heat", "slice.median"]) == 2
    said = capsys.readouterr()
    assert "There is no Chromium at /no/such/browser" in said.err
    assert said.out == ""


def test_a_bound_is_reached_from_its_own_side() -> None:
    cost, speed = Bound("a", "a cost", 5, "ms"), Bound("b", "a speed", 10, "frames/s", at_least=True)
    assert (cost.met(5), cost.met(5.1)) == (True, False)
    assert (speed.met(10), speed.met(9.9)) == (True, False)
