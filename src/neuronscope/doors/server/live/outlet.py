"""How do frames get from the thread that works to the client that reads? Through a pipe that can be full."""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

MOST_FRAMES = 16
MOST_BYTES = 8 * 2**20
PATIENCE = 60.0
"""Seconds that a client may read nothing before the work for it is given up."""


class Outlet:
    """A few frames on their way to one client; whoever puts more waits until the client has read some."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = self._left = False
        self._ring: Callable[[], None] | None = None

    @property
    def left(self) -> bool:
        """Say whether nobody reads any more."""
        return self._left

    @property
    def closed(self) -> bool:
        """Say whether no frame follows."""
        return self._closed

    def put(self, frame: bytes) -> bool:
        """Hand on a frame, waiting while the pipe is full; return whether somebody is there to read it."""
        with self._changed:
            until = time.monotonic() + self._patience
            while self._full() and not self._left:
                remaining = until - time.monotonic()
                if remaining <= 0:
                    self._left = True
                    break
                self._changed.wait(remaining)
            if self._left:
                return False
            self._frames.append(frame)
            self._bytes += len(frame)
            self._tell()
            return True

    def close(self) -> None:
        """Say that no frame follows."""
        with self._changed:
            self._closed = True
            self._tell()

    def leave(self) -> None:
        """Say that nobody reads any more."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    async def read(self) -> AsyncIterator[bytes]:
        """Yield what has come, several frames at once where they wait; leaving the loop leaves the outlet."""
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            """Wake the reader, from any thread."""
            with contextlib.suppress(RuntimeError):  # the loop has closed and nobody reads
                loop.call_soon_threadsafe(bell.set)

        self._ring = ring
        try:
            while True:
                bell.clear()
                taken, closed = self._take()
                if taken:
                    yield taken
                elif closed:
                    return
                else:
                    await bell.wait()
        finally:
            self.leave()

    def _take(self) -> tuple[bytes, bool]:
        with self._changed:
            taken = b"".join(self._frames)
            self._frames.clear()
            self._bytes = 0
            self._changed.notify_all()
            return taken, self._closed or self._left

    def _full(self) -> bool:
        return bool(self._frames) and (len(self._frames) >= MOST_FRAMES or self._bytes >= MOST_BYTES)

    def _tell(self) -> None:
        if self._ring is not None:
            self._ring()
