"""How do two harvests keep out of each other's folder, though either may be killed at any moment?"""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neuronscope.instruments.harvested.shards import MANIFEST
from neuronscope.results.files import reason
from neuronscope.words import BadInput

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

CLAIM = ".claim"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a folder and keep every other harvest, of any process, out of it meanwhile.

    The system holds the claim for as long as the process lives, so one that was killed leaves none. A harvest
    in a folder that cannot be written, as on a read-only disk, is only read and needs none. Raises `BadInput`
    where another harvest is at work, naming its process, and where the folder cannot be made.
    """
    path = folder / CLAIM
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _taken(path)
    except OSError as error:
        if (folder / MANIFEST).is_file():
            yield
            return
        raise BadInput(f"Cannot harvest to {str(folder)!r}: {reason(error)}.") from error
    try:
        yield
    finally:
        with suppress(OSError):  # a system that deletes no open file keeps an empty claim, which is harmless
            path.unlink()
        os.close(handle)


def _taken(path: Path) -> int:
    """Return the open file that holds the claim, on which this process is written."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _locked(handle):
                said = os.read(handle, 200).decode(errors="replace").strip() or "Another process"
                raise BadInput(
                    f"{said} is harvesting to {str(path.parent)!r} now: let it end, or choose another folder."
                )
            # The one before may have deleted the file between our opening and our claim.
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                os.truncate(handle, 0)
                os.write(handle, f"Process {os.getpid()} on {socket.gethostname()}".encode())
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _locked(handle: int) -> bool:
    """Claim an open file, and return whether it was free; a disk that knows no claims counts as free."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
    return True
