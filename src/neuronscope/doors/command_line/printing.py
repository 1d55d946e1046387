"""What is read on a terminal: the answer, and a word about it beside it."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType

from neuronscope import views

if TYPE_CHECKING:
    import xarray as xr


def put(*items: RenderableType) -> None:
    """Print for people, as wide as the terminal, or 80 columns with no space at line ends."""
    console = Console(file=sys.stdout, highlight=False)
    if console.is_terminal:
        console.print(*items, sep="\n")
        return
    with console.capture() as text:
        console.print(*items, sep="\n")
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in text.get().splitlines())


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
    put(views.terminal(result, variable=variable, select=select))
