"""What is the server made of? The routes, the gate before them, and one shape for every refusal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from neuronscope.custody import FOLDER, TokenTable
from neuronscope.doors.server import (
    answers,
    asking,
    capabilities,
    exports,
    following,
    guides,
    pages,
    stock,
    watching,
)
from neuronscope.doors.server.courtesy import Courtesy
from neuronscope.doors.server.desk import Desk, troubles
from neuronscope.doors.server.files import Files
from neuronscope.doors.server.guard import admin, signing
from neuronscope.doors.server.guard.access import Access
from neuronscope.doors.server.guard.gate import Gate
from neuronscope.doors.server.guard.lodge import Lodge
from neuronscope.doors.server.guard.recorder import Recorder
from neuronscope.doors.server.live import routes as live
from neuronscope.doors.server.watch.metrics import Counted, Metrics
from neuronscope.doors.server.watch.monitor import Monitor
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import Jobs
from neuronscope.doors.server.work.keeping import KeepingStore
from neuronscope.doors.server.work.ledger import Ledger
from neuronscope.doors.server.work.shelf import Shelf
from neuronscope.results import Store
from neuronscope.words import BadInput

VERSION = "1"
JOBS, EXPORTS = "jobs.sqlite", "exports"
ABOUT = (
    "Questions about what the neurons of a model compute. Every route but health needs the token that "
    "`neuronscope open` prints, as a bearer, or the cookie of its link."
)
# Checked by the gate before any route; here it only stands in the description.
_key = HTTPBearer(auto_error=False, scheme_name="token", description="The token of this start of the server.")
ROUTES = (
    stock.router,
    capabilities.router,
    asking.router,
    following.router,
    answers.router,
    exports.router,
    live.router,
    admin.me,
    admin.router,
    watching.router,
    watching.admin,
    guides.router,
)


def create_app(
    *, access: Access, store: Store, shelf: Shelf | None = None, allowed: tuple[str, ...] | None = None
) -> FastAPI:
    """Build the server around who may ask and where results are kept.

    ``allowed`` are the folders whose files questions may name; any file where it is left out.
    """
    shelf = shelf or Shelf()
    kept = KeepingStore(store)
    audit, tokens = Recorder(store.folder / FOLDER), TokenTable(store.folder / FOLDER)
    access.tokens = tokens
    jobs = Jobs(
        shelf=shelf,
        store=kept,
        ledger=Ledger(kept.folder / JOBS),
        on_end=lambda job: _record_end(audit, job),
        allowed=allowed,
    )
    monitor = Monitor(store=kept, jobs=jobs)
    metrics = Metrics(jobs=jobs, shelf=shelf, store=kept, monitor=monitor)
    desk = Desk(
        access=access,
        audit=audit,
        store=kept,
        shelf=shelf,
        jobs=jobs,
        files=Files(kept.folder / EXPORTS),
        monitor=monitor,
        metrics=metrics,
    )
    app = FastAPI(
        title="NeuronScope",
        version=VERSION,
        description=ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_name,
        lifespan=_working,
    )
    app.state.desk = desk
    app.state.streams = live.Streams()
    app.state.lodge = Lodge(access=access, tokens=tokens, audit=audit)
    api = APIRouter(prefix="/api/v1", responses=troubles(401, 403, 422), dependencies=[Depends(_key)])
    for routes in ROUTES:
        api.include_router(routes)
    app.include_router(stock.public, prefix="/api/v1", responses=troubles(403))
    app.include_router(api)
    app.include_router(signing.router)
    app.include_router(watching.metrics)
    app.include_router(pages.router)
    app.add_middleware(Gate, access=access, audit=audit)
    app.add_middleware(Counted, metrics=metrics)
    app.add_middleware(Courtesy)
    _refuse_in_one_shape(app)
    return app


def _refuse_in_one_shape(app: FastAPI) -> None:
    """Turn every sort of refusal into one sentence of JSON."""
    app.exception_handler(BadInput)(_bad_input)
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler(HTTPException)(_refused)


@asynccontextmanager
async def _working(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    desk.jobs.open()
    desk.metrics.open()
    desk.monitor.every_look(desk.metrics.count_jobs)
    desk.monitor.open()
    yield
    await run_in_threadpool(desk.monitor.close)
    await run_in_threadpool(desk.jobs.close)
    await run_in_threadpool(app.state.desk.audit.close)


def _record_end(audit: Recorder, job: Job) -> None:
    body = job.body()
    audit.write(
        actor="server",
        action="job",
        outcome=body.state,
        job=body.id,
        analysis=body.analysis,
        result=body.result,
        error=body.error,
    )


def _name(route: APIRoute) -> str:
    return route.name


async def _bad_input(request: Request, error: BadInput) -> Response:
    return JSONResponse({"detail": str(error)}, 422)


async def _refused(request: Request, error: HTTPException) -> Response:
    if error.status_code in {204, 304}:
        return Response(status_code=error.status_code)
    return JSONResponse({"detail": str(error.detail)}, error.status_code, error.headers)


async def _unreadable(request: Request, error: RequestValidationError) -> Response:
    return JSONResponse({"detail": sentence(error.errors()[0])}, 422)


def sentence(error: dict[str, Any]) -> str:
    """Write one of FastAPI's complaints as a sentence."""
    place, *names = [str(part) for part in error["loc"]]
    words = error["msg"].removeprefix("Value error, ")
    if error["type"] == "json_invalid":
        return f"The body is not JSON: {error['ctx']['error']}."
    if error["type"] == "missing" and names:
        return f"The {place} lacks {names[-1]!r}."
    if not names and error["type"] == "value_error":
        return f"The {place} will not do: {words}."
    if not names:
        return f"The {place} must be a JSON object sent as application/json."
    return f"{'.'.join(names)}={error['input']!r} in the {place}: {words[0].lower()}{words[1:]}."
