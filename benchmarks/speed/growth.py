"""How does each cost grow with layers, positions, rows of the batch, and width?"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.memory import sliced_read
from benchmarks.speed.rows import GROUPS
from benchmarks.speed.subjects import Size, Subject, subject
from benchmarks.speed.timing import interleaved

MIDDLE = Size(layers=6, width=384, heads=6, key_heads=2, vocab=8192, positions=32)
SIZES: Mapping[str, Sequence[int]] = {
    "layers": (3, 6, 12),
    "positions": (16, 32, 64),
    "rows": (1, 4, 16),
    "width": (192, 384, 768),
}
COSTS = {
    "forward": "plain forward",
    "run": "run, reading nothing",
    "read.one": "run, reading one site",
    "read.sites": "run, reading 14 sites of every block",
    "sweep.residual": "patch every block and position alone",
    "sweep.heads": "patch every head alone",
    "resume.last": "resume at the last block",
    "stream.plain": "one step of a stream",
    "harvest.residual": "harvest 64 times as many tokens",
}
_STREAM = "stream.plain"
_HEAD_WIDTH = 64
_REPEATS = 3


@dataclass(frozen=True)
class Growth:
    """One cost at three sizes of one dimension; the exponent is the slope of its logarithms."""

    cost: str
    unit: str
    dimension: str
    sizes: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Return the power of the size with which the cost grows, fitted by least squares."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.values), 1)[0])


def growth(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure every cost at three sizes of every dimension, the others held in the middle."""
    rows = []
    for dimension, sizes in SIZES.items():
        at_each = [_costs(_sized(dimension, size, quick), dimension, quick) for size in sizes]
        for cost, unit in at_each[0]:
            values = tuple(each[cost, unit] for each in at_each)
            grown = Growth(cost, unit, dimension, tuple(sizes), values)
            rows.append({**asdict(grown), "exponent": grown.exponent})
    return rows


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of exponents, and below it the numbers, as Markdown."""
    dimensions = list(SIZES)
    costs = list(dict.fromkeys((row["cost"], row["unit"]) for row in rows))
    lines = [f"| cost | {' | '.join(dimensions)} |", "|---|" + "---|" * len(dimensions)]
    for cost, unit in costs:
        found = {row["dimension"]: row for row in rows if (row["cost"], row["unit"]) == (cost, unit)}
        cells = [f"{found[name]['exponent']:.2f}" if name in found else "" for name in dimensions]
        lines.append(f"| {cost} ({unit}) | {' | '.join(cells)} |")
    lines += ["", "| cost | grows with | sizes | measured |", "|---|---|---|---|"]
    for row in rows:
        sizes = ", ".join(map(str, row["sizes"]))
        values = ", ".join(f"{value:.3g}" for value in row["values"])
        lines.append(f"| {row['cost']} ({row['unit']}) | {row['dimension']} | {sizes} | {values} |")
    return "\n".join(lines)


def _sized(dimension: str, number: int, quick: bool) -> Subject:
    middle = replace(MIDDLE, width=128, heads=2, vocab=101) if quick else MIDDLE
    size = replace(middle, **{dimension: number})
    if dimension == "width":
        size = replace(size, heads=max(1, number // _HEAD_WIDTH))
    return subject("gpt2", size)


def _costs(subject: Subject, dimension: str, quick: bool) -> dict[tuple[str, str], float]:
    with tempfile.TemporaryDirectory() as folder:
        work = {}
        for group in GROUPS:
            if dimension != "rows" or _STREAM not in {row.key for row in group.rows}:  # it has one prompt
                work |= group.work(subject, Path(folder))
        work = {cost: done for cost, done in work.items() if cost in COSTS}
        seconds = interleaved(work, 1 if quick else _REPEATS)
    costs = {(COSTS[cost], "s"): float(np.median(seconds[cost])) for cost in COSTS if cost in seconds}
    if _STREAM in seconds:
        costs[COSTS[_STREAM], "s"] /= 2 * subject.size.positions
    for get in (("resid_post.*@-1",), ("resid_post.*",)):
        costs[f"memory of reading {get[0]}", "bytes"] = float(sliced_read(subject, get).worst)
    return costs
