import json
import math

import numpy as np
import pytest

from benchmarks.speed import growth
from benchmarks.speed.engine import KEYS, main
from benchmarks.speed.report import Measured
from benchmarks.speed.rows import Row
from benchmarks.speed.timing import Ratio, interleaved, ratio

COST = Row("cost", "a cost", "forward", 1.2, 1.1)
SPEED = Row("speed", "a speed", "generate", 0.8, 0.9, at_least=True)


@pytest.mark.parametrize("shape", ["gpt2", "llama"])
def test_a_quick_run_gives_every_row_its_ratio(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--json", "--alone", "--shapes", shape]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in said["rows"]] == KEYS
    for row in said["rows"]:
        measured = row["measured"]
        assert 0 < measured["low"] <= measured["value"] <= measured["high"] < math.inf
        assert row["verdict"] in ("aim", "must", "missed")
        assert (row["must"] <= row["aim"]) if row["at_least"] else (row["aim"] <= row["must"])
    assert {"threads", "processor", "packages", "load_at_start"} <= said["about"].keys()


def test_the_table_names_rows_bounds_and_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--alone", "--shapes", "gpt2", "--only", "memory.sliced", "resume.last"])
    said = capsys.readouterr().out
    assert "memory.sliced" in said
    assert "resume.last" in said
    assert "≤ 0.25" in said
    assert "read.one" not in said


@pytest.mark.parametrize(
    ("row", "value", "verdict"),
    [
        (COST, 1.1, "aim"),
        (COST, 1.11, "must"),
        (COST, 1.21, "missed"),
        (SPEED, 0.9, "aim"),
        (SPEED, 0.89, "must"),
        (SPEED, 0.79, "missed"),
    ],
)
def test_a_cost_stays_below_its_bounds_and_a_speed_above(row: Row, value: float, verdict: str) -> None:
    assert Measured("gpt2", row, Ratio(value, value, value, 1)).verdict == verdict


def test_the_interval_of_a_ratio_holds_the_true_one() -> None:
    drawn = np.random.default_rng(3)
    below = drawn.normal(1.0, 0.1, 200)
    found = ratio(2 * below + drawn.normal(0, 0.05, 200), below)
    assert found.low < 2 < found.high
    assert found.high - found.low < 0.1


def test_equal_series_have_the_ratio_one_and_no_width() -> None:
    assert ratio([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == Ratio(1.0, 1.0, 1.0, 3)


def test_subjects_take_turns_and_the_seldom_ones_run_twice() -> None:
    order: list[str] = []
    spent = interleaved(
        {name: lambda name=name: order.append(name) for name in "abc"}, repeats=3, seldom=["c"]
    )
    assert {name: len(seconds) for name, seconds in spent.items()} == {"a": 3, "b": 3, "c": 2}
    assert "".join(order) == "ab" + "abc" + "bca" + "ab"


def test_the_exponent_of_a_power_is_found() -> None:
    grown = growth.Growth(
        "cost", "s", "width", (192, 384, 768), tuple(3e-4 * n**1.7 for n in (192, 384, 768))
    )
    assert grown.exponent == pytest.approx(1.7)


def test_the_table_of_growth_has_a_column_for_every_dimension() -> None:
    rows = [
        {
            "cost": "plain forward",
            "unit": "s",
            "dimension": name,
            "sizes": (1, 2, 4),
            "values": (1.0, 2.0, 4.0),
        }
        for name in growth.SIZES
    ]
    table = growth.markdown([row | {"exponent": 1.0} for row in rows]).splitlines()
    assert table[0] == "| cost | layers | positions | rows | width |"
    assert table[2] == "| plain forward (s) | 1.00 | 1.00 | 1.00 | 1.00 |"
    assert len(table) == 3 + 3 + len(rows)
