"""Run work in a process of its own, and kill it at one of the lines of the code that it is about."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Lines:
    """Count the lines of some files' code, and kill the process at the last one allowed."""

    def __init__(self, ours: Callable[[str], bool], allowed: int | None) -> None:
        self.ours, self.seen, self.allowed = ours, 0, allowed

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Enter functions of these files alone, and count their lines."""
        if not self.ours(frame.f_code.co_filename):
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.allowed:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def in_a_child(
    work: Callable[[], object], ours: Callable[[str], bool], allowed: int | None
) -> tuple[bool, int]:
    """Do the work in a child; return whether it was killed, and how many lines it ran if not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        lines = Lines(ours, allowed)
        threading.settrace(lines)
        sys.settrace(lines)
        work()
        sys.settrace(None)
        os.write(writing, str(lines.seen).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        seen = said.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status != 0:
        raise SystemExit(f"the work ended with status {status}")
    return killed, int(seen or 0)
