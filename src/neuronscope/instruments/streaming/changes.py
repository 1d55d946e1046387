"""How is the course of a text written in plain words, with what was changed in the model on its way?"""

from collections.abc import Iterable, Mapping

from neuronscope.instruments.interventions import read
from neuronscope.instruments.metrics import answer_token
from neuronscope.instruments.streaming.generating import Course
from neuronscope.instruments.streaming.packing import Detail
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.models.model import Model
from neuronscope.words import BadInput


def read_changes(model: Model, written: Iterable[str]) -> dict[int, Model]:
    """Return the model under each change, by the position of the token that it is first made at.

    A line is ``POSITION: OP; OP``, and without ops the bare model goes on. Raises `BadInput` for a line
    that says no position, for one said twice, and as `interventions.read` and `Model.under` do.
    """
    found: dict[int, Model] = {}
    for line in written:
        position, colon, ops = line.partition(":")
        if not colon or not position.strip().isdecimal():
            raise BadInput(
                f"{line!r} is no change: write POSITION: OP; OP, such as 12: mlp_act.3.17 scale=0."
            )
        if int(position) in found:
            raise BadInput(f"Two changes begin at position {int(position)}: write both ops behind one.")
        found[int(position)] = model.bare.under(read(ops))
    return found


def written_changes(changes: Mapping[int, Iterable[str]]) -> tuple[str, ...]:
    """Return interventions by position as `read_changes` reads them, in the order of the positions."""
    return tuple(f"{position}: {'; '.join(changes[position])}".strip() for position in sorted(changes))


def course_of(  # noqa: PLR0913 - the words of the question, one by one
    model: Model,
    *,
    n_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    stop: Iterable[str],
    candidates: int,
    detail: Detail,
    patterns: bool,
    changes: Iterable[str],
) -> Course:
    """Return the course that the words of `generation` ask for; raises `BadInput` as what they name does."""
    drawn = temperature > 0
    return Course(
        n_tokens=n_tokens,
        sampling=Sampling(temperature if drawn else None, None, top_p if drawn and top_p < 1 else None, seed),
        ends=frozenset(answer_token(model, text) for text in stop),
        candidates=candidates,
        detail=detail,
        patterns=patterns,
        changes=read_changes(model, changes),
    )
