"""How many model families does NeuronScope open, and is anything that it calls exact wrong?

Run ``python -m benchmarks.truth.families [--json] [--only NAME ...] [--limit N]``. A tiny random model of
every causal class of the installed transformers is built (`tiny`), recorded operation by operation without
NeuronScope (`oracle`), and opened; every site is then compared with the recording, in value and in effect
(`verdict`). For the residual stream and for attention a class is

- ``exact``: certified exact, and the oracle confirms each value and each write;
- ``unverified``: certified exact, where the oracle has no opinion;
- ``reduced`` or ``refused``: the certificate says so, with its reason;
- ``absent``: the blocks hold no softmax over the sequence;
- ``WRONG``: certified exact, and the oracle contradicts it. One such class makes the exit status 1.

A second table judges encoders, models of two stacks and of images in the same way (`others`).
"""

import argparse
import json
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
import transformers
from rich.console import Console
from rich.progress import track
from rich.table import Table
from transformers import PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from benchmarks.truth.findings import Verdict
from benchmarks.truth.others import others
from benchmarks.truth.tiny import CannotBuild, Tiny, build
from benchmarks.truth.verdict import judge

Row = dict[str, Any]
Builder = Callable[[type[PreTrainedModel]], Tiny]
_CAPTION = "sites: how many are certified exact, reduced and refused"
_COLOURS = {"exact": "green", "reduced": "yellow", "unverified": "yellow", "WRONG": "bold red"}


def classes() -> dict[str, type[PreTrainedModel]]:
    """Return every causal class that the installed transformers maps a configuration to, by name."""
    found: dict[str, type[PreTrainedModel]] = {}
    for kinds in MODEL_FOR_CAUSAL_LM_MAPPING.values():
        for kind in filter(None, kinds if isinstance(kinds, tuple) else (kinds,)):
            found[kind.__name__] = kind
    return dict(sorted(found.items()))


def row_of(name: str, kind: type[PreTrainedModel], builder: Builder = build, **options: Any) -> Row:
    """Return what was found about one class as plain data; whatever fails is said in the row."""
    began = time.perf_counter()
    try:
        tiny = builder(kind)
    except CannotBuild as error:
        return {"name": name, "built": False, "error": str(error), "seconds": _since(began)}
    try:
        found = judge(name, tiny.network, tiny.inputs, **options)
    except Exception as error:  # one class that breaks the benchmark must not end it
        found = Verdict(name, error=f"the benchmark failed: {type(error).__name__}: {error!s:.160}")
        found.facts["traceback"] = traceback.format_exc().splitlines()[-4:]
        found.residual = found.attention = found.attention_with_projections = "failed"
    counts = Counter(found.status.values())
    return {
        **asdict(found),
        "built": True,
        "rung": tiny.rung,
        "dtype": str(tiny.network.dtype).removeprefix("torch."),
        "moved": tiny.moved,
        "certificate": {status: counts[status] for status in ("exact", "reduced", "refused")},
        "seconds": _since(began),
    }


def totals(rows: list[Row]) -> dict[str, Any]:
    """Return the counts over all classes."""
    built = [row for row in rows if row["built"]]
    checks = Counter(name for row in built for name, held in row["checks"].items() if held)
    broken = Counter(name for row in built for name, held in row["checks"].items() if held is False)
    return {
        "classes": len(rows),
        "built": len(built),
        "opened": sum(row["opened"] for row in built),
        "residual": dict(Counter(row["residual"] for row in built)),
        "attention": dict(Counter(row["attention"] for row in built)),
        "attention with q, k, v": dict(Counter(row["attention_with_projections"] for row in built)),
        "wrong": sorted(row["name"] for row in built if row["wrong"]),
        "held": dict(checks),
        "broken": dict(broken),
    }


def document(rows: list[Row], beside: list[Row], seconds: float) -> dict[str, Any]:
    """Return the whole result as one JSON document; ``beside`` are the classes that are not causal."""
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    versions["python"] = sys.version.split()[0]
    return {
        "versions": versions,
        "totals": totals(rows),
        "other totals": totals(beside),
        "seconds": round(seconds, 1),
        "classes": rows,
        "others": beside,
    }


def main(arguments: list[str] | None = None, judge_one: Callable[..., Row] = row_of) -> int:
    """Judge the classes, print a table or JSON, and return 1 where any certified value is wrong."""
    options = _options(arguments)
    chosen, beside = _chosen(options.only, options.limit)
    began = time.perf_counter()
    console = Console(stderr=options.json)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.logging.set_verbosity_error()
        done = [
            judge_one(*one) for one in track([*chosen, *beside], "classes", console=console, transient=True)
        ]
    whole = document(done[: len(chosen)], done[len(chosen) :], time.perf_counter() - began)
    if options.json:
        sys.stdout.write(json.dumps(whole, indent=1, default=str) + "\n")
    else:
        _show(console, whole)
    return 1 if whole["totals"]["wrong"] or whole["other totals"]["wrong"] else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.families", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="classes to judge")
    parser.add_argument("--limit", type=int, metavar="N", help="judge the first N classes")
    return parser.parse_args(arguments)


def _chosen(only: list[str], limit: int | None) -> tuple[list[Any], list[Any]]:
    """Return the causal classes and the others that are asked for, as the arguments of `row_of`."""
    causal = {name: (name, kind, build) for name, kind in classes().items()}
    beside = {other[0]: other for other in others()}
    unknown = [name for name in only if name not in causal | beside]
    if unknown:
        sys.exit(f"There is no class {unknown[0]}; names are those of transformers, and {', '.join(beside)}.")
    if only:
        return [causal[name] for name in only if name in causal], [beside[n] for n in only if n in beside]
    return list(causal.values())[:limit], list(beside.values())[:limit]


def _show(console: Console, whole: dict[str, Any]) -> None:
    for title, rows, counts in (
        ("causal classes", whole["classes"], whole["totals"]),
        ("encoders and others", whole["others"], whole["other totals"]),
    ):
        if rows:
            console.print(_table(title, rows))
            for name, value in counts.items():
                console.print(f"{name}: {value}")
    console.print(f"{whole['seconds']} s with {whole['versions']}")


def _table(title: str, rows: list[Row]) -> Table:
    table = Table("class", "residual", "attention", "sites", "what is found", title=title, caption=_CAPTION)
    for row in rows:
        if not row["built"]:
            table.add_row(row["name"], "not built", "", "", row["error"], style="dim")
            continue
        counts = " ".join(str(count) for count in row["certificate"].values())
        verdicts = [_coloured(row[part]) for part in ("residual", "attention")]
        table.add_row(row["name"], *verdicts, counts, _remark(row))
    return table


def _coloured(word: str) -> str:
    return f"[{_COLOURS.get(word, 'dim')}]{word}[/]"


def _remark(row: Row) -> str:
    found = [*row["wrong"], *([row["error"]] if row["error"] else []), *row["differs"]]
    broken = [name for name, held in row["checks"].items() if held is False]
    return "; ".join((found or broken)[:2])


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 2)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
