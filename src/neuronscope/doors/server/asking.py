"""How is a question asked over HTTP, or a maker set to work? Routes of analyses and makers."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from neuronscope import catalogue
from neuronscope.doors.server import answers, bodies
from neuronscope.doors.server.desk import AtDesk, Desk, troubles
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import MOST_WAITING, Busy, Full
from neuronscope.doors.server.work.question import order, question
from neuronscope.words import BadInput

LONGEST_WAIT = 60.0
QUEUED: dict[int | str, dict[str, Any]] = {
    202: {"model": bodies.Job, "description": "Not answered yet; the job is at Location."}
}
Arguments = Annotated[dict[str, Any], Body(description="Subjects and parameters by name.")]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the answer.")]
FailIfBusy = Annotated[bool, Query(description="Refuse with 429 rather than wait in the queue.")]

router = APIRouter()


def _form_named(name: str) -> dict[str, Any]:
    try:
        return catalogue.form(name)
    except BadInput as error:
        raise HTTPException(404, str(error)) from None


FormNamed = Annotated[dict[str, Any], Depends(_form_named)]


@router.get("/analyses", tags=["analyses"])
def list_analyses(
    sort: Annotated[bodies.Sort, Query(description="What can be asked, or what makers can make.")] = "ask",
) -> list[bodies.Form]:
    """Return the form of every analysis that can be asked, or of every maker."""
    return [bodies.Form(**form) for form in catalogue.forms() if form["sort"] == sort]


@router.get("/analyses/{name:path}", tags=["analyses"], responses=troubles(404))
def show_analysis(form: FormNamed) -> bodies.Form:
    """Return one form, of an analysis or a maker, by its name in either spelling."""
    return bodies.Form(**form)


@router.post(
    "/analyses/{name:path}",
    tags=["analyses"],
    response_model=bodies.Result,
    responses=QUEUED | troubles(404, 413, 422, 429, 500, 507),
)
async def ask_analysis(
    request: Request,
    form: FormNamed,
    desk: AtDesk,
    arguments: Arguments,
    wait: Wait = 2.0,
    fail_if_busy: FailIfBusy = False,
) -> Any:
    """Ask a question; the reply is its result, or its job where that takes longer than ``wait``.

    What was asked before is answered at once, whatever else is running.
    Where the analysis has a model, ``device``, ``dtype`` and ``do``, a list of interventions, may stand
    beside the arguments.
    """
    if form["sort"] != "ask":
        raise HTTPException(404, f"{form['name']} makes files; send this to /api/v1/makers/{form['name']}.")
    definition = await run_in_threadpool(catalogue.find, form["name"])
    job = await run_in_threadpool(question, definition, arguments, name=form["name"], reach=desk.jobs.reach)
    server = str(request.base_url)
    known = await run_in_threadpool(desk.jobs.known, job)
    if known is not None:
        return await run_in_threadpool(answers.describe, known, desk.store, server)
    body = await _settled(desk, job, wait=wait, fail_if_busy=fail_if_busy)
    if body.result is not None:
        result = await run_in_threadpool(answers.stored, desk.store, body.result)
        return await run_in_threadpool(answers.describe, result, desk.store, server)
    return _later(body)


@router.post(
    "/makers/{name:path}",
    tags=["analyses"],
    response_model=bodies.Job,
    responses=QUEUED | troubles(404, 413, 422, 429, 500, 507),
)
async def run_maker(
    form: FormNamed,
    desk: AtDesk,
    arguments: Arguments,
    called: Annotated[
        str | None, Query(description="Names the folder; an unfinished run there goes on.")
    ] = None,
    wait: Wait = 2.0,
    fail_if_busy: FailIfBusy = False,
) -> Any:
    """Train or build something on the server, in a folder of its own; the reply is the job.

    Once it is done, ``made`` is the name that opens it as a subject, such as ``made:tuned_lens/mine``.
    ``out`` is the server's to choose.
    """
    if form["sort"] != "make":
        raise HTTPException(404, f"{form['name']} answers; ask it at /api/v1/analyses/{form['name']}.")
    definition = await run_in_threadpool(catalogue.find, form["name"])
    called = secrets.token_hex(8) if called is None else called
    job = await run_in_threadpool(
        order, definition, arguments, name=form["name"], called=called, reach=desk.jobs.reach
    )
    body = await _settled(desk, job, wait=wait, fail_if_busy=fail_if_busy)
    return body if body.state == "done" else _later(body)


async def _settled(desk: Desk, job: Job, *, wait: float, fail_if_busy: bool) -> bodies.Job:
    """Queue a job and wait a while; raises what it failed with, or a 429 where it has no place."""
    try:
        await run_in_threadpool(desk.jobs.add, job, only_if_free=fail_if_busy)
    except Full:
        raise HTTPException(
            429, f"{MOST_WAITING} questions wait already; ask again once some of them are answered."
        ) from None
    except Busy:
        raise HTTPException(
            429, "Another question is being answered; leave fail_if_busy out to wait for it."
        ) from None
    await job.settle(wait)
    body = job.body()
    if body.error is not None and body.status is not None:
        raise HTTPException(body.status, body.error)
    return body


def _later(body: bodies.Job) -> Response:
    return JSONResponse(body.model_dump(), 202, {"location": f"/api/v1/jobs/{body.id}"})
