"""What is read on a terminal: the answer, and a word about it beside it."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from neuronscope import views

if TYPE_CHECKING:
    import xarray as xr


def on_stdout() -> Console:
    """Return a console as wide as the terminal, 80 columns where there is none."""
    return Console(file=sys.stdout, highlight=False)


def said(words: str) -> None:
    """Say one line on stderr, where it does not mix with the answer."""
    sys.stderr.write(f"{words}\n")


def plainly(words: str) -> None:
    """Print one line that a program can read."""
    sys.stdout.write(f"{words}\n")


def as_json(value: Any) -> None:
    """Print plain data as JSON."""
    plainly(json.dumps(value, indent=1, ensure_ascii=False))


def printed(result: "xr.Dataset | xr.DataTree", *, variable: str | None, select: Mapping[str, int]) -> None:
    """Print a result as a small picture or table."""
    on_stdout().print(views.terminal(result, variable=variable, select=select))
