"""Are the daily analyses fast enough? Each answer is a ratio to the plainest way, taken in one run.

``python -m benchmarks.speed.analyses [--json] [--quick] [--alone] [--repeats N] [--only ROW ...]``
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from benchmarks.speed.asking import GROUPS, peers
from benchmarks.speed.report import Measured, circumstances, show
from benchmarks.speed.rows import Group, Row
from benchmarks.speed.subjects import FULL, TINY, Subject, subject
from benchmarks.speed.timing import interleaved, ratio
from neuronscope import catalogue
from neuronscope.contract import ask
from neuronscope.data.corpora import open_corpus
from neuronscope.models import open_model

THREADS = 2
SMALL = replace(TINY, vocab=300, positions=12)
KEYS = [row.key for group in GROUPS for row in group.rows]
QUESTIONS = "questions"
MOST_SECONDS = 1.0
ELSEWHERE = ("second_order",)
"""Wings whose answers are studies of hundreds of problems; `benchmarks.speed.second_order` is theirs."""
SUBJECTS = {
    "model": "builtin:scribe",
    "other": "builtin:scribe",
    "prompt": "When Mary and John went to the shop, John gave a drink to",
    "corrupt": "When Mary and John went to the shop, Mary gave a drink to",
    "task": "capital",
    "checkpoints": "builtin:induction/seed0@0,145,1024",
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 where a row misses what it must reach."""
    asked = _asked(words)
    torch.set_num_threads(THREADS)
    about = circumstances(THREADS, asked.quick)
    results = measure(
        subject("gpt2", SMALL if asked.quick else FULL),
        asked.only,
        repeats=2 if asked.quick else asked.repeats,
        alone=asked.alone,
    )
    seconds = questions() if QUESTIONS in asked.only else {}
    slow = {name: spent for name, spent in seconds.items() if spent > MOST_SECONDS}
    if asked.json:
        rows = [result.to_dict() for result in results]
        print(json.dumps({"about": about, "rows": rows, "questions": seconds, "slow": slow}, indent=1))
    else:
        show(results, [], about, title="The analyses' speed: ratios, with 95 % intervals")
        for name, spent in sorted(seconds.items(), key=lambda one: -one[1]):
            print(f"{name:<26} {spent:6.2f} s{'  over a second' if name in slow else ''}")
    missed = any(result.verdict == "missed" for result in results)
    return int(not asked.quick and (missed or bool(slow)))


def measure(
    subject: Subject, only: Collection[str], *, repeats: int | None = None, alone: bool = False
) -> list[Measured]:
    """Return the asked rows on one model."""
    results = []
    for group in GROUPS:
        rows = [row for row in group.rows if row.key in only]
        if rows:
            results += _timed(subject, group, rows, repeats=repeats, alone=alone)
    return results


def questions() -> dict[str, float]:
    """Return the CPU seconds of every daily analysis on the built-in model, opened before, all else as it is.

    Each runs once before, so that what is imported, probed or read once is not counted; and all in one
    thread, since threads that wait for one another count as work.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return _asked_twice()


def _asked_twice() -> dict[str, float]:
    opened: dict[str, Any] = {"builtin:scribe": open_model("builtin:scribe")}
    open_corpus()
    found = {}
    for form in catalogue.forms():
        if form["sort"] != "ask" or "/" in form["name"] or form["wing"] in ELSEWHERE:
            continue
        needed = [one["name"] for one in form["subjects"] if one["required"]]
        needed += form["parameters"].get("required", [])
        arguments = {name: opened.get(SUBJECTS[name], SUBJECTS[name]) for name in needed if name in SUBJECTS}
        if len(arguments) < len(needed):
            continue
        definition = catalogue.find(form["name"])
        ask(definition, arguments)
        began = time.process_time()
        ask(definition, arguments)
        found[form["name"]] = round(time.process_time() - began, 3)
    return found


def _timed(
    subject: Subject, group: Group, rows: Sequence[Row], *, repeats: int | None, alone: bool
) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        work = group.work(subject, Path(folder))
        needed = {row.key for row in rows} | {row.over for row in rows}
        ours = {name: done for name, done in work.items() if name in needed}
        theirs = {} if alone else peers(subject, Path(folder))
        theirs = {name: done for name, done in theirs.items() if name.partition(" ")[2] in needed}
        seconds = interleaved({**ours, **theirs}, repeats or group.repeats, seldom=list(theirs))
    results = []
    for row in rows:
        found = {
            name.partition(" ")[0]: ratio(seconds[name], seconds[row.over])
            for name in theirs
            if name.partition(" ")[2] == row.key
        }
        spent, over = seconds[row.key], seconds[row.over]
        own = ratio(over, spent) if row.at_least else ratio(spent, over)
        results.append(Measured(subject.shape, row, own, found))
    return results


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    keys = [*KEYS, QUESTIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.analyses", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny model and two repeats, to see that it runs"
    )
    parser.add_argument("--alone", action="store_true", help="leave the peer library out")
    parser.add_argument("--repeats", type=int, help="how often each piece of work is timed")
    parser.add_argument("--only", nargs="+", choices=keys, default=keys, metavar="ROW", help=", ".join(keys))
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
