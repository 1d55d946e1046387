"""Where does work that splits run? One seam: in this process, in several, later on several machines."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Protocol

from neuronscope.results.track import track
from neuronscope.words import BadInput


class Executor(Protocol):
    """Anything that applies a function to many items and gives the answers back in order."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], what: str) -> Iterator[Any]:
        """Yield ``function(item)`` for each item in order, tracked as ``what``."""
        ...


class InProcess:
    """Runs one item after another, here."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], what: str) -> Iterator[Any]:
        """Yield ``function(item)`` for each item in order, tracked as ``what``.

        >>> list(InProcess().map(abs, [-1, 2], "numbers"))
        [1, 2]
        """
        return (function(item) for item in track(items, what))


class WorkerProcesses:
    """Runs items in several fresh processes; function and items must be importable and picklable.

    Only a few items ahead of the reader are handed out, so a long list costs no memory, and when the
    reader stops or is cancelled what has not started never does. They end with this process, even where it is
    killed.
    """

    def __init__(self, n_workers: int) -> None:
        """Set how many processes work at once; raises ``BadInput`` below 1."""
        if n_workers < 1:
            raise BadInput(f"n_workers is {n_workers}; it takes 1 or more.")
        self.n_workers = n_workers

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], what: str) -> Iterator[Any]:
        """Yield ``function(item)`` for each item in order, tracked as ``what``."""
        waiting = list(items)
        ahead = iter(waiting)
        # Spawned, not forked: a fork would copy torch's threads in whatever state they are.
        spawning = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.n_workers, spawning, initializer=_end_with_parent)
        try:
            begun: deque[Future[Any]] = deque()
            for _ in track(waiting, what):
                room = 2 * self.n_workers - len(begun)
                begun.extend(pool.submit(function, item) for item in islice(ahead, room))
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when the one that began it is gone: else a kill of that one leaves it for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_ended, args=(parent.sentinel,), daemon=True).start()


def _ended(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
