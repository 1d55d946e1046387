"""What must hold of a request before anything reads it? Host, origin, size, and a key that reaches."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neuronscope.custody import Actor
from neuronscope.custody.files import moment
from neuronscope.doors.server.guard import roles
from neuronscope.doors.server.guard.access import Access, Throttled
from neuronscope.doors.server.guard.load import MOST_REQUESTS, MOST_STREAMS, Busy, Load
from neuronscope.doors.server.guard.patterns import forbidden_model
from neuronscope.doors.server.guard.recorder import Kept, Recorder, kept_or_late
from neuronscope.doors.server.guard.throttle import Throttle
from neuronscope.words import BadInput

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks whether the key of a reply that goes on and on still opens."""
LARGEST_BODY = 1_000_000
LARGEST_HEADERS = 32_000
HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_TOO_LARGE = f"The request's body is larger than {LARGEST_BODY:,} bytes; send less."
TOO_OFTEN = "Too many wrong tokens came from this address; wait a second."
_BUSY = (
    f"This key is being answered {MOST_REQUESTS} requests or {MOST_STREAMS} streams already; "
    "ask again once some have ended."
)


class _KeyEnded(OSError):
    """Raised into a reply whose reader's key ended, as a broken connection would be."""


class Gate:
    """Let in what names this host, comes from its own page or none, is small and carries a key that reaches.

    Afterwards ``scope["actor"]`` says who asks: ``name``, ``role``, ``scopes``, ``models`` and ``session``.
    Every request that may change something is recorded, and so is every refusal.
    """

    def __init__(self, app: ASGIApp, *, access: Access, audit: Recorder) -> None:
        self.app = app
        self.access, self.audit = access, audit
        self._load = Load()
        self._refusals = Throttle(burst=60, rate=2)
        self._used: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = refused = False
        looked = time.monotonic()

        async def dressed(message: Message) -> None:
            nonlocal begun, looked
            if message["type"] == "http.response.body" and time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                if not await self._still_admitted(scope):
                    raise _KeyEnded
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if roles.is_api(scope["path"]) or roles.is_guarded(scope["path"]):
                    headers.setdefault("cache-control", "no-store")
                row = self._record(scope, message["status"], refused=refused, onward=headers.get("location"))
                if row is not None:
                    await kept_or_late(row)
            await send(message)

        with ExitStack() as until_answered:
            refusal = await self._refusal(scope, until_answered)
            if refusal is None:
                refusal, receive = await _wrong_model(scope, _counted(receive))
            if refusal is not None:
                refused = True
                await refusal(scope, receive, dressed)
                return
            try:
                await self._watched(scope, self.app(scope, receive, dressed))
            except Exception as error:
                if begun and not await self._still_admitted(scope):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                if isinstance(error, _KeyEnded):
                    await _trouble(401, "The key of this request ended.")(scope, receive, dressed)
                    return
                log.exception("%s %s failed", scope["method"], scope["path"])
                if begun:
                    raise
                answer = _trouble(500, "The server failed on this request; its log has the details.")
                await answer(scope, receive, dressed)

    async def _refusal(self, scope: Scope, until_answered: ExitStack) -> JSONResponse | None:
        headers, path = scope["headers"], scope["path"]
        safe = scope["method"] in roles.SAFE_METHODS
        if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
            return _trouble(431, f"The headers are larger than {LARGEST_HEADERS:,} bytes; send less.")
        if not self.access.knows_host(headers):
            return _trouble(403, f"This server answers only to {self.access.names()}.")
        if (roles.is_api(path) or roles.is_guarded(path) or not safe) and not self.access.from_our_page(
            headers, safe=safe
        ):
            return _trouble(403, "Requests from pages of other origins are refused.")
        if roles.is_guarded(path):
            refusal = await self._stranger(scope, until_answered)
            if refusal is not None:
                return refusal
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(value.isdigit() and int(value) > LARGEST_BODY for value in lengths):
            return _trouble(413, _TOO_LARGE)
        return None

    async def _stranger(self, scope: Scope, until_answered: ExitStack) -> JSONResponse | None:
        """Refuse whoever has no key, one that does not reach, or asks too much; name the rest."""
        try:
            visitor = self.access.visitor(scope["headers"], address=address_of(scope))
        except Throttled:
            return _trouble(429, TOO_OFTEN, {"retry-after": "1"})
        if visitor is None:
            return _trouble(
                401,
                "Open the link that `neuronscope open` printed, or send Authorization: Bearer TOKEN.",
                {"www-authenticate": "Bearer"},
            )
        session = visitor.session.id if visitor.session is not None else None
        scope["actor"] = {**vars(visitor.actor), "session": session}
        scope["visitor"] = visitor
        await self._note_use(visitor.actor)
        reason = roles.refusal(visitor.actor, scope["method"], scope["path"])
        if reason is not None:
            return _trouble(403, reason)
        key = visitor.actor.token or visitor.actor.name
        try:
            until_answered.enter_context(self._load.taken(key, stream=_is_stream(scope["path"])))
        except Busy:
            return _trouble(429, _BUSY, {"retry-after": "1"})
        return None

    async def _watched(self, scope: Scope, answer: Awaitable[None]) -> None:
        """Wait for a reply, and end a stream with the key of its reader even where it has nothing to say."""
        if not _is_stream(scope["path"]):
            await answer
            return
        answering = asyncio.ensure_future(answer)
        try:
            while not (await asyncio.wait([answering], timeout=LOOK_EVERY))[0]:
                if not await self._still_admitted(scope):
                    raise _KeyEnded
            await answering
        finally:
            if answering.cancel():
                await asyncio.wait([answering])

    async def _still_admitted(self, scope: Scope) -> bool:
        visitor = scope.get("visitor")
        return visitor is None or await run_in_threadpool(self.access.still_admits, visitor)

    async def _note_use(self, actor: Actor) -> None:
        """Write into the table, once a minute, that a token is used."""
        minute, tokens = moment()[:16], self.access.tokens
        if actor.token is None or tokens is None or self._used.get(actor.token) == minute:
            return
        self._used[actor.token] = minute
        try:
            await run_in_threadpool(tokens.note_use, actor.token)
        except BadInput as error:
            log.warning("%s", error)

    def _record(self, scope: Scope, status: int, *, refused: bool, onward: str | None) -> Kept | None:
        if not (refused or roles.changes(scope["method"], scope["path"])):
            return None
        address = address_of(scope)
        missed = self._refusals.take(address) if refused else 0
        if missed is None:
            return None
        actor = scope.get("actor", {})
        return self.audit.write(
            actor=actor.get("name", "stranger"),
            role=actor.get("role"),
            action="refused" if refused else "request",
            outcome="done" if status < 400 else "refused" if status < 500 else "failed",
            method=scope["method"],
            path=scope["path"],
            status=status,
            address=address,
            onward=onward,
            unwritten=missed or None,
        )


def address_of(scope: Scope) -> str:
    """Return where a request came from."""
    client = scope.get("client")
    return client[0] if client else ""


def _is_stream(path: str) -> bool:
    return path == "/api/v1/streams" or path.endswith(("/events", "/frames"))


def _trouble(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


async def _wrong_model(scope: Scope, receive: Receive) -> tuple[JSONResponse | None, Receive]:
    """Read the body where the key is for some models only, and refuse where it names another."""
    pattern = scope.get("actor", {}).get("models")
    if pattern is None or scope["method"] in roles.SAFE_METHODS:
        return None, receive
    body, more = b"", True
    while more:
        try:
            message = await receive()
        except HTTPException as error:
            return _trouble(error.status_code, error.detail), receive
        body += message.get("body", b"")
        more = message.get("more_body", False)
    model = forbidden_model(body, pattern)
    if model is not None:
        return _trouble(403, f"This key is for models named {pattern}, and not for {model!r}."), receive
    return None, _again(body, receive)


def _again(body: bytes, receive: Receive) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _counted(receive: Receive) -> Receive:
    read = 0

    async def counting() -> dict[str, Any]:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise HTTPException(413, _TOO_LARGE)
        return dict(message)

    return counting
