"""Who asks? Whoever started the server, holds a token of the table, or signed in with either."""

import hmac
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronscope.custody import SCOPES, Actor, TokenTable, scopes_of
from neuronscope.doors.server.guard import sessions
from neuronscope.doors.server.guard.sessions import Session, Sessions
from neuronscope.doors.server.guard.throttle import Throttle
from neuronscope.words import BadInput

LOOPBACK = ("127.0.0.1", "localhost", "::1")
VARIABLE = "NEURONSCOPE_TOKEN"
SHORTEST_TOKEN = 16
MOST_SESSIONS = sessions.MOST
MOST_CODES = 100
OWNER = Actor("owner", "admin", SCOPES)
ANYONE = Actor("anyone", "analyst", scopes_of("analyst"))
HOST = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)

Headers = Sequence[tuple[bytes, bytes]]


class Throttled(Exception):
    """Raised where an address was wrong too often to be listened to now."""


@dataclass(frozen=True)
class Visitor:
    """Who asks, and by which session, where it is a browser's."""

    actor: Actor
    session: Session | None = None


def token_of_environment() -> str | None:
    """Return the token that the environment sets, or nothing.

    Raises ``BadInput`` where it is too short to keep anyone out or could not stand in a header.
    """
    token = os.environ.get(VARIABLE)
    if not token:
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise BadInput(
            f"{VARIABLE} must have at least {SHORTEST_TOKEN} letters, digits or signs and no spaces; "
            "unset it and a random token is made."
        )
    return token


def checked_host(name: str) -> str:
    """Return the name of a host as requests say it; raises ``BadInput`` where it could not be one."""
    if not HOST.fullmatch(name.lower()):
        raise BadInput(
            f"host name {name!r} cannot be allowed; say it as browsers do, such as lab.example or "
            "lab.example:8443."
        )
    return name.lower()


class Access:
    """The keys that one server takes, its sessions, and the hosts it goes by.

    Besides this machine's own names it answers to ``hosts``. With ``open_to_all`` nobody needs a key.
    """

    def __init__(
        self, *, port: int, token: str | None = None, hosts: Iterable[str] = (), open_to_all: bool = False
    ) -> None:
        self.port = port
        self.token = token or secrets.token_urlsafe(32)
        self.hosts = tuple(checked_host(name) for name in hosts)
        self.open_to_all = open_to_all
        self.tokens: TokenTable | None = None
        self.sessions = Sessions()
        # Browsers do not keep cookies of two ports apart, so the name does.
        self.cookie = f"neuronscope_session_{port}"
        # Random tokens cannot be guessed, so only one that a person chose must be shielded from guesses.
        self._guessable = token is not None
        self._guesses = Throttle(burst=30, rate=10)
        self.failures = Throttle(burst=60, rate=2)
        self._codes: set[str] = set()
        self._lock = threading.Lock()

    def code(self) -> str:
        """Make a login code that works once."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._codes) >= MOST_CODES:
                self._codes.pop()
            self._codes.add(code)
        return code

    def redeem(self, code: str, *, address: str = "") -> str | None:
        """Use up a login code and return the session it opens, or nothing where it is unknown or used."""
        with self._lock:
            if not _among(code, self._codes):
                return None
            self._codes.discard(code)
        return self.sessions.start(OWNER, address=address)

    def holder(self, secret: str, *, address: str = "") -> Actor | None:
        """Return who holds a token, or nothing where nobody does.

        Raises ``Throttled`` where the address guessed too often and the token could be a guess.
        """
        try:
            token = self.tokens.known(secret) if self.tokens is not None else None
        except sqlite3.Error:
            token = None  # a table that cannot be read opens nothing
        if token is not None:
            return token.actor
        if self._guessable and not self._guesses.full_enough(address):
            raise Throttled
        if _among(secret, [self.token]):
            return OWNER
        self._guesses.take(address)
        return None

    def visitor(self, headers: Headers, *, address: str = "") -> Visitor | None:
        """Return who sent a request, by its bearer token or else its session; nothing where neither holds.

        Raises ``Throttled`` as ``holder`` does.
        """
        for name, value in headers:
            scheme, _, given = value.decode("latin-1").partition(" ")
            if name == b"authorization" and scheme.lower() == "bearer":
                actor = self.holder(given.strip(), address=address)
                if actor is not None:
                    return Visitor(actor)
        session = self.session(headers)
        if session is not None:
            return Visitor(session.actor, session)
        return Visitor(ANYONE) if self.open_to_all else None

    def admits(self, headers: Headers) -> bool:
        """Say whether the request carries a token or an open session, or needs none."""
        return self.visitor(headers) is not None

    def in_session(self, headers: Headers) -> bool:
        """Say whether the request carries the cookie of an open session."""
        return self.session(headers) is not None

    def session(self, headers: Headers) -> Session | None:
        """Return the open session whose cookie the request carries; it ends with the token it came by."""
        # By hand: the standard library drops all cookies where another program's has an odd name.
        pairs = [pair for name, value in headers if name == b"cookie" for pair in value.split(b";")]
        for pair in pairs:
            name, _, given = pair.decode("latin-1").strip().partition("=")
            session = self.sessions.known(given) if name == self.cookie else None
            if session is not None and self._holds(session.actor.token):
                return session
        return None

    def knows_host(self, headers: Headers) -> bool:
        """Say whether the request names this server, so that no foreign name can be pointed at it."""
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        return len(hosts) == 1 and hosts[0] in {*self._own_hosts(), *self._allowed_hosts()}

    def from_our_page(self, headers: Headers, *, safe: bool) -> bool:
        """Say whether the request came from the server's own page, or from no page at all.

        A page of another port of this machine counts as the same site to a browser, so only the same
        origin will do.
        """
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        allowed = {b"same-origin", b"none"} if safe else {b"same-origin"}
        ours = {f"http://{host}" for host in hosts}
        # Under an allowed name a reverse proxy may speak TLS for us.
        ours |= {f"https://{host}" for host in hosts if host in self._allowed_hosts()}
        return all(site in allowed for site in sites) and all(origin in ours for origin in origins)

    def names(self) -> str:
        """Say by which names the server goes, for people."""
        return " and ".join([f"127.0.0.1:{self.port}", "localhost", *self.hosts])

    def still_admits(self, visitor: Visitor) -> bool:
        """Say whether the key by which somebody came still opens, and the session still is open."""
        session = visitor.session
        return (session is None or self.sessions.holds(session.id)) and self._holds(visitor.actor.token)

    def _holds(self, token_id: str | None) -> bool:
        if token_id is None:
            return True
        try:
            return self.tokens is not None and self.tokens.holds(token_id)
        except sqlite3.Error:
            return False

    def _own_hosts(self) -> set[str]:
        names = ("127.0.0.1", "localhost", "[::1]")
        bare = set(names) if self.port == 80 else set()
        return bare | {f"{name}:{self.port}" for name in names}

    def _allowed_hosts(self) -> set[str]:
        return {*self.hosts, *(f"{name}:{self.port}" for name in self.hosts if not re.search(r":\d+$", name))}


def _among(given: str, known: Iterable[str]) -> bool:
    sent = given.encode()
    return sum(hmac.compare_digest(sent, secret.encode()) for secret in known) > 0
