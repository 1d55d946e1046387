"""How does a result leave as a file? In every format that the other doors write."""

import io
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from neuronscope import results, views
from neuronscope.doors.server.answers import Theme, cuts, indexes, stored
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.words import BadInput

Format = Literal["nc", "zarr", "csv", "json", "npz", "html", "png", "svg"]
MEDIA = {
    "nc": "application/x-netcdf",
    "zarr": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "npz": "application/zip",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
PICTURES = ("png", "svg")
_drawing = threading.Lock()  # matplotlib draws one picture at a time

router = APIRouter(tags=["results"])


@router.get(
    "/results/{digest}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in set(MEDIA.values())
            },
        },
        304: {"description": "The file is the one that If-None-Match names."},
    }
    | troubles(404, 422),
)
def export_result(
    digest: str,
    request: Request,
    desk: AtDesk,
    format: Format,
    variable: Annotated[str | None, Query(description="Which variable a picture shows.")] = None,
    theme: Theme = "light",
) -> Response:
    """Return a result as a file; a Zarr folder comes zipped. Pictures take axes as the figure does."""
    result = stored(desk.store, digest)
    digest = results.digest(result)
    tag = f'"{digest}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    chosen = indexes(cuts(request, "format", "variable", "theme"))
    name = f"{results.provenance(result).get('analysis', 'result')}-{digest[:8]}"
    if format in PICTURES:
        return _sent(
            _picture(result, format, variable=variable, select=chosen, theme=theme), format, name, tag
        )
    if chosen or variable is not None:
        raise BadInput(f"A {format} file holds the whole result; only png and svg take a variable and axes.")
    if format == "html":
        return _sent(views.page(result).encode(), format, name, tag)
    return _written(result, format, name, tag)


def _picture(result: Any, format: str, **choices: Any) -> bytes:
    drawn = io.BytesIO()
    figure = views.figure(result, **choices)
    with _drawing:
        views.draw(figure, drawn, format=format)
    return drawn.getvalue()


def _written(result: Any, format: str, name: str, tag: str) -> Response:
    folder = tempfile.TemporaryDirectory(prefix="neuronscope-")
    file = results.save(result, Path(folder.name, f"{name}.{format}" + (".zip" if format == "zarr" else "")))
    return FileResponse(
        file,
        media_type=MEDIA[format],
        filename=file.name,
        headers={"etag": tag, "cache-control": "no-cache"},
        background=BackgroundTask(folder.cleanup),
    )


def _sent(content: bytes, format: str, name: str, tag: str) -> Response:
    return Response(
        content,
        media_type=MEDIA[format],
        headers={
            "etag": tag,
            "cache-control": "no-cache",
            "content-disposition": f'attachment; filename="{name}.{format}"',
        },
    )
