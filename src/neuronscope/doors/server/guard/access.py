"""Who may ask? Whoever started the server: by a link that works once, or by its token."""

import hmac
import os
import secrets
import threading
from collections.abc import Iterable, Sequence

from neuronscope.words import BadInput

LOOPBACK = ("127.0.0.1", "localhost", "::1")
VARIABLE = "NEURONSCOPE_TOKEN"
SHORTEST_TOKEN = 16
MOST_SESSIONS = 100

Headers = Sequence[tuple[bytes, bytes]]


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


class Access:
    """The token, login codes and sessions of one server, and the hosts it goes by."""

    def __init__(self, *, port: int, token: str | None = None) -> None:
        self.port = port
        self.token = token or secrets.token_urlsafe(32)
        # Browsers do not keep cookies of two ports apart, so the name does.
        self.cookie = f"neuronscope_session_{port}"
        self._codes: set[str] = set()
        self._sessions: list[str] = []
        self._lock = threading.Lock()

    def code(self) -> str:
        """Make a login code that works once."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes.add(code)
        return code

    def redeem(self, code: str) -> str | None:
        """Use up a login code and return the session it opens, or nothing where it is unknown or used."""
        with self._lock:
            if not _among(code, self._codes):
                return None
            self._codes.discard(code)
            session = secrets.token_urlsafe(32)
            self._sessions = [*self._sessions, session][-MOST_SESSIONS:]
            return session

    def knows_host(self, headers: Headers) -> bool:
        """Say whether the request names this server, so that no foreign name can be pointed at it."""
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        return len(hosts) == 1 and hosts[0] in self._hosts()

    def from_our_page(self, headers: Headers, *, safe: bool) -> bool:
        """Say whether the request came from the server's own page, or from no page at all.

        A page of another port of this machine counts as the same site to a browser, so only the same
        origin will do.
        """
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        allowed = {b"same-origin", b"none"} if safe else {b"same-origin"}
        ours = {f"http://{value.decode('latin-1').lower()}" for name, value in headers if name == b"host"}
        return all(site in allowed for site in sites) and all(origin in ours for origin in origins)

    def admits(self, headers: Headers) -> bool:
        """Say whether the request carries the token or an open session."""
        for name, value in headers:
            scheme, _, given = value.decode("latin-1").partition(" ")
            if (
                name == b"authorization"
                and scheme.lower() == "bearer"
                and _among(given.strip(), [self.token])
            ):
                return True
        return self.in_session(headers)

    def in_session(self, headers: Headers) -> bool:
        """Say whether the request carries the cookie of an open session."""
        # By hand: the standard library drops all cookies where another program's has an odd name.
        pairs = [pair for name, value in headers if name == b"cookie" for pair in value.split(b";")]
        for pair in pairs:
            name, _, given = pair.decode("latin-1").strip().partition("=")
            if name == self.cookie and _among(given, self._sessions):
                return True
        return False

    def _hosts(self) -> set[str]:
        names = ("127.0.0.1", "localhost", "[::1]")
        bare = set(names) if self.port == 80 else set()
        return bare | {f"{name}:{self.port}" for name in names}


def _among(given: str, known: Iterable[str]) -> bool:
    sent = given.encode()
    return sum(hmac.compare_digest(sent, secret.encode()) for secret in known) > 0
