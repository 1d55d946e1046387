"""How are the words of a command read, and what is said when they make no sense?"""

import argparse
import re
import textwrap
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

from neuronscope.words import BadInput, nearest

WIDTH = 80


class HelpLayout(argparse.RawDescriptionHelpFormatter):
    """Lay out help in 80 columns at most, with paragraphs and examples kept as they are written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=WIDTH - 2)


class Parser(argparse.ArgumentParser):
    """Read options as argparse does, but refuse in one sentence that names the nearest option."""

    def __init__(self, prog: str, summary: str, *, more: str = "", examples: Sequence[str] = ()) -> None:
        epilog = "\n".join(["examples:", *(f"  {line}" for line in examples)]) if examples else None
        super().__init__(
            prog=prog,
            description="\n\n".join(paragraph for paragraph in (filled(summary), filled(more)) if paragraph),
            epilog=epilog,
            formatter_class=HelpLayout,
            allow_abbrev=False,
            add_help=False,
        )

    @cached_property
    def also(self) -> argparse._ArgumentGroup:
        """The group of options that help shows last."""
        return self.add_argument_group("also")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the options by name.

        Raises ``BadInput`` on an option that there is not, or a word too many.
        """
        self.also.add_argument("-h", "--help", action="help", help="Show this and stop.")
        given, rest = self.parse_known_args(list(words))
        if not rest:
            return given
        word = rest[0].partition("=")[0]
        if word.startswith("-"):
            known = [flag for action in self._actions for flag in action.option_strings]
            hint = nearest(word, known) or f"; see '{self.prog} --help'."
            raise BadInput(f"{self.prog} has no option {word}{hint}")
        raise BadInput(f"{self.prog} did not expect {word!r}; put a text with spaces in quotes.")

    def error(self, message: str) -> NoReturn:
        """Raise argparse's complaint as ``BadInput``, in words that say what to do."""
        raise BadInput(self._sentence(message))

    def _sentence(self, message: str) -> str:
        if found := re.fullmatch(r"argument ([^ :]+): expected (one|at least one) argument", message):
            flag = found[1].rpartition("/")[2]
            return f"{flag} needs a value; write {flag}=VALUE where the value begins with a dash."
        if found := re.fullmatch(r"the following arguments are required: (.+)", message):
            return f"{self.prog} needs {found[1]}; see '{self.prog} --help'."
        if found := re.fullmatch(r"argument ([^ :]+): invalid (\w+) value: (.+)", message):
            return (
                f"{found[1].rpartition('/')[2]}: {found[3]} is not {KINDS_OF_VALUE.get(found[2], found[2])}."
            )
        return f"{self.prog}: {message.rstrip('.')}; see '{self.prog} --help'."


KINDS_OF_VALUE = {"int": "a whole number", "float": "a number"}


def described(name: str, summary: str, *, indent: int) -> str:
    """Return a name and what it is for, filled to the width of the screen.

    >>> described("logit-lens", "Decode the residual stream.", indent=2)
    '  logit-lens             Decode the residual stream.'
    """
    start = f"{' ' * indent}{name:<22} "
    return textwrap.fill(start + summary, WIDTH, subsequent_indent=" " * len(start))


def filled(text: str, *, indent: str = "") -> str:
    r"""Return the text filled to the width of help, without marks of code, indented parts left alone.

    >>> print(filled("One.\n\n  keep  this\n\n``Two``\nlines."))
    One.
    <BLANKLINE>
      keep  this
    <BLANKLINE>
    Two lines.
    """
    paragraphs = re.split(r"\n\s*\n", text.replace("``", "").strip())
    return "\n\n".join(
        paragraph
        if paragraph.startswith(" ")
        else textwrap.fill(" ".join(paragraph.split()), WIDTH - 7, subsequent_indent=indent)
        for paragraph in paragraphs
    )
