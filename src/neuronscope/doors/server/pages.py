"""Where does the workbench come from? Its built files, or one page that says how to build them."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse, HTMLResponse

import neuronscope

WORKBENCH = Path(os.environ.get("NEURONSCOPE_PAGES") or Path(neuronscope.__file__).parent / "workbench")
MEDIA = {  # the system's own table may be wrong, and browsers are told not to guess
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>NeuronScope</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The workbench is not built</h1>
<p>The server runs and <code>/api/v1</code> answers, but this installation holds no built pages.
In a checkout, <code>python3 start.py</code> builds them (it needs Node 20.19 or newer);
by hand it is <code>npm ci &amp;&amp; npm run build</code> in the folder <code>workbench</code>.
An installed wheel brings them with it.</p>
</body></html>
"""
router = APIRouter(include_in_schema=False)


def build(folder: Path | None = None) -> str:
    """Return a fingerprint of the built workbench, ``unbuilt`` where there is none."""
    index = (folder or WORKBENCH) / "index.html"
    try:
        found = index.stat()
        return _fingerprint(index, found.st_mtime_ns, found.st_size)
    except OSError:
        return "unbuilt"


@lru_cache(maxsize=4)
def _fingerprint(file: Path, written: int, size: int) -> str:
    """Fingerprint a file once for each moment it was written at and each size."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


@router.get("/{path:path}")
def show_page(path: str) -> Response:
    """Return a file of the workbench, or its one page, which reads the address itself."""
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404, f"There is nothing at /{path}; /api/v1/openapi.json lists what there is.")
    file = _contained(path)
    if file is not None:
        lasting = path.startswith("assets/")
        cache = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return FileResponse(file, media_type=MEDIA[file.suffix], headers={"cache-control": cache})
    if path.startswith("assets/") or "." in path:
        raise HTTPException(404, f"There is no file /{path}.")
    index = WORKBENCH / "index.html"
    if not index.is_file():
        return HTMLResponse(UNBUILT, headers={"cache-control": "no-cache"})
    return FileResponse(index, media_type="text/html", headers={"cache-control": "no-cache"})


def _contained(path: str) -> Path | None:
    folder = WORKBENCH.resolve()
    try:
        file = (folder / path).resolve()
        found = file.is_file() and file.is_relative_to(folder) and file.suffix in MEDIA
    except (OSError, ValueError):
        return None
    return file if found else None
