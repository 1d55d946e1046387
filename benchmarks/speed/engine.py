"""Is the engine fast enough? Each answer is a ratio, taken in one run against the plainest way to do it.

``python -m benchmarks.speed.engine [--json] [--quick] [--alone] [--growth] [--repeats N] [--only ROW ...]``
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import torch

from benchmarks.speed.growth import growth, markdown
from benchmarks.speed.memory import SLICED, sliced_read
from benchmarks.speed.peers import PEERS, beside, missing
from benchmarks.speed.report import Measured, circumstances, show
from benchmarks.speed.rows import GROUPS, Group, Row
from benchmarks.speed.subjects import FULL, SHAPES, TINY, Subject, subject
from benchmarks.speed.timing import Ratio, interleaved, ratio

MEMORY = Row("memory.sliced", "bytes that a sliced read takes", "bytes asked for", 1.2, 1.2)
KEYS = [row.key for group in GROUPS for row in group.rows] + [MEMORY.key]
THREADS = 2


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 where a row misses what it must reach."""
    asked = _asked(words)
    torch.set_num_threads(THREADS)
    about = circumstances(THREADS, asked.quick)
    if asked.growth:
        table = growth(quick=asked.quick)
        print(json.dumps({"about": about, "growth": table}, indent=1) if asked.json else markdown(table))
        return 0
    results = [
        result
        for shape in asked.shapes
        for result in measure(
            subject(shape, TINY if asked.quick else FULL),
            asked.only,
            repeats=2 if asked.quick else asked.repeats,
            alone=asked.alone,
        )
    ]
    absent = ["Peers were left out."] if asked.alone else missing()
    if asked.json:
        rows = [result.to_dict() for result in results]
        print(json.dumps({"about": about, "rows": rows, "absent_peers": absent}, indent=1))
    else:
        show(results, absent, about)
    return int(not asked.quick and any(result.verdict == "missed" for result in results))


def measure(subject: Subject, only: Collection[str], *, repeats: int | None, alone: bool) -> list[Measured]:
    """Return the asked rows on one model, each with its own number of repeats unless one is given."""
    results = []
    for group in GROUPS:
        rows = [row for row in group.rows if row.key in only]
        if rows:
            results += _timed(subject, group, rows, repeats=repeats, alone=alone)
    if MEMORY.key in only:
        worst = max(sliced_read(subject, get).ratio for get in SLICED)
        results.append(Measured(subject.shape, MEMORY, Ratio(worst, worst, worst, 1)))
    return results


def _timed(
    subject: Subject, group: Group, rows: Sequence[Row], *, repeats: int | None, alone: bool
) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        work = group.work(subject, Path(folder))
        needed = {row.key for row in rows} | {row.over for row in rows}
        ours = {name: done for name, done in work.items() if name in needed}
        theirs = {} if alone else beside(subject, needed, Path(folder))
        slow = [name for name in theirs if "sweep" in name]
        repeats = repeats or group.repeats
        seconds = interleaved({**ours, **theirs}, repeats, seldom=slow, clock=group.clock)
    results = []
    for row in rows:
        found = {
            peer: _ratio(row, seconds[f"{peer} {row.key}"], seconds[row.over])
            for peer in PEERS
            if f"{peer} {row.key}" in seconds
        }
        results.append(Measured(subject.shape, row, _ratio(row, seconds[row.key], seconds[row.over]), found))
    return results


def _ratio(row: Row, spent: Sequence[float], over: Sequence[float]) -> Ratio:
    return ratio(over, spent) if row.at_least else ratio(spent, over)


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.engine", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help="tiny models and two repeats, to see that it runs"
    )
    parser.add_argument("--alone", action="store_true", help="leave the peer libraries out")
    parser.add_argument("--repeats", type=int, help="how often each piece of work is timed")
    parser.add_argument("--only", nargs="+", choices=KEYS, default=KEYS, metavar="ROW", help=", ".join(KEYS))
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES, help="models to measure on")
    parser.add_argument("--growth", action="store_true", help="how costs grow with size, as a table")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
