"""How far is it? A bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from neuronscope.results import Progress as Step
from neuronscope.results import listening

LINE_EVERY = 10.0  # seconds


@contextmanager
def shown(first: str) -> Iterator[None]:
    """Show on stderr how far the work inside is, starting with what is done ``first``."""
    with _bars(first) if sys.stderr.isatty() else _lines():
        yield


@contextmanager
def _bars(first: str) -> Iterator[None]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {"": bars.add_task(first, total=None)}

        def hear(step: Step) -> None:
            if "" in tasks:
                bars.remove_task(tasks.pop(""))
            if step.what not in tasks:
                tasks[step.what] = bars.add_task(step.what, total=step.total)
            bars.update(tasks[step.what], completed=step.done, total=step.total)

        with listening(hear):
            yield


@contextmanager
def _lines() -> Iterator[None]:
    last = time.monotonic()

    def hear(step: Step) -> None:
        nonlocal last
        if step.done != step.total and time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            of = f" of {step.total}" if step.total else ""
            sys.stderr.write(f"{step.what}: {step.done}{of}\n")

    with listening(hear):
        yield
