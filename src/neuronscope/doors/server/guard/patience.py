"""How long may a request take to arrive? uvicorn itself would wait for ever for the rest of a header."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 30.0
"""From the first byte, or from the connection on where none comes, to the last byte of the request."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on whoever sends a request too slowly."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait(True)

    def data_received(self, data: bytes) -> None:
        """Go on waiting where the request is not whole yet."""
        super().data_received(data)
        self._wait(self.conn.their_state in {h11.IDLE, h11.SEND_BODY})

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._wait(False)
        super().connection_lost(exc)

    def _wait(self, on: bool) -> None:
        if on and self._until is None:
            self._until = self.loop.call_later(SECONDS, self.transport.close)
        elif not on and self._until is not None:
            self._until.cancel()
            self._until = None
