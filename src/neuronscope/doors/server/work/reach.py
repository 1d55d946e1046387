"""Which files may a question name? Any while one person asks alone; those of some folders where others do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neuronscope.doors.server.work import made
from neuronscope.words import BadInput

NO_FILE = ("builtin:", made.PREFIX)
"""Names that begin so mean nothing outside of the package or of what was made here."""
ENDINGS = (".conllu", ".csv", ".json", ".jsonl", ".nc", ".parquet", ".pt", ".txt", ".yaml", ".zarr")


@dataclass(frozen=True)
class Reach:
    """Where the names of one server may lead: into ``home``, where makers leave things, and into ``allowed``.

    ``allowed`` are folders, and names that may be said as they are; without it every name may.
    """

    home: Path
    allowed: tuple[str, ...] | None = None

    def path_of(self, name: str) -> str:
        """Return what opens by a name, ``made:`` names as paths; raises ``BadInput`` as ``check`` does."""
        self.check(name)
        return made.path_of(name, self.home)

    def check(self, name: str) -> None:
        """Raise ``BadInput`` where a name is that of a file or folder outside of what is allowed."""
        made.check_sound(name)
        if self.allowed is None or name in self.allowed or name.startswith(NO_FILE):
            return
        paths = [path for path in _readings(name) if str(path) != "."]
        there = [path for path in paths if _exists(path)]
        if not (there or _is_path(name)):
            return
        climbs = ".." in re.split(r"[/\\:@]", name)
        if climbs or not all(map(self._holds, there)) or not any(map(self._holds, paths)):
            raise BadInput(
                f"{name!r} names a file, and this server opens files only in the folders that it was "
                "started with (--files): ask whoever runs it."
            )

    def _holds(self, path: Path) -> bool:
        whole = path.resolve()
        return any(whole.is_relative_to(Path(folder).expanduser().resolve()) for folder in self.allowed or ())


def _texts(name: str) -> tuple[str, str]:
    """Return the texts in which a path may begin: the name, and what follows a layout's ``word:``."""
    return name.strip(), name.partition(":")[2].strip()


def _readings(name: str) -> Iterator[Path]:
    """Yield each path that a name may mean: the whole of it, or up to a step (@) or a field (:)."""
    for text in _texts(name):
        ends = [len(text), *(place for place, sign in enumerate(text) if sign in "@:")]
        yield from (Path(text[:end]).expanduser() for end in ends if end)


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False


def _is_path(name: str) -> bool:
    """Say whether a name can only be that of a file or folder, whether it is there or not."""
    return any(
        text[:1] in ("/", ".", "~", "\\")
        or Path(text).is_absolute()
        or re.split("[@:]", text, maxsplit=1)[0].lower().endswith(ENDINGS)
        for text in _texts(name)
        if text
    )
