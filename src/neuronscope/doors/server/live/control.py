"""How is a stream held, let go by one token, ended, or changed on its way?"""

import threading
from typing import Literal

from neuronscope.instruments.interventions import Interventions

LONGEST_PAUSE = 900.0
"""Seconds after which a stream that was left paused ends and makes room for others."""


class Control:
    """What was asked of a stream since it last looked."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps: int | None = None
        self._stopped = False
        self._change: Interventions | None = None

    @property
    def state(self) -> Literal["running", "paused", "stopped"]:
        """Return what is asked of the stream now."""
        if self._stopped:
            return "stopped"
        return "running" if self._steps is None else "paused"

    def pause(self) -> None:
        """Hold the stream before its next token."""
        self._set(steps=0)

    def resume(self) -> None:
        """Let the stream go on."""
        self._set(steps=None)

    def step(self) -> None:
        """Let one more token pass, then hold."""
        self._set(steps=(self._steps or 0) + 1)

    def stop(self) -> None:
        """End the stream before its next token."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def steer(self, change: Interventions) -> None:
        """Put these interventions in place of those in force, from the next token that is computed."""
        with self._changed:
            self._change = change

    def wait(self, *, patience: float = LONGEST_PAUSE) -> bool:
        """Wait while the stream is held; return whether it may go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._steps != 0, patience)
            if self._steps == 0:
                self._stopped = True
            elif self._steps is not None:
                self._steps -= 1
            return not self._stopped

    def take(self) -> Interventions | None:
        """Return the interventions that were sent last, once."""
        with self._changed:
            change, self._change = self._change, None
            return change

    def _set(self, *, steps: int | None) -> None:
        with self._changed:
            self._steps = steps
            self._changed.notify_all()
