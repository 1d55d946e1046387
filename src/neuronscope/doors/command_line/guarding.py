"""Who may use the server besides you, and what did they do?"""

import argparse
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from neuronscope.custody import FOLDER, AuditLog, Row, TokenTable
from neuronscope.doors.command_line.printing import as_json, plainly, put, said
from neuronscope.results import open_store
from neuronscope.words import BadInput

BROKEN = 1
"""Exit status where the record was altered."""
MOST_ROWS = 100_000


def created(given: argparse.Namespace) -> int:
    """Make a token and print its secret."""
    scopes = None if given.scopes is None else [word.strip() for word in given.scopes.split(",")]
    secret, token = _tokens().create(
        given.name, role=given.role, scopes=scopes, models=given.models, days=given.days
    )
    _record("token created", token=token.id, of=token.name, gave=token.role)
    if given.json:
        as_json({"secret": secret, "token": {**asdict(token), "state": token.state}})
        return 0
    plainly(secret)
    ends = f"until {token.expires}" if token.expires else "until it is revoked"
    said(f"Told this once: the token of {token.name}, {_article(token.role)} {token.role}, good {ends}.")
    return 0


def listed(given: argparse.Namespace) -> int:
    """Print every token without its secret."""
    tokens = _tokens().all()
    if given.json:
        as_json([{**asdict(token), "state": token.state} for token in tokens])
        return 0
    if not tokens:
        plainly("No token is made yet; 'neuronscope token create NAME' makes one.")
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "name", "role", "scopes", "models", "state", "expires", "last used"):
        table.add_column(title, no_wrap=title == "id", overflow="fold")
    for token in tokens:
        words = (token.id, token.name, token.role, " ".join(token.scopes), token.models or "any", token.state)
        table.add_row(*map(Text, words), _minute(token.expires), _minute(token.last_used))
    put(table)
    return 0


def revoked(given: argparse.Namespace) -> int:
    """Revoke a token."""
    token = _tokens().revoke(given.token)
    _record("token revoked", token=token.id, of=token.name)
    plainly(f"Revoked {token.id}: {token.name}, {_article(token.role)} {token.role}")
    return 0


def verified(given: argparse.Namespace) -> int:
    """Say whether the record is as it was written; the exit status is 1 where it is not."""
    verdict = _log().verify(noted=_noted(given.noted))
    if given.json:
        as_json({**asdict(verdict), "whole": verdict.whole})
    elif verdict.whole:
        plainly(f"Whole: {verdict.rows:,} rows. Head {verdict.rows}:{verdict.head}")
    else:
        plainly(f"Altered: {verdict.trouble} {verdict.rows:,} rows before are sound.")
    return 0 if verdict.whole else BROKEN


def shown(given: argparse.Namespace) -> int:
    """Print the newest rows of the record."""
    if not 1 <= given.last <= MOST_ROWS:
        raise BadInput(f"--last {given.last} must be 1 to {MOST_ROWS:,}.")
    rows = _log().read(actor=given.actor, action=given.action, limit=given.last)
    if given.json:
        as_json([asdict(row) for row in rows])
        return 0
    if not rows:
        plainly("Nothing is recorded." if given.actor is None and given.action is None else "No such row.")
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("row", "time", "actor", "action", "outcome", "facts"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(
            str(row.number), _minute(row.time), *map(Text, (row.actor, row.action, row.outcome, _facts(row)))
        )
    put(table)
    return 0


def _tokens() -> TokenTable:
    return TokenTable(open_store().folder / FOLDER)


def _log() -> AuditLog:
    return AuditLog(open_store().folder / FOLDER)


def _record(action: str, **facts: str) -> None:
    _log().append(
        [{"actor": "terminal", "role": "admin", "action": action, "outcome": "done", "facts": facts}]
    )


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise BadInput(f"--noted {text!r} must be N:DIGEST, as 'neuronscope audit verify' prints a head.")
    return int(number), digest.lower()


def _facts(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row.facts.items())


def _minute(time: str | None) -> str:
    return "" if time is None else time[:16].replace("T", " ")


def _article(role: str) -> str:
    return "a" if role == "viewer" else "an"
