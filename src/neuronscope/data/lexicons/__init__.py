"""In which words may a neuron be described? Lists of phrases: ours, your own, or of worked solutions."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from neuronscope.data.tasks.readers.lines import records, text_of
from neuronscope.words import BadInput, nearest

LEXICONS = ("arithmetic", "logic")
"""The lists that ship with the package."""

_LONGEST = 3
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[^a-z\s]+")
_CALCULATION = re.compile(r"<<.*?>>")
_LITTLE = frozenset(
    "a an and are as at be been by do does for from had has have he her hers him his i if in is it its me my "
    "of on or our she so that the their them then there these they this to was we were which will with you "
    "your".split()
)


def phrases(name: str, *, n_mined: int = 1000) -> tuple[str, ...]:
    """Return the phrases of a lexicon, each once, in its order.

    ``name`` is one of `LEXICONS`, a text file with a phrase a line, or a file of worked solutions in the
    format of GSM8K (`.jsonl`), of which the ``n_mined`` commonest words and word sequences are taken. Raises
    `BadInput` where there is no such lexicon and for a file that is empty or not of its format.

    >>> phrases("logic")[:3]
    ('not', 'no', 'never')
    """
    if name in LEXICONS:
        return _shipped(name)
    path = Path(name).expanduser()
    if path.suffix.lower() == ".jsonl":
        return mined(path, n=n_mined)
    if path.suffix.lower() != ".txt":
        near = nearest(name, LEXICONS) or f"; there are {', '.join(LEXICONS)}."
        raise BadInput(
            f"There is no lexicon {name!r}{near} Of your own, give a .txt file with a phrase a line."
        )
    return _listed(text_of(path), name)


def mined(path: Path, *, n: int = 1000) -> tuple[str, ...]:
    """Return the commonest words, and sequences of up to three, of worked solutions in the format of GSM8K.

    They go by the number of solutions that hold them, the more of these the earlier. Numbers and signs end a
    sequence, and calculations in `<<…>>` are passed over; none begins or ends with a little word such as
    `of`, and what only one solution holds is left out. (Cobbe et al. 2021.)
    """
    held: Counter[str] = Counter()
    for _, record in records(path, needed=("answer",)):
        solution = str(record["answer"]).rpartition("####")[0] or str(record["answer"])
        held.update(set(_sequences(_CALCULATION.sub(" ", solution.lower().replace("’", "'")))))
    common = sorted(
        (phrase for phrase, n_held in held.items() if n_held > 1), key=lambda one: (-held[one], one)
    )
    if not common:
        raise BadInput(f"{path} has no phrase that two of its solutions hold: give a file with more of them.")
    return tuple(common[:n])


def _sequences(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for start in range(len(words)):
        for length in range(1, _LONGEST + 1):
            own = words[start : start + length]
            if len(own) < length or not own[-1][0].isalpha():
                break
            if not {own[0], own[-1]} & _LITTLE:
                yield " ".join(own)


@cache
def _shipped(name: str) -> tuple[str, ...]:
    return _listed(
        files("neuronscope.data.lexicons").joinpath(f"{name}.txt").read_text(encoding="utf-8"), name
    )


def _listed(text: str, name: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not found:
        raise BadInput(f"The lexicon {name!r} is empty: write a phrase on each line.")
    return found
