"""Who has keys, who is signed in, and what was done? Routes that only an admin reaches."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request

from neuronscope.custody import Token
from neuronscope.doors.server.bodies import Trouble
from neuronscope.doors.server.guard import bodies
from neuronscope.doors.server.guard.lodge import AtLodge, Lodge
from neuronscope.doors.server.guard.sessions import Session

MOST_ROWS = 500
LARGEST_NUMBER = 2**62

router = APIRouter(prefix="/admin", tags=["admin"])
me = APIRouter(tags=["server"])


@me.get("/me")
def show_me(request: Request) -> bodies.Me:
    """Return who asks: name, role, and what the key reaches."""
    actor = request.scope["actor"]
    return bodies.Me(
        name=actor["name"],
        role=actor["role"],
        scopes=actor["scopes"],
        models=actor["models"],
        session=actor["session"] is not None,
    )


@router.get("/tokens")
def list_tokens(lodge: AtLodge) -> list[bodies.TokenEntry]:
    """Return every token that ever was, newest first, without its secret."""
    return [_entry(token) for token in lodge.tokens.all()]


@router.post("/tokens", status_code=201, responses={413: {"model": Trouble}})
def create_token(asked: bodies.TokenWanted, request: Request, lodge: AtLodge) -> bodies.NewToken:
    """Make a token; its secret is in the reply and never told again."""
    secret, token = lodge.tokens.create(
        asked.name, role=asked.role, scopes=asked.scopes, models=asked.models, days=asked.days
    )
    _record(request, lodge, "token created", token=token.id, of=token.name, gave=token.role)
    return bodies.NewToken(secret=secret, token=_entry(token))


@router.delete("/tokens/{token_id}", responses={404: {"model": Trouble}})
def revoke_token(token_id: str, request: Request, lodge: AtLodge) -> bodies.TokenEntry:
    """Revoke a token; it and the sessions that it opened end at once."""
    if token_id not in {token.id for token in lodge.tokens.all()}:
        raise HTTPException(404, f"There is no token with the id {token_id!r}.")
    token = lodge.tokens.revoke(token_id)
    _record(request, lodge, "token revoked", token=token.id, of=token.name)
    return _entry(token)


@router.get("/sessions")
def list_sessions(request: Request, lodge: AtLodge) -> list[bodies.SessionEntry]:
    """Return the browsers that are signed in, newest first."""
    return [_session(session, request) for session in lodge.access.sessions.all()]


@router.delete("/sessions/{session_id}", responses={404: {"model": Trouble}})
def close_session(session_id: str, request: Request, lodge: AtLodge) -> bodies.SessionEntry:
    """Sign a browser out."""
    session = lodge.access.sessions.close(session_id)
    if session is None:
        raise HTTPException(404, f"There is no open session with the id {session_id!r}.")
    _record(request, lodge, "session closed", session=session.id, of=session.actor.name)
    return _session(session, request)


@router.get("/audit")
def list_audit(
    lodge: AtLodge,
    actor: Annotated[str | None, Query(description="Only what this one did.")] = None,
    action: Annotated[str | None, Query(description="Only this, such as login or refused.")] = None,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER, description="Only rows below.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
) -> bodies.AuditPage:
    """Return rows of the audit log, newest first; ``before`` of a reply asks for the page after."""
    lodge.audit.flush()
    rows = lodge.audit.log.read(actor=actor, action=action, before=before, limit=limit + 1)
    onward = rows[limit - 1].number if len(rows) > limit else None
    return bodies.AuditPage(rows=[bodies.AuditRow(**asdict(row)) for row in rows[:limit]], before=onward)


@router.get("/audit/verify")
def verify_audit(lodge: AtLodge) -> bodies.AuditVerdict:
    """Say whether the audit log is as it was written, and if not which row is not."""
    lodge.audit.flush()
    verdict = lodge.audit.log.verify()
    return bodies.AuditVerdict(
        whole=verdict.whole,
        rows=verdict.rows,
        head=verdict.head,
        number=verdict.number,
        trouble=verdict.trouble,
    )


def _entry(token: Token) -> bodies.TokenEntry:
    return bodies.TokenEntry(**asdict(token), state=token.state)


def _session(session: Session, request: Request) -> bodies.SessionEntry:
    return bodies.SessionEntry(
        id=session.id,
        name=session.actor.name,
        role=session.actor.role,
        created=session.created,
        last_used=session.last_used,
        expires=session.expires,
        address=session.address,
        here=request.scope["actor"]["session"] == session.id,
    )


def _record(request: Request, lodge: Lodge, action: str, **facts: str) -> None:
    actor = request.scope["actor"]
    lodge.audit.write(actor=actor["name"], role=actor["role"], action=action, **facts)
