"""What only a browser can tell: when a page can be used, what it loads, how fast it draws."""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.speed.workbench_parts.serving import ROOT, WORKBENCH, Server
from neuronscope.words import BadInput

VARIABLE = "NEURONSCOPE_CHROMIUM"
BUILT = ROOT / "src" / "neuronscope" / "workbench"
_LIMIT = 900
_LAZY = (b"basePlotModule", b"THREE.WebGLRenderer")
"""What a file says that holds plotly or three."""

PAGES = [
    {"name": "paint.home", "address": "/", "ready": ".home .model-name"},
    {
        "name": "paint.lab",
        "address": "/lab?model=builtin:scribe&prompt=The+capital+of+France+is",
        "ready": ".prompt-text textarea",
    },
]


def check() -> None:
    """Raise ``BadInput`` where Chromium, Node or the packages of the workbench are missing."""
    chromium = Path(os.environ.get(VARIABLE, "/usr/bin/chromium"))
    if not chromium.exists():
        raise BadInput(
            f"There is no Chromium at {chromium}; install it, set {VARIABLE} to another, "
            "or name rows that need no browser with --only."
        )
    if shutil.which("node") is None or not (WORKBENCH / "node_modules" / "playwright-core").is_dir():
        raise BadInput(
            "Node and the packages of the workbench are needed: run npm ci in the folder workbench."
        )


def pages_built(folder: Path) -> Path:
    """Return where the built workbench lies; it is built into a folder where there is none."""
    named = os.environ.get("NEURONSCOPE_PAGES")
    for place in (Path(named) if named else BUILT, BUILT):
        if (place / "index.html").is_file():
            return place
    target = folder / "pages"
    _node(["npx", "vite", "build", "--outDir", str(target), "--emptyOutDir"], {})
    return target


def pages(server: Server, *, turns: int, replayed: str | None = None, painted: bool = True) -> dict[str, Any]:
    """Return when the pages could be used, which scripts they took, and how fast a stream was replayed."""
    asked: dict[str, Any] = {"url": server.url, "token": server.token, "turns": turns}
    asked["pages"] = PAGES if painted else []
    if replayed is not None:
        asked["frames"] = {"address": f"/lab?panel=stream&stream.digest={replayed}&stream.at=0"}
    return json.loads(_node(["node", "browser/timing_pages.mjs"], {"PAGES_ASKED": json.dumps(asked)}))


def canvases() -> dict[str, Any]:
    """Return what drawing a heat map and a cloud of points takes."""
    return json.loads(_node(["node", "browser/timing_points.mjs"], {}))


def brain(pictures: int) -> dict[str, Any]:
    """Return how fast the 3D view draws."""
    return json.loads(_node(["node", "browser/timing_brain.mjs", str(pictures)], {}))


def weight(folder: Path, scripts: list[str]) -> tuple[float, list[str]]:
    """Return the kilobytes of scripts once compressed, and those that hold plotly or three."""
    files = {name: (folder / name.lstrip("/")).read_bytes() for name in dict.fromkeys(scripts)}
    heavy = [name for name, text in files.items() if any(mark in text for mark in _LAZY)]
    return sum(len(gzip.compress(text)) for text in files.values()) / 1024, heavy


def _node(words: list[str], settings: dict[str, str]) -> str:
    done = subprocess.run(
        words,
        check=False,
        cwd=WORKBENCH,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=_LIMIT,
    )
    if done.returncode:
        raise BadInput(f"{' '.join(words[:2])} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout
