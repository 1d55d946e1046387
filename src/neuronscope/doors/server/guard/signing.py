"""How does a browser sign in and out? By a link that works once or by a token, into a cookie."""

from concurrent.futures import wait
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from neuronscope.custody import Actor
from neuronscope.doors.server.guard.access import OWNER, Throttled
from neuronscope.doors.server.guard.gate import TOO_OFTEN, address_of
from neuronscope.doors.server.guard.lodge import AtLodge, Lodge
from neuronscope.doors.server.guard.recorder import PATIENCE

LONGEST_SECRET = 200
USED_UP = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>NeuronScope</title><link rel="icon" href="data:,">
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>This link was used already</h1>
<p>Each link opens the workbench once. Start it again with <code>neuronscope open</code> for a new one,
or <a href="/">sign in with a token</a>.</p>
</body></html>
"""

router = APIRouter(include_in_schema=False)


class SignIn(BaseModel):
    """A token to be turned into a session."""

    token: str = Field(max_length=LONGEST_SECRET)


@router.get("/login")
def log_in(
    request: Request, lodge: AtLodge, code: str = "", onward: Annotated[str, Query(alias="next")] = "/"
) -> Response:
    """Turn a code that works once into a session, and go on to a page of this server."""
    session = lodge.access.redeem(code, address=address_of(request.scope))
    if session is None and not lodge.access.in_session(request.scope["headers"]):
        _record_failure(lodge, request, by="link")
        return HTMLResponse(USED_UP, 401)
    reply = RedirectResponse(_own_page(onward), 303)
    if session is not None:
        _remember(reply, lodge, request, session)
        _record(lodge, request, OWNER, "login", by="link")
    reply.headers["cache-control"] = "no-store"
    return reply


@router.post("/login", status_code=204)
def sign_in(asked: SignIn, request: Request, lodge: AtLodge) -> Response:
    """Turn a token into a session of its holder."""
    address = address_of(request.scope)
    try:
        actor = lodge.access.holder(asked.token.strip(), address=address)
    except Throttled:
        raise HTTPException(429, TOO_OFTEN, {"retry-after": "1"}) from None
    if actor is None:
        _record_failure(lodge, request, by="token")
        raise HTTPException(401, "This token opens nothing here: it is wrong, expired or revoked.")
    reply = Response(status_code=204, headers={"cache-control": "no-store"})
    _remember(reply, lodge, request, lodge.access.sessions.start(actor, address=address))
    _record(lodge, request, actor, "login", by="token")
    return reply


@router.post("/logout", status_code=204)
def sign_out(request: Request, lodge: AtLodge) -> Response:
    """End the session of this browser, where there is one."""
    session = lodge.access.session(request.scope["headers"])
    if session is not None:
        lodge.access.sessions.close(session.id)
        _record(lodge, request, session.actor, "logout")
    reply = Response(status_code=204, headers={"cache-control": "no-store"})
    reply.delete_cookie(lodge.access.cookie, path="/", httponly=True, samesite="strict")
    return reply


def _remember(reply: Response, lodge: Lodge, request: Request, session: str) -> None:
    secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")
    reply.set_cookie(lodge.access.cookie, session, httponly=True, samesite="strict", secure=secure, path="/")


def _record(lodge: Lodge, request: Request, actor: Actor, action: str, *, by: str | None = None) -> None:
    row = lodge.audit.write(
        actor=actor.name, role=actor.role, action=action, by=by, address=address_of(request.scope)
    )
    wait([row], PATIENCE)


def _record_failure(lodge: Lodge, request: Request, *, by: str) -> None:
    address = address_of(request.scope)
    missed = lodge.access.failures.take(address)
    if missed is not None:
        row = lodge.audit.write(
            actor="stranger",
            action="login",
            outcome="refused",
            by=by,
            address=address,
            unwritten=missed or None,
        )
        wait([row], PATIENCE)


def _own_page(address: str) -> str:
    own = address.startswith("/") and not address.startswith("//") and address.isprintable()
    return address if own and "\\" not in address else "/"
