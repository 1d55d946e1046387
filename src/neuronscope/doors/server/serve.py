"""How does the server start and stop? On this machine only, with a link that opens its page once."""

import json
import os
import secrets
import socket
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import uvicorn
from fastapi.concurrency import run_in_threadpool

from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import LOOPBACK, Access, token_of_environment
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import open_store
from neuronscope.words import BadInput

FAREWELL = 5
"""Seconds that open connections have to end when the server stops."""


def serve(
    model: str | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    open_browser: bool = True,
    ready_file: str | Path | None = None,
    store_folder: str | Path | None = None,
) -> None:
    """Serve the REST door and the workbench until SIGINT or SIGTERM, with a model open if one is named.

    Port 0 takes any that is free. ``ready_file`` gets url, login, token and pid as JSON once the server
    answers. Raises ``BadInput`` on a host that is not this machine, a taken port, or a model that does
    not open.
    """
    token = token_of_environment()
    listener = bind(host, port)
    with listener:
        taken = listener.getsockname()[1]
        access, shelf = Access(port=taken, token=token), Shelf()
        if model is not None:
            shelf.open(model)
        store = open_store(store_folder)
        app = create_app(access=access, store=store, shelf=shelf)
        address = f"http://{_in_address(host)}:{taken}"
        notice = Notice(
            access,
            address=address,
            page=page_of(model),
            token_file=store.folder / "tokens" / str(taken),
            ready_file=Path(ready_file) if ready_file is not None else None,
            open_browser=open_browser,
        )
        config = uvicorn.Config(
            app,
            access_log=False,  # it would write login codes down
            log_level="warning",
            timeout_graceful_shutdown=FAREWELL,
            server_header=False,
        )
        Server(config, jobs=app.state.desk.jobs, notice=notice).run(sockets=[listener])


@dataclass(frozen=True)
class Notice:
    """What is told to the world while the server answers: the link, the ready file, the token file."""

    access: Access
    address: str
    page: str
    token_file: Path
    ready_file: Path | None
    open_browser: bool

    def put_up(self) -> None:
        """Write the files, print the link and open the browser."""
        self.token_file.parent.mkdir(parents=True, exist_ok=True)
        write_private(self.token_file, self.access.token + "\n")
        if self.ready_file is not None:
            facts = {
                "url": self.address,
                "login": self.link(),
                "token": self.access.token,
                "pid": os.getpid(),
            }
            write_private(self.ready_file, json.dumps(facts) + "\n")
        sys.stdout.write(
            f"NeuronScope runs at {self.address}; Ctrl-C stops it.\n"
            f"This link opens it once: {self.link()}\n"
            f"Programs send the token in {self.token_file}\n"
        )
        sys.stdout.flush()
        if self.open_browser:
            # Some browsers only return when they are closed.
            threading.Thread(target=webbrowser.open, args=(self.link(),), daemon=True).start()

    def take_down(self) -> None:
        """Remove the files."""
        for file in (self.token_file, self.ready_file):
            if file is not None:
                file.unlink(missing_ok=True)

    def link(self) -> str:
        """Make an address that logs in once and leads to the page."""
        return f"{self.address}/login?code={self.access.code()}&next={quote(self.page, safe='')}"


class Server(uvicorn.Server):
    """uvicorn that says when it answers, cancels jobs before it waits for connections, and ends with 0."""

    def __init__(self, config: uvicorn.Config, *, jobs: Jobs, notice: Notice) -> None:
        super().__init__(config)
        self._jobs, self._notice = jobs, notice

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        if self.started:
            self._notice.put_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cancel what runs, so that streams end, then close."""
        self._notice.take_down()
        await run_in_threadpool(self._jobs.close)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in good order; a second signal does not wait."""
        self.force_exit = self.should_exit
        self.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """Take a port of this machine.

    Raises ``BadInput`` on any other host and on a port that is taken or not allowed.
    """
    if host not in LOOPBACK:
        raise BadInput(
            f"host {host!r} is not this machine; use 127.0.0.1, localhost or ::1, "
            "and ssh -L to reach it from elsewhere."
        )
    if not 0 <= port <= 65535:
        raise BadInput(f"port {port} is no port; use 0 for any that is free, or 1024 to 65535.")
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
    except OSError as error:
        listener.close()
        raise BadInput(f"port {port} cannot be used: {error.strerror}; use 0 for any free one.") from None
    return listener


def page_of(model: str | None) -> str:
    """Return the page that the link leads to."""
    return "/" if model is None else f"/lab?model={quote(model, safe='')}"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8") as handle:
            handle.write(text)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"Cannot write {str(file)!r}: {error.strerror}.") from None


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
