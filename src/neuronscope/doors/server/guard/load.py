"""How much may one actor ask at once? So many requests, and of them so many streams."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

MOST_REQUESTS = 200
MOST_STREAMS = 60


class Busy(Exception):
    """Raised where an actor asks too much at once."""


class Load:
    """What each actor is being answered now."""

    def __init__(self) -> None:
        self._now: Counter[tuple[str, bool]] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, actor: str, *, stream: bool) -> Iterator[None]:
        """Count a request while it is answered; raises ``Busy`` where the actor has too many."""
        with self._lock:
            streams = self._now[actor, True]
            if streams + self._now[actor, False] >= MOST_REQUESTS or (stream and streams >= MOST_STREAMS):
                raise Busy
            self._now[actor, stream] += 1
        try:
            yield
        finally:
            with self._lock:
                self._now[actor, stream] -= 1
                if self._now[actor, stream] == 0:
                    del self._now[actor, stream]
