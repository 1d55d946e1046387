"""How is a result read over HTTP? Described, cut into slices, drawn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from neuronscope import results, views
from neuronscope.doors.server import bodies, reproduce
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.doors.server.values import BINARY, Format, Precision, as_json, cut_and_sent
from neuronscope.doors.server.work.keeping import KeepingStore
from neuronscope.words import BadInput

Theme = Literal["light", "dark"]
CUTS = {
    "parameters": [
        {
            "name": "cuts",
            "in": "query",
            "style": "form",
            "explode": True,
            "description": "Any axis by its name: an index, or a range such as 0:64 where ranges are read.",
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        }
    ]
}

TOTAL = "x-neuronscope-total"
NOTEBOOK = "application/x-ipynb+json"

router = APIRouter(tags=["results"])


def stored(store: results.Store, digest: str) -> Any:
    """Return a stored result; raises a 404 where the store has none that begins so."""
    try:
        return store.open(digest)
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None


def shown(store: results.Store, digest: str) -> results.Entry:
    """Return the entry of a stored result; raises a 404 where the store has none that begins so."""
    try:
        return store.show(digest)
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None


def _entry(entry: results.Entry) -> bodies.ResultEntry:
    told = asdict(entry) | {"models": entry.models.splitlines(), "parents": entry.parents.split()}
    return bodies.ResultEntry.model_validate(told)


def describe(result: Any, store: KeepingStore, server: str) -> bodies.Result:
    """Return everything about a result but its values, with a warning where the store could not keep it."""
    return _described(results.summary(result), store, server)


def _described(told: dict[str, Any], store: KeepingStore, server: str) -> bodies.Result:
    code = reproduce.code(told["provenance"], server=server, known=lambda parent: _told(store, parent))
    return bodies.Result(**told, code=code, warning=store.warning(told["digest"]))


def _told(store: KeepingStore, digest: str) -> dict[str, Any] | None:
    """Return the provenance of a parent, or nothing where the store does not have it."""
    try:
        return store.provenance(digest)
    except BadInput:
        return None


def cuts(request: Request, *reserved: str) -> dict[str, str]:
    """Return the query's axes: every key that is not reserved."""
    return {name: value for name, value in request.query_params.items() if name not in reserved}


def indexes(selection: Mapping[str, str]) -> dict[str, int]:
    """Return the index of each axis; raises ``BadInput`` where one is no whole number."""
    for axis, text in selection.items():
        if not text.removeprefix("-").isdecimal():
            raise BadInput(f"{axis}={text!r} is no index; a figure takes one whole number an axis.")
    return {axis: int(text) for axis, text in selection.items()}


def _once(entries: Iterable[results.Entry]) -> Iterator[results.Entry]:
    """Yield each result once, though several questions may have it for an answer: the newest of them."""
    seen: set[str] = set()
    for entry in entries:
        if entry.digest not in seen:
            seen.add(entry.digest)
            yield entry


@router.get("/results", responses=troubles(404))
def list_results(
    desk: AtDesk,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most.")] = 500,
    before: Annotated[str | None, Query(description="Go on after the result of this digest.")] = None,
    analysis: Annotated[str | None, Query(description="Of this analysis alone.")] = None,
    model: Annotated[str | None, Query(description="Of this model alone, by its name.")] = None,
    text: Annotated[str | None, Query(description="Whose titles hold these words, in any order.")] = None,
) -> list[bodies.ResultEntry]:
    """Return what the store holds, newest first; x-neuronscope-total tells how many there are in all."""
    words = (text or "").casefold().split()
    found = [
        entry
        for entry in _once(desk.store.ls())
        if (analysis is None or entry.analysis == analysis)
        and (model is None or model in entry.models.split("\n"))
        and all(word in entry.title.casefold() for word in words)
    ]
    response.headers[TOTAL] = str(len(found))
    if before is not None:
        places = [place for place, entry in enumerate(found) if entry.digest == before]
        if not places:
            raise HTTPException(404, f"There is no result {before!r} in this list to go on after.")
        found = found[places[-1] + 1 :]
    return [_entry(entry) for entry in found[:limit]]


@router.get("/results/{digest}", responses=troubles(404))
def show_result(digest: str, request: Request, desk: AtDesk) -> bodies.Result:
    """Describe a result: axes, variables, coordinates, provenance, and how to ask for it again."""
    try:
        told = desk.store.told(digest)
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None
    return _described(told, desk.store, str(request.base_url))


@router.get("/results/{digest}/parents", responses=troubles(404))
def list_parents(digest: str, desk: AtDesk) -> list[bodies.ResultEntry]:
    """Return the results that a result was made from, as far as the store has them."""
    wanted = shown(desk.store, digest).parents.split()
    return [_entry(entry) for entry in _once(desk.store.ls()) if entry.digest in wanted]


@router.get("/results/{digest}/children", responses=troubles(404))
def list_children(digest: str, desk: AtDesk) -> list[bodies.ResultEntry]:
    """Return the results that were made from a result, newest first."""
    parent = shown(desk.store, digest).digest
    return [_entry(entry) for entry in _once(desk.store.ls()) if parent in entry.parents.split()]


@router.get(
    "/results/{digest}/notebook",
    response_class=Response,
    responses={200: {"description": "The notebook.", "content": {NOTEBOOK: {"schema": {"type": "object"}}}}}
    | troubles(404),
)
def show_notebook(digest: str, request: Request, desk: AtDesk) -> Response:
    """Return a notebook that asks the same question again and shows the answer."""
    told = describe(stored(desk.store, digest), desk.store, str(request.base_url))
    name = f"{told.analysis.replace('/', '-')}-{told.digest[:8]}.ipynb"
    return Response(
        reproduce.notebook(told.code.python, title=told.title),
        media_type=NOTEBOOK,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@router.get(
    "/results/{digest}/values",
    response_model=bodies.Values,
    responses=troubles(404, 413, 422) | BINARY,
    openapi_extra=CUTS,
)
async def show_values(
    digest: str,
    request: Request,
    desk: AtDesk,
    variable: Annotated[str, Query(description="Which variable.")],
    format: Format = None,
    dtype: Precision = None,
) -> Response:
    """Return a slice of one variable; an index drops its axis, a range a:b keeps it."""
    answer = partial(
        cut_and_sent,
        request,
        lambda cuts, limit: desk.store.open_slice(digest, variable, cuts, limit=limit),
        format=format,
        dtype=dtype,
    )
    return answer() if desk.store.is_at_hand(digest) else await run_in_threadpool(answer)


@router.get(
    "/results/{digest}/figure",
    response_model=bodies.Figure,
    responses=troubles(404, 422),
    openapi_extra=CUTS,
)
def show_figure(
    digest: str,
    request: Request,
    desk: AtDesk,
    variable: Annotated[str | None, Query(description="Which variable; the first unless you say.")] = None,
    theme: Theme = "light",
) -> Response:
    """Draw a result by its kind as a Plotly figure, other axes held at the given indexes."""
    chosen = indexes(cuts(request, "variable", "theme"))
    return as_json(views.figure(stored(desk.store, digest), variable=variable, select=chosen, theme=theme))
