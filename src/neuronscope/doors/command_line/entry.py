"""What happens when someone types ``neuronscope``, and what do they read when it goes wrong?"""

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

import neuronscope
from neuronscope.doors.command_line.commands import overview, understand
from neuronscope.words import BadInput

FAILED, BAD_INPUT, STOPPED = 1, 2, 130
NO_HOME = "Could not determine home directory."
"""What Python says of a path such as ~nobody/model."""


def main(words: Sequence[str] | None = None) -> int:
    """Obey one command and return its exit status.

    0 is success, 2 bad input with one sentence on stderr, 130 after Ctrl-C, 1 anything else.
    """
    # The tokenizer would warn of a long prompt just before the prompt is refused.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    with warnings.catch_warnings():
        warnings.showwarning = _note
        try:
            return _obey(list(sys.argv[1:] if words is None else words))
        except BadInput as problem:
            return _refuse(str(problem), BAD_INPUT)
        except KeyboardInterrupt:
            return _refuse("Stopped; what was stored before is still there.", STOPPED)
        except SystemExit as finish:
            return int(finish.code or 0)
        except Exception as problem:
            if str(problem) == NO_HOME:
                said = "A path begins with the home of somebody who is not known here; write it in full."
                return _refuse(said, BAD_INPUT)
            return _failed(problem)


def _failed(problem: Exception) -> int:
    if isinstance(problem, BrokenPipeError):  # the reader, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if os.environ.get("NEURONSCOPE_TRACEBACK") == "1":
        traceback.print_exception(problem)
        return FAILED
    words = str(problem).rstrip(".") or "no more is known"
    return _refuse(f"{type(problem).__name__}: {words}; set NEURONSCOPE_TRACEBACK=1 to see where.", FAILED)


def _obey(words: list[str]) -> int:
    if not words or words[0] in {"-h", "--help"}:
        sys.stdout.write(f"{overview()}\n")
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"neuronscope {neuronscope.__version__}\n")
        return 0
    place, given = understand(words)
    module, _, function = place.partition(":")
    with _loading():
        obey = getattr(import_module(module), function)
    status = obey(given)
    sys.stdout.flush()
    return status


@contextmanager
def _loading() -> Iterator[None]:
    """Say on a terminal why nothing happens while the libraries that run models are loaded."""
    if not sys.stderr.isatty():
        yield
        return
    sys.stderr.write("Loading…")
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def _refuse(sentence: str, status: int) -> int:
    sys.stderr.write(f"{' '.join(sentence.split())}\n")
    return status


def _note(message: Warning | str, *_: object, **__: object) -> None:
    sys.stderr.write(f"Note: {' '.join(str(message).split())}\n")
