"""How does one follow a question? Routes of jobs: their state, their events, what they have so far."""

from collections.abc import AsyncIterator
from typing import Annotated

import xarray as xr
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from neuronscope import results, views
from neuronscope.doors.server import answers, bodies
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.doors.server.values import BINARY, Format, Precision, as_json, cut_and_sent
from neuronscope.doors.server.work.job import Job

router = APIRouter(tags=["jobs"])


async def _job_named(job_id: str, desk: AtDesk) -> Job:
    job = desk.jobs.find(job_id)
    if job is None:
        raise HTTPException(404, f"There is no job {job_id!r}; jobs that ended long ago are forgotten.")
    return job


JobNamed = Annotated[Job, Depends(_job_named)]


async def _unfinished(job: JobNamed) -> xr.Dataset:
    found = job.unfinished()
    if found is None:
        raise HTTPException(404, f"The job {job.id!r} keeps no unfinished answer.")
    return found


Unfinished = Annotated[xr.Dataset, Depends(_unfinished)]


@router.get("/jobs")
def list_jobs(desk: AtDesk) -> list[bodies.Job]:
    """Return every job that is remembered, newest first."""
    return [job.body() for job in desk.jobs.all()]


@router.get("/jobs/{job_id}", responses=troubles(404))
def show_job(job: JobNamed) -> bodies.Job:
    """Return one job."""
    return job.body()


@router.delete("/jobs/{job_id}", responses=troubles(404))
def cancel_job(job: JobNamed, desk: AtDesk) -> bodies.Job:
    """Cancel a job: at once where it waits, at its next step where it runs."""
    desk.jobs.cancel(job)
    return job.body()


async def _number_heard(
    job: JobNamed, last_event_id: Annotated[int, Header(description="Number of the last event heard.")] = 0
) -> int:
    if job.ended and not job.after(last_event_id):
        raise HTTPException(204)
    return last_event_id


@router.get(
    "/jobs/{job_id}/events",
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


@router.get("/jobs/{job_id}/partial", responses=troubles(404))
def show_partial(found: Unfinished, request: Request, desk: AtDesk) -> bodies.Result:
    """Describe what a job has so far, as a result is; what is not there yet is missing, NaN."""
    return answers.describe(found, desk.store, str(request.base_url))


@router.get(
    "/jobs/{job_id}/partial/values",
    response_model=bodies.Values,
    responses=troubles(404, 413, 422) | BINARY,
    openapi_extra=answers.CUTS,
)
def show_partial_values(
    found: Unfinished,
    request: Request,
    variable: Annotated[str, Query(description="Which variable.")],
    format: Format = None,
    dtype: Precision = None,
) -> Response:
    """Return a slice of one variable of what a job has so far, as of a result."""
    return cut_and_sent(
        request,
        lambda cuts, limit: results.cut_of(found, variable, cuts, limit=limit),
        format=format,
        dtype=dtype,
    )


@router.get(
    "/jobs/{job_id}/partial/figure",
    response_model=bodies.Figure,
    responses=troubles(404, 422),
    openapi_extra=answers.CUTS,
)
def show_partial_figure(
    found: Unfinished,
    request: Request,
    variable: Annotated[str | None, Query(description="Which variable; the first unless you say.")] = None,
    theme: answers.Theme = "light",
) -> Response:
    """Draw what a job has so far, as a result is drawn."""
    chosen = answers.indexes(answers.cuts(request, "variable", "theme"))
    return as_json(views.figure(found, variable=variable, select=chosen, theme=theme))
