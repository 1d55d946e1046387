"""What a replication prints: its tables or one JSON document, and which of its claims do not hold."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

Found = dict[str, Any]


def replicate(
    name: str,
    arguments: list[str] | None,
    *,
    about: str | None,
    quick: str,
    measured: Callable[..., Found],
    failures: Callable[[Found], list[str]],
    tables: Callable[[Found], Iterable[Table]],
) -> int:
    """Read the arguments, measure, print, and return 1 where a claim does not hold.

    ``quick`` says in words what `measured` leaves out with ``quick=True``.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.truth.{name}", description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--quick", action="store_true", help=quick)
    options = parser.parse_args(arguments)
    found = measured(quick=options.quick)
    told = failures(found)
    if options.json:
        sys.stdout.write(json.dumps(found | {"failures": told}, indent=1) + "\n")
    else:
        console = Console()
        for table in tables(found):
            console.print(table)
        for line in told:
            console.print(line)
    return 1 if told else 0
