"""Where does long work keep what it has done? In a folder of its question, gone once that is answered."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_place: ContextVar[Path | None] = ContextVar("workplace", default=None)


@contextmanager
def working_in(folder: Path | None) -> Iterator[None]:
    """Give work inside the block a folder to go on from after a kill; it goes when the block ends well.

    The folder is made by whoever first needs it.
    """
    token = _place.set(folder)
    try:
        yield
    finally:
        _place.reset(token)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def workplace() -> Path | None:
    """Return the folder for what is done so far, or none where nothing is to be kept.

    >>> workplace() is None
    True
    >>> with working_in(Path("unfinished/3f9c")):
    ...     workplace().name
    '3f9c'
    """
    return _place.get()
