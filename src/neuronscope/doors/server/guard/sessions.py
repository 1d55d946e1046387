"""Which browsers are signed in? Sessions of this process, told apart by the hash of their cookie."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace

from neuronscope.custody import Actor
from neuronscope.custody.files import moment

MOST = 100
DAYS = 0.5
"""A session ends twelve hours after signing in, or with the token that it came by."""


@dataclass(frozen=True)
class Session:
    """One browser that signed in."""

    id: str
    actor: Actor
    created: str
    last_used: str
    expires: str
    address: str


class Sessions:
    """The open sessions, the oldest giving way where there are too many."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()

    def start(self, actor: Actor, *, address: str) -> str:
        """Open a session and return the secret that its cookie holds."""
        secret, now = secrets.token_urlsafe(32), moment()
        session = Session(secrets.token_hex(4), actor, now, now, moment(later_days=DAYS), address)
        with self._lock:
            self._open = dict([*self._current().items(), (_hash(secret), session)][-MOST:])
        return secret

    def known(self, secret: str) -> Session | None:
        """Return the open session of a cookie, or nothing, and note that it is used."""
        key, now = _hash(secret), moment()
        with self._lock:
            session = self._open.get(key)
            if session is None:
                return None
            if session.expires <= now:
                del self._open[key]
                return None
            self._open[key] = replace(session, last_used=now)
            return session

    def all(self) -> list[Session]:
        """Return the open sessions, newest first."""
        with self._lock:
            return list(reversed(self._current().values()))

    def holds(self, session_id: str) -> bool:
        """Say whether a session is open."""
        with self._lock:
            return any(session.id == session_id for session in self._current().values())

    def close(self, session_id: str) -> Session | None:
        """End a session and return it, or nothing where it is not open."""
        with self._lock:
            for key, session in self._current().items():
                if session.id == session_id:
                    del self._open[key]
                    return session
        return None

    def _current(self) -> dict[str, Session]:
        now = moment()
        return {key: session for key, session in self._open.items() if session.expires > now}


def _hash(secret: str) -> str:
    # What is looked up is a hash, so how long it takes says nothing of the secret.
    return hashlib.sha256(secret.encode()).hexdigest()
