"""How is one question of a chain answered? In any process: what goes in and what comes out is plain data."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from neuronscope import catalogue
from neuronscope.contract import SUBJECTS, ask
from neuronscope.results import Cancelled, digest, open_store, provenance, save
from neuronscope.results.kinds import first_part
from neuronscope.words import BadInput

_KEPT_OPEN = 4


@dataclass(frozen=True)
class Asked:
    """A question with all that a process needs to answer it, and where the answer goes."""

    step: str
    place: str
    does: str
    sort: str
    arguments: Mapping[str, Any]
    do: Sequence[str]
    device: str
    dtype: str
    target: str

    @property
    def said(self) -> dict[str, Any]:
        """Return the arguments, with the interventions where there are any."""
        return {**self.arguments, "do": list(self.do)} if self.do else dict(self.arguments)


@dataclass(frozen=True)
class Outcome:
    """What came of one question: a file and a digest, or the sentence that says why there is none.

    ``peak_memory_mb`` is what answering it took, when it was answered first; ``axes`` are the sizes of the
    answer, and ``size_mb`` its values together.
    """

    step: str
    place: str
    arguments: Mapping[str, Any]
    file: str = ""
    digest: str = ""
    seconds: float = 0.0
    problem: str = ""
    peak_memory_mb: float | None = None
    size_mb: float = 0.0
    axes: Mapping[str, int] = field(default_factory=dict)


def answered(asked: Asked) -> Outcome:
    """Answer a question, from the store where it was answered before, and write the answer to its file.

    What goes wrong is told in the outcome, so that one bad question stops no other.
    """
    began = time.perf_counter()
    try:
        found = _made(asked) if asked.sort == "make" else _answer(asked)
    except Cancelled:
        raise
    except Exception as problem:
        words = str(problem) if isinstance(problem, BadInput) else f"{type(problem).__name__}: {problem}"
        found = Outcome(asked.step, asked.place, asked.said, problem=words)
    return replace(found, seconds=time.perf_counter() - began)


def _answer(asked: Asked) -> Outcome:
    result = ask(
        catalogue.find(asked.does),
        asked.arguments,
        store=open_store(),
        openers={kind.name: _opener(kind.name) for kind in SUBJECTS.values() if kind.name != "Result"},
        device=asked.device,
        dtype=asked.dtype,
        do=asked.do,
    )
    target = Path(asked.target)
    target.parent.mkdir(parents=True, exist_ok=True)
    save(result, target)
    return Outcome(
        asked.step,
        asked.place,
        asked.said,
        file=str(target),
        digest=digest(result),
        peak_memory_mb=provenance(result).get("peak_memory_mb"),
        size_mb=result.nbytes / 1e6,
        axes={str(axis): size for axis, size in first_part(result).sizes.items()},
    )


def _made(asked: Asked) -> Outcome:
    arguments = {**asked.arguments, "out": str(Path(asked.target).with_suffix(""))}
    Path(arguments["out"]).parent.mkdir(parents=True, exist_ok=True)
    folder = ask(catalogue.find(asked.does), arguments, device=asked.device, dtype=asked.dtype)
    return Outcome(asked.step, asked.place, asked.said, file=str(folder))


@lru_cache
def _opener(kind: str) -> Any:
    """Return an opener that keeps what it opened last, since many questions are about one model."""
    opener = next(known.opener for known in SUBJECTS.values() if known.name == kind)

    @lru_cache(maxsize=_KEPT_OPEN)
    def opened(name: str, *, device: str, dtype: str) -> Any:
        return opener(name, device=device, dtype=dtype)

    return opened
