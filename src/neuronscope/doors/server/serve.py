"""How does the server start and stop? Here alone unless told otherwise, with a link that works once."""

import errno
import ipaddress
import json
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from neuronscope.custody import FOLDER, TokenTable
from neuronscope.doors.server.app import create_app
from neuronscope.doors.server.guard.access import LOOPBACK, Access, token_of_environment
from neuronscope.doors.server.guard.gate import LARGEST_HEADERS
from neuronscope.doors.server.guard.patience import PatientProtocol
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import open_store
from neuronscope.words import BadInput

FAREWELL = 5
"""Seconds that open connections have to end when the server stops."""
KEEP_ALIVE = 15
"""Seconds that a connection may idle between two requests."""
MOST_CONNECTIONS = 2000
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every network of this machine, each with the one to reach it from here."""


def serve(
    model: str | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    allow_hosts: Sequence[str] = (),
    insecure_no_auth: bool = False,
    files: Sequence[str] = (),
    open_browser: bool = True,
    ready_file: str | Path | None = None,
    store_folder: str | Path | None = None,
) -> None:
    """Serve the REST door and the workbench until SIGINT or SIGTERM, with a model open if one is named.

    Port 0 takes any that is free. ``allow_hosts`` are names, besides this machine's own, under which
    requests may come. ``files`` are the folders whose files questions may name; any file where none is
    given and only this machine can ask. ``ready_file`` gets url, login, token and pid as JSON once the
    server answers.
    Raises ``BadInput`` on a host that other machines can reach while no token is made, unless
    ``insecure_no_auth`` lets everybody in; on a taken port, or a model that does not open.
    """
    token = token_of_environment()
    store = open_store(store_folder)
    check_shared(host, tokens=TokenTable(store.folder / FOLDER), insecure_no_auth=insecure_no_auth)
    listener = bind(host, port)
    with listener:
        taken = listener.getsockname()[1]
        names = [*allow_hosts, *([] if host in (*LOOPBACK, *EVERYWHERE) else [_in_address(host)])]
        access = Access(port=taken, token=token, hosts=names, open_to_all=insecure_no_auth)
        shelf = Shelf()
        if model is not None:
            shelf.open(model)
        known = (*files, *([] if model is None else [model]))
        alone = host in LOOPBACK and not (allow_hosts or insecure_no_auth or files)
        app = create_app(access=access, store=store, shelf=shelf, allowed=None if alone else known)
        notice = Notice(
            access,
            address=f"http://{_in_address(EVERYWHERE.get(host, host))}:{taken}",
            page=page_of(model),
            token_file=store.folder / "tokens" / str(taken),
            ready_file=Path(ready_file) if ready_file is not None else None,
            open_browser=open_browser,
            shared=host not in LOOPBACK,
        )
        audit = app.state.desk.audit
        audit.write(actor="server", action="start", host=host, port=taken, open_to_all=insecure_no_auth)
        Server(settings(app, behind_proxy=bool(allow_hosts)), jobs=app.state.desk.jobs, notice=notice).run(
            sockets=[listener]
        )
        audit.write(actor="server", action="stop", host=host, port=taken)
        audit.close()


def check_shared(host: str, *, tokens: TokenTable, insecure_no_auth: bool) -> None:
    """Raise ``BadInput`` where other machines could come in and nobody was given a token for that."""
    if host in LOOPBACK or insecure_no_auth or tokens.active():
        return
    raise BadInput(
        f"host {host!r} can be reached from other machines, and nobody has a token yet; make one with "
        "'neuronscope token create NAME', or use 127.0.0.1, localhost or ::1 and ssh -L."
    )


def settings(app: FastAPI, *, behind_proxy: bool = False) -> uvicorn.Config:
    """Return how connections are taken: so many, so patiently, with no word about who took them."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        access_log=False,  # it would write login codes down
        log_level="warning",
        # Who forwards is believed only where a proxy is expected, and only on this machine.
        proxy_headers=behind_proxy,
        forwarded_allow_ips=["127.0.0.1", "::1"],
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=FAREWELL,
        server_header=False,
    )


@dataclass(frozen=True)
class Notice:
    """What is told to the world while the server answers: the link, the ready file, the token file."""

    access: Access
    address: str
    page: str
    token_file: Path
    ready_file: Path | None
    open_browser: bool
    shared: bool = False

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
        sys.stderr.writelines(f"{warning}\n" for warning in self.warnings())
        if self.open_browser:
            # Some browsers only return when they are closed.
            threading.Thread(target=webbrowser.open, args=(self.link(),), daemon=True).start()

    def warnings(self) -> list[str]:
        """Say what whoever starts the server should know about who else can reach it."""
        said = []
        if self.shared:
            said.append(
                f"Other machines can reach port {self.access.port}, over plain HTTP: put a reverse proxy "
                "with TLS before it (docs/security.md)."
            )
            if not self.access.hosts:
                said.append(
                    "It answers them under no name yet; add --allow-host NAME, as their browsers say it."
                )
        if self.access.open_to_all:
            said.append(
                "WARNING: --insecure-no-auth lets whoever reaches this port use your machine as an analyst, "
                "without any key."
            )
        return said

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
    """Take a port at an address of this machine.

    Raises ``BadInput`` on what is no address of it and on a port that is taken or not allowed.
    """
    here = "127.0.0.1" if host == "localhost" else host
    try:
        version = ipaddress.ip_address(here).version
    except ValueError:
        raise BadInput(
            f"host {host!r} is no address; use 127.0.0.1, localhost or ::1 for this machine alone, 0.0.0.0 "
            "for every network that it is on, or one address of its own."
        ) from None
    if not 0 <= port <= 65535:
        raise BadInput(f"port {port} is no port; use 0 for any that is free, or 1024 to 65535.")
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    # Said in full, since asyncio spares only connections that call themselves TCP the 40 ms wait of Nagle.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((here, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise BadInput(f"host {host!r} is not an address of this machine.") from None
        raise BadInput(f"port {port} cannot be used: {error.strerror}; use 0 for any free one.") from None
    return listener


def page_of(model: str | None) -> str:
    """Return the page that the link leads to."""
    return "/" if model is None else f"/?model={quote(model, safe='')}"


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
