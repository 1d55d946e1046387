"""What does every reply carry? The build of the workbench; and HEAD gets the head of what GET would."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neuronscope.doors.server import pages

BUILD = "x-neuronscope-build"
UNENDING = "/events"
"""Streams of events have no head apart from their body."""


class Courtesy:
    """Name the build on every reply, so that a page knows when it is of another; answer HEAD as GET."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headless = scope["method"] == "HEAD" and not scope["path"].endswith(UNENDING)

        async def polite(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(BUILD, pages.build())
            elif headless and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"} if headless else scope, receive, polite)
