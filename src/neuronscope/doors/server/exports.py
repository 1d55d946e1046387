"""How does a result leave as a file? In every format that the other doors write."""

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse

from neuronscope import results, views
from neuronscope.doors.server.answers import CUTS, Theme, cuts, indexes
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.results import Entry
from neuronscope.words import BadInput

Format = Literal["nc", "zarr", "csv", "json", "jsonl", "npz", "html", "png", "svg"]
MEDIA = {
    "nc": "application/x-netcdf",
    "zip": "application/zip",
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "npz": "application/x-npz",
    "html": "text/html",
    "png": "image/png",
    "svg": "image/svg+xml",
}
BINARY = {"schema": {"type": "string", "format": "binary"}}

router = APIRouter(tags=["results"])


@router.get(
    "/results/{digest}/export",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": dict.fromkeys(MEDIA.values(), BINARY)},
        206: {
            "description": "The range of the file that Range asks for.",
            "content": dict.fromkeys(MEDIA.values(), BINARY),
        },
        304: {"description": "The file is the one that If-None-Match names."},
    }
    | troubles(404, 422, 507),
    openapi_extra=CUTS,
)
def export_result(
    digest: str,
    request: Request,
    desk: AtDesk,
    format: Format,
    variable: Annotated[str | None, Query(description="Which variable a picture shows.")] = None,
    theme: Theme = "light",
) -> Response:
    """Return a result as a file, zipped where it takes several: Zarr, tables, lines with their arrays.

    The same digest gives the same bytes; ranges of them may be asked for. Pictures take axes as the figure
    does.
    """
    try:
        entry = desk.store.show(digest)
        headers = _headers(request, entry, asked_for=digest)
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        chosen = indexes(cuts(request, "format", "variable", "theme"))
        stem = f"{entry.analysis.replace('/', '-')}-{entry.digest[:8]}"
        if format in {"png", "svg"}:
            figure = views.figure(
                desk.store.open(entry.digest), variable=variable, select=chosen, theme=theme
            )
            return _sent(views.picture(figure, format=format), f"{stem}.{format}", headers)
        if chosen or variable is not None:
            raise BadInput(
                f"A {format} file holds the whole result; only png and svg take a variable and axes."
            )
        if format == "html":
            return _sent(views.page(desk.store.open(entry.digest)).encode(), f"{stem}.html", headers)
        file = desk.files.file(
            f"{entry.digest}-{entry.key[:16]}", stem, format, lambda: desk.store.open(entry.digest)
        )
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None
    except OSError as error:
        raise HTTPException(507, f"The file cannot be written: {error.strerror}; free some space.") from None
    ending = file.name.partition(".")[2]
    return FileResponse(
        file,
        media_type=MEDIA[file.suffix.removeprefix(".")],
        filename=f"{stem}.{ending}",
        headers=headers,
    )


def _headers(request: Request, entry: Entry, *, asked_for: str) -> dict[str, str]:
    """Return what lets a client keep a file: for good where the digest is whole, else if it asks again."""
    what = hashlib.sha256(request.url.query.encode()).hexdigest()[:8]
    lasting = "private, max-age=31536000, immutable" if asked_for == entry.digest else "private, no-cache"
    return {"etag": f'"{entry.digest}-{what}"', "cache-control": lasting}


def _sent(content: bytes, name: str, headers: dict[str, str]) -> Response:
    attached = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers | attached)
