"""What came out, as a table to read and as JSON to keep."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.speed.rows import Row
from benchmarks.speed.timing import Ratio

_PACKAGES = ("neuronscope", "torch", "transformers", "numpy", "transformer-lens", "nnsight")


@dataclass(frozen=True)
class Measured:
    """One row on one shape, with the same work done by peers beside it."""

    shape: str
    row: Row
    ratio: Ratio
    peers: dict[str, Ratio] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Return which bound the median reaches."""
        return self.row.verdict(self.ratio.value)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "shape": self.shape,
            **asdict(self.row),
            "measured": asdict(self.ratio),
            "verdict": self.verdict,
            "peers": {name: asdict(one) for name, one in self.peers.items()},
        }


def circumstances(threads: int, quick: bool) -> dict[str, Any]:
    """Return where and with what the numbers were taken."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "quick": quick,
        "threads": threads,
        "waiting_threads": os.environ.get("OMP_WAIT_POLICY", "as the system has it"),
        "clock": "CPU time of the process",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_at_start": load,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def show(
    results: Sequence[Measured],
    absent: Sequence[str],
    about: dict[str, Any],
    *,
    title: str = "The engine's speed: ratios, with 95 % intervals",
) -> None:
    """Print the table, the peers that are not there, and the circumstances."""
    console = Console()
    peers = sorted({name for result in results for name in result.peers})
    table = Table(title=title)
    for heading in ("model", "row"):
        table.add_column(heading, no_wrap=True)
    for heading in ("must", "aim", "measured", "verdict", *peers):
        table.add_column(heading, justify="right", no_wrap=heading == "measured")
    for result in results:
        sign = "≥" if result.row.at_least else "≤"
        said = [_said(result.peers[name]) if name in result.peers else "" for name in peers]
        bounds = (f"{sign} {bound:g}" for bound in (result.row.must, result.row.aim))
        table.add_row(result.shape, result.row.key, *bounds, _said(result.ratio), result.verdict, *said)
    console.print(table)
    for row in dict.fromkeys(result.row for result in results):
        console.print(f"{row.key}: {row.what}, over {row.over}.")
    for reason in absent:
        console.print(reason)
    load = "" if about["load_at_start"] is None else f", load {about['load_at_start']:.1f} at the start"
    console.print(f"{about['processor']}, {about['cores']} cores{load}; {about['threads']} threads.")


def _said(ratio: Ratio) -> str:
    digits = 1 if ratio.value >= 10 else 3
    if ratio.repeats == 1:
        return f"{ratio.value:.{digits}f}"
    return f"{ratio.value:.{digits}f} [{ratio.low:.{digits}f}, {ratio.high:.{digits}f}]"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if sys.platform == "linux" and facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
