"""How does a result leave as a file? In every format that the other doors write."""

import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from neuronscope import results, views
from neuronscope.doors.server.answers import CUTS, Theme, cuts, indexes
from neuronscope.doors.server.desk import AtDesk, troubles
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
        304: {"description": "The file is the one that If-None-Match names."},
    }
    | troubles(404, 422),
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

    Pictures take axes as the figure does.
    """
    try:
        entry = desk.store.show(digest)
        headers = {"etag": f'"{entry.digest}"', "cache-control": "no-cache"}
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        result = desk.store.open(entry.digest)
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None
    chosen = indexes(cuts(request, "format", "variable", "theme"))
    name = f"{entry.analysis.replace('/', '-')}-{entry.digest[:8]}.{format}"
    if format in {"png", "svg"}:
        figure = views.figure(result, variable=variable, select=chosen, theme=theme)
        return _sent(views.picture(figure, format=format), name, headers)
    if chosen or variable is not None:
        raise BadInput(f"A {format} file holds the whole result; only png and svg take a variable and axes.")
    if format == "html":
        return _sent(views.page(result).encode(), name, headers)
    return _written(result, name, headers)


def _sent(content: bytes, name: str, headers: dict[str, str]) -> Response:
    attached = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers | attached)


def _written(result: Any, name: str, headers: dict[str, str]) -> Response:
    folder = tempfile.TemporaryDirectory(prefix="neuronscope-")
    try:
        file = results.save(result, Path(folder.name, f"{name}.zip" if name.endswith(".zarr") else name))
        files = sorted(Path(folder.name).iterdir())
        if len(files) > 1:
            file = Path(folder.name, f"{name}.zip")
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for part in files:
                    archive.write(part, part.name)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        file,
        media_type=MEDIA[file.suffix.removeprefix(".")],
        filename=file.name,
        headers=headers,
        background=BackgroundTask(folder.cleanup),
    )
