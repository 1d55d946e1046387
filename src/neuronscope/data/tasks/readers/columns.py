"""Pairs of your own: a JSONL or CSV file, each row two prompts, an answer and a distractor."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from neuronscope.data.tasks.pair import Dice, Pair
from neuronscope.data.tasks.task import Task
from neuronscope.data.texts.problem import Span
from neuronscope.words import BadInput

from .lines import records, text_of

COLUMNS = ("clean", "corrupt", "answer", "distractor")


def columns_task(path: Path) -> Task:
    """Return the task whose pairs are the rows of a JSONL or CSV file.

    Columns are `clean`, `corrupt`, `answer`, `distractor`, and if wanted `spans` and `corrupt_spans`: a JSON
    object of names to the first character and the one after the last, such as `{"subject": [4, 8]}`. Without
    `corrupt_spans` the spans hold for both prompts where these have equally many characters. Answers are
    taken as they stand, so that one which begins a word begins with a space.

    Raises `BadInput` that names the line and what is wrong with it.
    """
    rows = [_pair(path, number, record) for number, record in records(path, needed=COLUMNS)]

    def draw(dice: Dice) -> Pair:
        row = dice.row(len(rows))
        number, fields = rows[row]
        return Pair(task=dice.task, template=f"line-{number}", seed=dice.seed, **fields)

    return Task(
        name=str(path),
        summary=f"The pairs of {path.name}.",
        draw=draw,
        source="a file of yours",
        splits={"unseen": len(rows)},
        listed=True,
        tries=1,
        content=sha256(text_of(path).encode()).hexdigest(),
    )


def _pair(path: Path, number: int, record: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    fields: dict[str, Any] = {}
    for column in COLUMNS:
        value = record[column]
        if not isinstance(value, str) or not value:
            raise BadInput(f"{path}, line {number}: {column} is {value!r}; write a text that is not empty.")
        fields[column] = value
    if fields["clean"] == fields["corrupt"]:
        raise BadInput(
            f"{path}, line {number}: clean and corrupt are the same; let them differ where the answer does."
        )
    fields["spans"] = _spans(path, number, record, "spans", fields["clean"])
    if record.get("corrupt_spans") or len(fields["clean"]) != len(fields["corrupt"]):
        fields["corrupt_spans"] = _spans(path, number, record, "corrupt_spans", fields["corrupt"])
    else:
        fields["corrupt_spans"] = fields["spans"]
    return number, fields


def _spans(path: Path, number: int, record: Mapping[str, Any], column: str, text: str) -> tuple[Span, ...]:
    stated = record.get(column) or {}
    if isinstance(stated, str):
        try:
            stated = json.loads(stated)
        except json.JSONDecodeError:
            stated = None
    if not isinstance(stated, dict):
        raise BadInput(
            f"{path}, line {number}: {column} is no JSON object; "
            'write names and characters, such as {"subject": [4, 8]}'
        )
    spans = []
    for name, place in stated.items():
        whole = isinstance(place, list) and len(place) == 2 and all(type(end) is int for end in place)
        if not whole or not 0 <= place[0] < place[1] <= len(text):
            raise BadInput(
                f"{path}, line {number}: the span {name!r} is {place!r}; write the first character and "
                f"the one after the last, from 0 to {len(text)}."
            )
        spans.append(Span(name, *place))
    return tuple(spans)
