"""Where do exported files lie until they are asked for again? In a folder that never grows too large."""

import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from neuronscope import results

MOST_BYTES = 2**30
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of everything inside an archive, so that the same result gives the same bytes."""


class Files:
    """Exported files by result and format, the longest unused making room."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Name the folder; it is made with the first file."""
        self._folder, self._most = folder, most_bytes
        self._writing = threading.Lock()

    def file(self, key: str, stem: str, format: str, result: Callable[[], Any]) -> Path:
        """Return the file of a result, written where it is not there; ``stem`` names files inside an archive.

        Raises ``OSError`` where the disk refuses.
        """
        found = self._known(key, format)
        if found is not None:
            return found
        with self._writing:
            return self._known(key, format) or self._written(key, stem, format, result())

    def _known(self, key: str, format: str) -> Path | None:
        for ending in ("", ".zip"):
            with suppress(OSError):
                file = self._folder / f"{key}.{format}{ending}"
                os.utime(file)
                return file
        return None

    def _written(self, key: str, stem: str, format: str, result: Any) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        ending = "zarr.zip" if format == "zarr" else format
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".writing-") as within:
            results.save(result, Path(within, f"{stem}.{ending}"))
            files = sorted(Path(within).iterdir())
            written = files[0]
            if format == "zarr":
                with zipfile.ZipFile(files[0]) as loose:
                    written = _archive(Path(within, "sealed"), ((n, loose.read(n)) for n in loose.namelist()))
            elif len(files) > 1:
                ending += ".zip"
                written = _archive(Path(within, "sealed"), ((file.name, file.read_bytes()) for file in files))
            self._make_room(written.stat().st_size)
            target = self._folder / f"{key}.{ending}"
            written.replace(target)
        return target

    def _make_room(self, needed: int) -> None:
        """Remove the longest unused files until there is room for one more."""
        held = []
        for file in self._folder.glob("[!.]*"):
            with suppress(OSError):
                seen = file.stat()
                held.append((seen.st_mtime_ns, seen.st_size, file))
        excess = sum(size for _, size, _ in held) + needed - self._most
        for _, size, file in sorted(held):
            if excess <= 0:
                return
            with suppress(OSError):
                file.unlink()
                excess -= size


def _archive(file: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in sorted(members):
            archive.writestr(
                zipfile.ZipInfo(name, LONG_AGO), content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=6
            )
    return file
