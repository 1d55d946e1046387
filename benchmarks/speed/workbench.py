"""Does the workbench reach its figures? Each is measured on a server of its own, most in a real browser.

``python -m benchmarks.speed.workbench [--json] [--quick] [--only ROW ...]``
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.speed.report import circumstances
from benchmarks.speed.workbench_parts import browsing, reading, streaming
from benchmarks.speed.workbench_parts.bounds import BOUNDS, BROWSED, Found
from benchmarks.speed.workbench_parts.serving import Server, running, write_model
from neuronscope.words import BadInput

KEYS = list(BOUNDS)
THREADS = os.cpu_count() or 1


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 where a figure is missed, 2 where something needed is not there."""
    asked = _asked(words)
    about = circumstances(THREADS, asked.quick) | {"clock": "wall clock"}
    try:
        found = list(measure(asked.only, quick=asked.quick))
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    if asked.json:
        print(json.dumps({"about": about, "rows": [each.to_dict() for each in found]}, indent=1))
    else:
        _show(found, about)
    return int(not asked.quick and not all(each.bound.met(each.measured) for each in found))


def measure(only: Sequence[str], *, quick: bool = False) -> Iterator[Found]:
    """Yield the asked figures as they are found, saying on stderr what is being measured.

    Raises ``BadInput`` where a browser is needed and is not there.
    """
    if any(key in BROWSED for key in only):
        browsing.check()
    with ExitStack() as until_measured:
        folder = Path(until_measured.enter_context(tempfile.TemporaryDirectory()))
        stage = Stage(folder, until_measured, quick=quick, browsed=any(key in BROWSED for key in only))
        for keys, work in GROUPS:
            wanted = [key for key in keys if key in only]
            if not wanted:
                continue
            print(f"measuring {', '.join(wanted)} …", file=sys.stderr, flush=True)
            load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else float("nan")
            for key, (measured, how, beside) in work(stage).items():
                if key in wanted:
                    yield Found(BOUNDS[key], round(measured, 3), how, load, beside)


class Stage:
    """What the measurements share; each thing is made when it is first needed."""

    def __init__(self, folder: Path, until: ExitStack, *, quick: bool, browsed: bool) -> None:
        self.quick = quick
        self._folder, self._until, self._browsed = folder, until, browsed

    @cached_property
    def pages(self) -> Path | None:
        """Give the folder of the built pages, or nothing where no browser comes."""
        return browsing.pages_built(self._folder) if self._browsed else None

    @cached_property
    def server(self) -> Server:
        """Give a server with an empty store."""
        return self._until.enter_context(running(self._folder, self.pages))

    @cached_property
    def model(self) -> Path:
        """Give a random model of GPT-2 small's size."""
        return write_model(self._folder / "model", quick=self.quick)

    @cached_property
    def lens(self) -> str:
        """Give the digest of a stored logit lens."""
        return reading.stored_lens(self.server)

    @cached_property
    def paces(self) -> dict[str, Any]:
        """Give seconds and processor time a token of streams and of plain generation, and its bytes."""
        n_tokens, turns = (8, 1) if self.quick else (32, 11)
        return streaming.paces(self.server, self.model, n_tokens, turns)


Answers = dict[str, tuple[float, str, dict[str, Any]]]


def _painted(stage: Stage) -> Answers:
    found = browsing.pages(stage.server, turns=1 if stage.quick else 5)
    assert stage.pages is not None
    told = {each["name"]: each for each in found["pages"]}
    kilobytes, heavy = browsing.weight(stage.pages, told["paint.home"]["scripts"])
    how = "median of {} cold contexts, from the start of the navigation until the main control is drawn"
    answers: Answers = {
        name: (
            median(each["ms"]) / 1000,
            how.format(len(each["ms"])),
            {
                "best": round(min(each["ms"]) / 1000, 3),
                "processor_seconds_of_browser": round(median(each["processor"]), 3),
                "browser": found["browser"],
            },
        )
        for name, each in told.items()
    }
    asked = "scripts that Home asked for until it could be used"
    answers["script"] = (
        kilobytes,
        f"{asked}, each compressed",
        {"files": len(told["paint.home"]["scripts"])},
    )
    answers["script.lazy"] = (len(heavy), f"{asked}, searched for plotly and three", {"files": heavy})
    return answers


def _canvases(stage: Stage) -> Answers:
    found = browsing.canvases()
    how = "from new data to drawn pixels in the page's own canvas, median of {turns}"
    rows = {"heat": found["heat_1024x1024"], "scatter": found["points_36864"]}
    return {
        key: (each["median_ms"], how.format(**each), {"worst": each["worst_ms"]})
        for key, each in rows.items()
    }


def _brain(stage: Stage) -> Answers:
    found = browsing.brain(2 if stage.quick else 16)
    sizes = {"brain.small": found["gpt2_small"], "brain.large": found["four_million"]}
    how = "median picture of a moving camera, software WebGL, 1,000 × 700 pixels"
    return {
        key: (each["frames_per_second"], how, {"best": each["frames_per_second_best"]})
        for key, each in sizes.items()
    }


def _ingested(stage: Stage) -> Answers:
    made = streaming.streamed(stage.server, str(stage.model), 8 if stage.quick else 192, record=True)
    replay = browsing.pages(
        stage.server, turns=1 if stage.quick else 5, replayed=made["digest"], painted=False
    )
    speeds = [turn["tokens"] / turn["seconds"] for turn in replay["frames"]]
    how = "a stored stream replayed: from the page's request until its panel shows the end, median of {}"
    beside = {"tokens": replay["frames"][0]["tokens"], "best": round(max(speeds), 1)}
    return {"stream.ingested": (median(speeds), how.format(len(speeds)), beside)}


def _paced(stage: Stage) -> Answers:
    told = stage.paces

    def ratio(name: str, word: str) -> float:
        pairs = zip(told[name][word], told["stream"][word], strict=True)
        return median(plain / max(ours, 1e-9) for plain, ours in pairs)

    how = "tokens/s of POST /streams in int8, every neuron, over those of Hugging Face's generate, by turns"
    beside = {name: round(1 / median(each["seconds"]), 1) for name, each in told.items()}
    beside |= {
        "against_eager": round(ratio("eager", "seconds"), 3),
        "processor_time": round(ratio("generate", "processor"), 3),
        "processor_time_against_eager": round(ratio("eager", "processor"), 3),
        "turns": len(told["stream"]["seconds"]),
    }
    size = median(told["stream"]["bytes"]) / 1000
    return {
        "stream.pace": (ratio("generate", "seconds"), how, beside),
        "frame": (size, "a token frame, header and all", {}),
    }


def _sliced(stage: Stage) -> Answers:
    taken = reading.slice_costs(stage.server, stage.lens, 20 if stage.quick else 400)
    bare, whole = taken["bare"], taken["slice"]
    how = "one connection on loopback; less the median of GET /health taken in turn with it"
    floor = median(bare)
    beside = {"in_all": round(median(whole), 2), "bare": round(floor, 2), "requests": len(whole)}
    spent = reading.processor_costs(stage.server, stage.lens, 20 if stage.quick else 400)
    beside |= {f"processor_{name}": round(each, 2) for name, each in spent.items()}
    worst = reading.percentile(whole, 0.99)
    about_worst = {"in_all": round(worst, 2), "bare": round(reading.percentile(bare, 0.99), 2)}
    return {
        "slice.median": (median(whole) - floor, how, beside),
        "slice.p99": (worst - floor, how, about_worst),
    }


def _crowded(stage: Stage) -> Answers:
    seconds, turns = (2.0, 1) if stage.quick else (20.0, 3)
    found = [reading.read_by_many(stage.server, stage.lens, str(stage.model), seconds) for _ in range(turns)]
    taken = [one for each in found for one in each["taken"]]
    failures = [one for each in found for one in each["failures"]]
    worst = [reading.percentile(each["taken"], 0.99) for each in found]
    how = (
        f"slices, descriptions and lists, {reading.PAUSE:g} s between, for {seconds:g} s of a generation, "
        f"median of {turns}"
    )
    beside: dict[str, Any] = {"requests": len(taken), "median": round(median(taken), 1)}
    beside |= {"worst": round(max(taken), 1), "by_turn": [round(each, 1) for each in worst]}
    return {
        "clients.p99": (median(worst), how, beside),
        "clients.errors": (len(failures), how, {"first": failures[:3]}),
    }


GROUPS: Sequence[tuple[tuple[str, ...], Callable[[Stage], Answers]]] = (
    (("paint.home", "paint.lab", "script", "script.lazy"), _painted),
    (("heat", "scatter"), _canvases),
    (("brain.small", "brain.large"), _brain),
    (("slice.median", "slice.p99"), _sliced),
    (("stream.pace", "frame"), _paced),
    (("stream.ingested",), _ingested),
    (("clients.p99", "clients.errors"), _crowded),
)


def _show(found: Sequence[Found], about: dict[str, Any]) -> None:
    table = Table(title="The workbench's figures")
    for heading in ("figure", "must", "measured", "unit", "met", "load"):
        table.add_column(heading, justify="left" if heading in ("figure", "unit") else "right")
    for each in found:
        bound = each.bound
        sign = "≥" if bound.at_least else "≤"
        met = "yes" if bound.met(each.measured) else "no"
        table.add_row(
            bound.name, f"{sign} {bound.must:g}", f"{each.measured:g}", bound.unit, met, f"{each.load:g}"
        )
    console = Console()
    console.print(table)
    for each in found:
        beside = ", ".join(f"{name} {value}" for name, value in each.beside.items())
        console.print(f"{each.bound.key}: {each.how}{f' ({beside})' if beside else ''}.", highlight=False)
    console.print(f"{about['processor']}, {about['cores']} cores; load is the machine's as each began.")


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.workbench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny model and few turns, to see that it runs"
    )
    parser.add_argument("--only", nargs="+", choices=KEYS, default=KEYS, metavar="ROW", help=", ".join(KEYS))
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
