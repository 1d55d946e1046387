"""How far is it? Work announces each step here; the door in force listens and may cancel.

Work may also offer what it has so far, so that a page shows a map while its cells fill in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import xarray as xr

Item = TypeVar("Item")


@dataclass(frozen=True)
class Progress:
    """So many of so many things are done; ``total`` is none where nobody knows."""

    what: str
    done: int
    total: int | None


class Cancelled(Exception):
    """Raised by a listener to stop the work that reports to it.

    Work that goes step by step may leave in ``whole`` what it has, and the parameters of the smaller question
    whose whole answer that is.
    """

    whole: tuple[xr.Dataset, Mapping[str, Any]] | None = None


Listener = Callable[[Progress], None]
Viewer = Callable[[xr.Dataset], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_viewer: ContextVar[Viewer | None] = ContextVar("viewer", default=None)


@contextmanager
def listening(callback: Listener, *, unfinished: Viewer | None = None) -> Iterator[None]:
    """Hear the progress of everything tracked inside the block, in this thread or task.

    The callback may raise ``Cancelled``, which stops the work at the step it has reached. ``unfinished``
    is called with each answer that is offered before it is whole.

    >>> with listening(lambda progress: print(progress.what, progress.done, progress.total)):
    ...     letters = list(track("ab", "letters"))
    letters 0 2
    letters 1 2
    letters 2 2
    """
    heard, seen = _listener.set(callback), _viewer.set(unfinished)
    try:
        yield
    finally:
        _listener.reset(heard)
        _viewer.reset(seen)


def track(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items in order and tell the listener before each one and after the last.

    ``total`` is the number of items, found from their length where they have one.

    >>> list(track([3, 4], "layers"))
    [3, 4]
    """
    total = len(items) if total is None and isinstance(items, Sized) else total
    done = 0
    for item in items:
        _tell(what, done, total)
        yield item
        done += 1
    _tell(what, done, total)


def offer(answer: xr.Dataset | Callable[[], xr.Dataset]) -> None:
    """Show an unfinished answer, labelled like the final one, to whoever looks on.

    A function is only called where somebody does. A copy is shown, so the work may go on in its arrays.

    >>> with listening(lambda progress: None, unfinished=lambda found: print(found.effect.values)):
    ...     offer(xr.Dataset({"effect": ("layer", [0.5, float("nan")])}))
    [0.5 nan]
    """
    show = _viewer.get()
    if show is not None:
        show((answer() if callable(answer) else answer).copy(deep=True))


def _tell(what: str, done: int, total: int | None) -> None:
    """Pass progress on to whoever listens now."""
    callback = _listener.get()
    if callback is not None:
        callback(Progress(what, done, total))
