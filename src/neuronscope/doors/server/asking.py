"""How is a question asked over HTTP, and what comes of it? Routes of analyses."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

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


FormNamed = Annotated[dict[str, Any], Depends(_form_named)]


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
