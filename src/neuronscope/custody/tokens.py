"""Which keys are there besides the one of the start? A table of hashed tokens in SQLite."""

import fnmatch
import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from neuronscope.custody.files import make_private, moment, opened
from neuronscope.custody.roles import ROLES, SCOPES, Actor, Role, Scope, scopes_of
from neuronscope.words import BadInput, nearest

PREFIX = "nsk_"
FORM = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}", re.ASCII)
RESERVED = ("anyone", "owner", "server", "stranger", "terminal")
"""Names that the record has for others than holders of tokens."""
LONGEST_DAYS = 3650.0
LONGEST_PATTERN = 200
MOST_ACTIVE = 1000
READ_PATIENCE = 2.0
_COLUMNS = "id, name, role, scopes, models, created, expires, last_used, revoked"
_TABLE = f"CREATE TABLE IF NOT EXISTS tokens ({_COLUMNS}, hash UNIQUE, PRIMARY KEY (id)) WITHOUT ROWID"


@dataclass(frozen=True)
class Token:
    """One token of the table; its secret is known to nobody but whoever holds it."""

    id: str
    name: str
    role: Role
    scopes: tuple[Scope, ...]
    models: str | None
    created: str
    expires: str | None
    last_used: str | None
    revoked: str | None

    @property
    def state(self) -> Literal["active", "expired", "revoked"]:
        """Say whether the token opens anything now."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= moment() else "active"

    @property
    def actor(self) -> Actor:
        """Say who asks with it."""
        return Actor(self.name, self.role, self.scopes, models=self.models, token=self.id)


class TokenTable:
    """The tokens of one store, in ``folder/tokens.sqlite``; nothing is on disk before the first."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "tokens.sqlite"

    def create(
        self,
        name: str,
        *,
        role: str = "viewer",
        scopes: Iterable[str] | None = None,
        models: str | None = None,
        days: float | None = None,
    ) -> tuple[str, Token]:
        """Make a token and return its secret, which is shown this once, with its row.

        Raises ``BadInput`` on a name that is taken or unreadable, a role or scope that there is not, a
        scope above the role, or a time that is not positive.
        """
        token = Token(
            id=secrets.token_hex(4),
            name=_name(name),
            role=_role(role),
            scopes=_scopes(scopes, role=_role(role)),
            models=_pattern(models),
            created=moment(),
            expires=_expiry(days),
            last_used=None,
            revoked=None,
        )
        secret = PREFIX + secrets.token_urlsafe(32)
        row = (token.id, name, role, json.dumps(token.scopes), models, token.created, token.expires)
        with self._writing() as table:
            active = [known.name for known in _rows(table) if known.state == "active"]
            if name in active:
                raise BadInput(f"There is an active token {name!r}; revoke it first or choose another name.")
            if len(active) >= MOST_ACTIVE:
                raise BadInput(
                    f"There are {MOST_ACTIVE} active tokens, which is all there may be; revoke some."
                )
            table.execute(
                f"INSERT INTO tokens ({_COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
                (*row, _hash(secret)),
            )
        return secret, token

    def all(self) -> list[Token]:
        """Return every token that ever was, the newest first; raises ``BadInput`` on a spoilt file."""
        if not self.file.exists():
            return []
        try:
            with opened(self.file) as table:
                return sorted(_rows(table), key=lambda token: (token.created, token.id), reverse=True)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise BadInput(f"The table of tokens {str(self.file)!r} cannot be read: {error}.") from error

    def active(self) -> list[Token]:
        """Return the tokens that open something now."""
        return [token for token in self.all() if token.state == "active"]

    def revoke(self, which: str) -> Token:
        """Revoke a token by its id, or its name while it is active, and return it; twice is once.

        Raises ``BadInput`` where there is none.
        """
        known = self.all()
        found = [token for token in known if token.id == which] or [
            token for token in known if token.name == which and token.state == "active"
        ]
        if not found:
            hint = nearest(which, [token.name for token in known if token.state == "active"])
            raise BadInput(
                f"There is no active token {which!r}{hint or '; `neuronscope token list` lists them.'}"
            )
        with self._writing() as table:
            table.execute(
                "UPDATE tokens SET revoked = coalesce(revoked, ?) WHERE id = ?", (moment(), found[0].id)
            )
        return next(token for token in self.all() if token.id == found[0].id)

    def known(self, secret: str) -> Token | None:
        """Return the active token of a secret, or nothing."""
        if not FORM.fullmatch(secret):
            return None
        given = _hash(secret)
        for kept, token in self._matching("hash", given):
            if hmac.compare_digest(kept, given) and token.state == "active":
                return token
        return None

    def holds(self, token_id: str) -> bool:
        """Say whether the token of an id is active still."""
        return any(token.state == "active" for _, token in self._matching("id", token_id))

    def note_use(self, token_id: str) -> None:
        """Write down that a token is used now."""
        with self._writing() as table:
            table.execute("UPDATE tokens SET last_used = ? WHERE id = ?", (moment(), token_id))

    def _matching(self, column: Literal["hash", "id"], value: str) -> list[tuple[str, Token]]:
        if not self.file.exists():
            return []
        with opened(self.file, patience=READ_PATIENCE) as table:
            found = table.execute(f"SELECT hash, {_COLUMNS} FROM tokens WHERE {column} = ?", (value,))
            return [(kept, _token(row)) for kept, *row in found]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private(self.file)
            with opened(self.file) as table:
                table.execute("PRAGMA journal_mode = WAL")
                table.execute(_TABLE)
                table.execute("BEGIN IMMEDIATE")
                yield table
                table.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise BadInput(f"The table of tokens {str(self.file)!r} cannot be written: {error}.") from error


def allows(pattern: str | None, model: str) -> bool:
    """Say whether a pattern of models fits a name; a name that climbs out of its folder fits none.

    >>> allows("builtin:*", "builtin:scribe"), allows("mine/*", "mine/../other"), allows(None, "any")
    (True, False, True)
    """
    if pattern is None:
        return True
    return ".." not in re.split(r"[/\\:]", model) and fnmatch.fnmatchcase(model, pattern)


def _hash(secret: str) -> str:
    # 32 random bytes cannot be guessed, so a slow hash would only slow the server.
    return hashlib.sha256(secret.encode()).hexdigest()


def _rows(table: sqlite3.Connection) -> list[Token]:
    return [_token(row) for row in table.execute(f"SELECT {_COLUMNS} FROM tokens")]


def _token(row: Iterable) -> Token:
    token_id, name, role, scopes, *rest = row
    return Token(token_id, name, role, tuple(json.loads(scopes)), *rest)


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise BadInput(
            f"name={name!r} must have 1 to 64 letters, digits, spaces and . _ @ -, a letter or digit first."
        )
    if name.lower() in RESERVED:
        raise BadInput(f"name={name!r} means somebody else in the audit log; choose another.")
    return name


def _role(role: str) -> Role:
    if role not in ROLES:
        raise BadInput(f"role={role!r} is none of {', '.join(ROLES)}{nearest(role, ROLES) or '.'}")
    return cast("Role", role)


def _scopes(scopes: Iterable[str] | None, *, role: Role) -> tuple[Scope, ...]:
    allowed = scopes_of(role)
    if scopes is None:
        return allowed
    wanted = set(scopes)
    if unknown := sorted(wanted - set(SCOPES)):
        raise BadInput(
            f"scope {unknown[0]!r} is none of {', '.join(SCOPES)}{nearest(unknown[0], SCOPES) or '.'}"
        )
    if above := sorted(wanted - set(allowed)):
        raise BadInput(f"scope {above[0]!r} is above the role {role}, which has {', '.join(allowed)}.")
    if not wanted:
        raise BadInput(f"A token needs at least one scope; the role {role} has {', '.join(allowed)}.")
    return tuple(scope for scope in allowed if scope in wanted)


def _pattern(models: str | None) -> str | None:
    if models is not None and not (models.isprintable() and 1 <= len(models) <= LONGEST_PATTERN):
        raise BadInput(
            f"models={models!r} must be a pattern of 1 to {LONGEST_PATTERN} signs, such as builtin:*; "
            "leave it out for any model."
        )
    return models


def _expiry(days: float | None) -> str | None:
    if days is None:
        return None
    if not 0 < days <= LONGEST_DAYS:
        raise BadInput(f"days={days} must be above 0 and at most {LONGEST_DAYS:g}; leave it out for no end.")
    return moment(later_days=days)
