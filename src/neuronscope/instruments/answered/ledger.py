"""What has been answered already, should the work be killed? One line a reply, in the order they came."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from neuronscope.instruments.answered.question import Posed, Reply
from neuronscope.models.model import Model
from neuronscope.results import log

FORMAT = 1


class Ledger:
    """The replies that are there, by the number of their question, in a file of these very questions."""

    def __init__(self, folder: Path | None, model: Model, questions: Sequence[Posed], *, budget: int) -> None:
        self.replies: dict[int, Reply] = {}
        self._file = None
        if folder is None:
            return
        told = [
            FORMAT,
            model.fingerprint,
            model.words_fingerprint,
            str(model.device),
            str(model.dtype),
            budget,
        ]
        asked = hashlib.sha256(repr([told, list(questions)]).encode()).hexdigest()[:16]
        self._file = folder / f"answers-{asked}.jsonl"
        self.replies = _read(self._file)
        if self.replies and model.standing is not None:
            model.standing.claim()

    def keep(self, replies: Mapping[int, Reply]) -> None:
        """Add the replies of one batch, all at once."""
        self.replies.update(replies)
        if self._file is None:
            return
        lines = (json.dumps({"number": number} | reply.plain()) + "\n" for number, reply in replies.items())
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as handle:
                # A kill may have left half a line, which must not swallow the next one.
                handle.write("" if _ends_well(self._file) else "\n")
                handle.write("".join(lines))
        except OSError as trouble:
            why = os.strerror(trouble.errno) if trouble.errno else trouble
            log.warning("Answers so far cannot be kept (%s): a kill would lose them.", why)
            self._file = None

    def has(self, numbers: Iterable[int]) -> bool:
        """Return whether the replies to all these questions are there."""
        return all(number in self.replies for number in numbers)


def _read(file: Path) -> dict[int, Reply]:
    """Return the whole lines of a file; half a line, or one that is no reply, is as if it were not there."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        try:
            plain = json.loads(line)
            found[int(plain["number"])] = Reply.restored(plain)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _ends_well(file: Path) -> bool:
    with file.open("rb") as handle:
        size = handle.seek(0, 2)
        if not size:
            return True
        handle.seek(-1, 2)
        return handle.read(1) == b"\n"
