"""Prompts for a quick look: questions that most language models can answer, each with a corrupt twin."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class CommonPrompt:
    """A clean prompt with its next token, and a corrupt one of equal length that no longer asks for it.

    Lengths are those under the tokenizer of `builtin:scribe`.
    """

    name: str
    summary: str
    clean: str
    corrupt: str
    target: str
    distractor: str


@cache
def common_prompts() -> tuple[CommonPrompt, ...]:
    """Return the prompts for quick looks that ship with the package.

    >>> common_prompts()[0].target
    ' Mary'
    """
    entries = json.loads(files("neuronscope.data").joinpath("prompts.json").read_text(encoding="utf-8"))
    return tuple(CommonPrompt(name=name, **entry) for name, entry in entries.items())
