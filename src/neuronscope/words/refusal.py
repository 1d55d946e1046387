"""How is a bad value refused? In one sentence, with the nearest word that is known."""

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """Tell a caller, in one sentence, what is wrong with a value, what is allowed and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error sentence that names the closest known word, or nothing.

    >>> nearest("topk", ["top_k", "prompt"])
    "; did you mean 'top_k'?"
    >>> nearest("zebra", ["top_k"])
    ''
    """
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
