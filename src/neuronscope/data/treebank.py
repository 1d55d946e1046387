"""Which word depends on which? Sentences of a treebank in CoNLL-U, the format of Universal Dependencies."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neuronscope.words import BadInput

_COLUMNS = 10


@dataclass(frozen=True)
class Sentence:
    """A sentence: its text, where each word stands in it, and the arcs between words.

    ``spans`` are the first character of each word and the one behind it. ``heads`` are the numbers of the
    words that they depend on, −1 for the root; ``relations`` say how.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]


def sentences(path: str | Path) -> Iterator[Sentence]:
    """Yield the sentences of a CoNLL-U file; words of several tokens and empty nodes go by their parts.

    Subtypes of relations are left off (``nmod:poss`` is ``nmod``). Sentences whose words are not found in
    their text are passed over. Raises `BadInput` where there is no such file and where a line is no CoNLL-U.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise BadInput(f"There is no treebank {str(path)!r}: give the path of a CoNLL-U file.")
    text, rows = "", []
    for number, line in enumerate([*file.read_text(encoding="utf-8").splitlines(), ""], 1):
        if line.startswith("# text = "):
            text = line.removeprefix("# text = ")
        elif line and not line.startswith("#"):
            rows.append(_row(line, f"{file.name}, line {number}"))
        elif not line and rows:
            found = _sentence(text, rows)
            if found:
                yield found
            text, rows = "", []


def _row(line: str, where: str) -> list[str]:
    row = line.split("\t")
    numbered = row[0].replace("-", "").replace(".", "").isdigit()
    if len(row) != _COLUMNS or not numbered or not (row[6].isdigit() or row[6] == "_"):
        raise BadInput(f"{where} is no CoNLL-U: a word has ten columns, its number first, apart by tabs.")
    return row


def _sentence(text: str, rows: list[list[str]]) -> Sentence | None:
    """Return the sentence of some rows, or None where its words are not those of its text."""
    words = [row for row in rows if row[0].isdigit()]
    whole = {}
    for row in rows:
        if "-" in row[0]:
            start, stop = map(int, row[0].split("-"))
            whole |= {str(number): (row[1], number == stop) for number in range(start, stop + 1)}
    spans, place, end = [], 0, 0
    for row in words:
        form, last = whole.get(row[0], ("", False))
        if form and place >= end:
            end = text.find(form, place) + len(form)
        at = text.find(row[1], place)
        if at >= 0 and not text[place:at].strip():
            spans.append((at, at + len(row[1])))
            place = at + len(row[1])
        elif form:  # a part that is written otherwise within its whole
            spans.append((max(place - 1, 0), max(place, 1)))
        else:
            return None
        place = max(place, end) if last else place
    heads = tuple(int(row[6]) - 1 for row in words)
    return Sentence(text, tuple(spans), heads, tuple(row[7].partition(":")[0] for row in words))
