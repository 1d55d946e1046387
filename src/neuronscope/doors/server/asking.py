"""How is a question asked over HTTP, and how does one follow it? Routes of analyses and jobs."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from neuronscope import catalogue
from neuronscope.contract import RUNS, Definition, check_name
from neuronscope.doors.server import answers, bodies
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.doors.server.work.job import Job
from neuronscope.doors.server.work.jobs import MOST_WAITING, Full
from neuronscope.words import BadInput

LONGEST_WAIT = 60.0
MACHINE = {"device": "cpu", "dtype": "float32"}

router = APIRouter()


def _form_named(name: str) -> dict[str, Any]:
    try:
        form = catalogue.form(name)
    except BadInput as error:
        raise HTTPException(404, str(error)) from None
    if form["sort"] != "ask":
        raise HTTPException(404, f"{form['name']} makes files; use `neuronscope make {form['command']}`.")
    return form


def _job_named(job_id: str, desk: AtDesk) -> Job:
    job = desk.jobs.find(job_id)
    if job is None:
        raise HTTPException(404, f"There is no job {job_id!r}; jobs that ended long ago are forgotten.")
    return job


FormNamed = Annotated[dict[str, Any], Depends(_form_named)]
JobNamed = Annotated[Job, Depends(_job_named)]


@router.get("/analyses", tags=["analyses"])
def list_analyses() -> list[bodies.Form]:
    """Return the form of every analysis that can be asked."""
    return [bodies.Form(**form) for form in catalogue.forms() if form["sort"] == "ask"]


@router.get("/analyses/{name:path}", tags=["analyses"], responses=troubles(404))
def show_analysis(form: FormNamed) -> bodies.Form:
    """Return one form by the analysis's name, in either spelling."""
    return bodies.Form(**form)


@router.post(
    "/analyses/{name:path}",
    tags=["analyses"],
    response_model=bodies.Result,
    responses={202: {"model": bodies.Job, "description": "Not answered yet; the job is at Location."}}
    | troubles(404, 413, 422, 429, 500),
)
async def ask_analysis(
    request: Request,
    form: FormNamed,
    desk: AtDesk,
    arguments: Annotated[dict[str, Any], Body(description="Subjects and parameters by name.")],
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the answer.")] = 2.0,
) -> Any:
    """Ask a question; the reply is its result, or its job where that takes longer than ``wait``.

    What was asked before is answered at once, whatever else is running.
    ``device`` and ``dtype`` may stand beside the arguments where the analysis has a model.
    """
    definition = await run_in_threadpool(catalogue.find, form["name"])
    job = checked(definition, arguments, name=form["name"])
    server = str(request.base_url)
    known = await run_in_threadpool(desk.jobs.known, job)
    if known is not None:
        return await run_in_threadpool(answers.describe, known, desk.store, server)
    try:
        desk.jobs.add(job)
    except Full:
        raise HTTPException(
            429, f"{MOST_WAITING} questions wait already; ask again once some of them are answered."
        ) from None
    await job.settle(wait)
    body = job.body()
    if body.error is not None and body.status is not None:
        raise HTTPException(body.status, body.error)
    if body.result is not None:
        result = await run_in_threadpool(answers.stored, desk.store, body.result)
        return await run_in_threadpool(answers.describe, result, desk.store, server)
    return JSONResponse(body.model_dump(), 202, {"location": f"/api/v1/jobs/{job.id}"})


@router.get("/jobs", tags=["jobs"])
def list_jobs(desk: AtDesk) -> list[bodies.Job]:
    """Return every job that is remembered, newest first."""
    return [job.body() for job in desk.jobs.all()]


@router.get("/jobs/{job_id}", tags=["jobs"], responses=troubles(404))
def show_job(job: JobNamed) -> bodies.Job:
    """Return one job."""
    return job.body()


@router.delete("/jobs/{job_id}", tags=["jobs"], responses=troubles(404))
def cancel_job(job: JobNamed, desk: AtDesk) -> bodies.Job:
    """Cancel a job: at once where it waits, at its next step where it runs."""
    desk.jobs.cancel(job)
    return job.body()


def _number_heard(
    job: JobNamed, last_event_id: Annotated[int, Header(description="Number of the last event heard.")] = 0
) -> int:
    if job.ended and not job.after(last_event_id):
        raise HTTPException(204)
    return last_event_id


@router.get(
    "/jobs/{job_id}/events",
    tags=["jobs"],
    response_class=EventSourceResponse,
    responses={
        200: {"model": bodies.JobEvent, "description": "The data of each event."},
        204: {"description": "Everything was heard, so there is nothing to come back for."},
    }
    | troubles(404),
)
async def follow_job(
    job: JobNamed, heard: Annotated[int, Depends(_number_heard)]
) -> AsyncIterator[ServerSentEvent]:
    """Stream what happens to a job, up to the event that ends it; Last-Event-ID goes on where it was."""
    async for number, event in job.follow(heard):
        yield ServerSentEvent(data=event, event=event.event, id=str(number))


def checked(definition: Definition, arguments: dict[str, Any], *, name: str) -> Job:
    """Make a job of a question once its parameters are sound.

    Raises ``BadInput`` on what the analysis does not take, lacks or cannot read.
    """
    on_model = any(subject.type.name in RUNS for subject in definition.subjects.values())
    options = {word: arguments[word] for word in MACHINE if on_model and word in arguments}
    given = {word: value for word, value in arguments.items() if word not in options}
    definition.check({word: value for word, value in given.items() if word not in definition.subjects})
    for subject in definition.subjects.values():
        if subject.required and subject.name not in given:
            raise BadInput(f"{definition.name} needs a {subject.name}: {subject.type.help}")
        if subject.name in given and (subject.required or given[subject.name] is not None):
            check_name(subject, given[subject.name])
    for word, value in options.items():
        if not isinstance(value, str):
            raise BadInput(f"{word}={value!r} is not text; {MACHINE[word]!r} is what it is unless you say.")
    return Job(definition, arguments=given, asked=arguments, name=name, **(MACHINE | options))
