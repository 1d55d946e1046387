"""What must hold of a request before anything reads it? Host, origin, size and who asks."""

import logging
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neuronscope.doors.server.guard.access import Access

log = logging.getLogger(__name__)

API = "/api"
HEALTH = "/api/v1/health"
LARGEST_BODY = 1_000_000
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Gate:
    """Let in what names this host, comes from its own page or none, is small and carries a key."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if _is_api(scope):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            await refusal(scope, receive, dressed)
            return
        try:
            await self.app(scope, _counted(receive), dressed)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if begun:
                raise
            answer = _trouble(500, "The server failed on this request; its log has the details.")
            await answer(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers, path = scope["headers"], scope["path"]
        safe = scope["method"] in SAFE_METHODS
        if not self.access.knows_host(headers):
            return _trouble(403, f"This server answers only to 127.0.0.1:{self.access.port} and localhost.")
        if (_is_api(scope) or not safe) and not self.access.from_our_page(headers, safe=safe):
            return _trouble(403, "Requests from pages of other origins are refused.")
        if _is_api(scope) and path != HEALTH and not self.access.admits(headers):
            return _trouble(
                401,
                "Open the link that `neuronscope open` printed, or send Authorization: Bearer TOKEN.",
                {"www-authenticate": "Bearer"},
            )
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(value.isdigit() and int(value) > LARGEST_BODY for value in lengths):
            return _trouble(413, _TOO_LARGE)
        return None


_TOO_LARGE = f"The request's body is larger than {LARGEST_BODY:,} bytes; send less."


def _is_api(scope: Scope) -> bool:
    return scope["path"] == API or scope["path"].startswith(f"{API}/")


def _trouble(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


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
