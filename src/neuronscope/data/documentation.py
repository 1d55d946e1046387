"""What English can be read offline? Python's own documentation, from the interpreter that runs.

A document is one topic of `pydoc` or the docstrings of one module of the standard library. The text is read
where it is installed and never copied into the package.
"""

import ast
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from pydoc_data.topics import topics
from threading import Lock

from .texts.arithmetic import mentions_kept_out

_SKIPPED = frozenset(
    ("test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "_bundled")
)
_VALIDATION_ONE_IN = 12
# Shorter paragraphs may be said twice; a longer one is kept only where it comes first, so that no split
# repeats the other.
_REPEATABLE = 60


@dataclass(frozen=True)
class Document:
    """A text with its name, such as `topic:lists` or `module:json.decoder`."""

    name: str
    text: str

    @property
    def is_validation(self) -> bool:
        """Return whether the document is kept for validation, by the hash of its name."""
        return int(sha256(self.name.encode()).hexdigest()[:8], 16) % _VALIDATION_ONE_IN == 0


def _docstrings(path: Path) -> str:
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return ""
    places = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, places))
    return "\n\n".join(text for text in found if text)


def _module_name(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return "module:" + ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _raw_documents() -> Iterator[Document]:
    """Yield the documents in the order of their names, each read when its turn comes."""
    root = Path(sysconfig.get_path("stdlib"))
    found: list[tuple[str, Path | str]] = [(f"topic:{name}", text) for name, text in topics.items()]
    for path in root.rglob("*.py"):
        relative = path.relative_to(root)
        if not _SKIPPED.intersection(relative.parts) and not relative.name.startswith("test_"):
            found.append((_module_name(relative), path))
    for name, source in sorted(found, key=lambda entry: entry[0]):
        yield Document(name, source if isinstance(source, str) else _docstrings(source))


def _cleaned(raw_documents: Iterable[Document]) -> Iterator[Document]:
    """Yield documents as plain ASCII, without paragraphs that were said before or state kept-out sums."""
    seen: set[str] = set()
    for raw in raw_documents:
        kept = []
        for paragraph in raw.text.encode("ascii", "ignore").decode().expandtabs().split("\n\n"):
            words = " ".join(paragraph.split())
            repeated = len(words) >= _REPEATABLE and words in seen
            seen.add(words)
            if words and not repeated and not mentions_kept_out(paragraph):
                kept.append("\n".join(line.rstrip() for line in paragraph.strip("\n").split("\n")))
        if kept:
            yield Document(raw.name, "\n\n".join(kept) + "\n")


def reference_topics() -> Iterator[Document]:
    """Yield the topics of Python's language reference alone, cleaned alike, which are read at once."""
    return _cleaned(Document(f"topic:{name}", text) for name, text in sorted(topics.items()))


@dataclass
class _Reading:
    """The documents that were read so far, and the reader of the rest."""

    done: list[Document]
    rest: Iterator[Document]
    lock: Lock

    def take(self) -> None:
        """Read one more, if there is one.

        A reader that was interrupted gives no more, as if the rest were empty; so a new one takes its place.
        """
        try:
            self.done.extend(islice(self.rest, 1))
        except BaseException:
            self.rest = islice(_cleaned(_raw_documents()), len(self.done), None)
            raise


_READING = _Reading([], _cleaned(_raw_documents()), Lock())


def documents() -> Iterator[Document]:
    """Yield the documents in the order of their names, reading no more of them than are taken.

    They are plain ASCII, say no long paragraph twice, and state no arithmetic that is kept out.
    """
    for number in count():
        with _READING.lock:
            if number == len(_READING.done):
                _READING.take()
            if number == len(_READING.done):
                return
        yield _READING.done[number]


@cache
def documentation() -> tuple[Document, ...]:
    """Return all documents in the order of their names."""
    return tuple(documents())


def documentation_split(*, validation: bool) -> tuple[Document, ...]:
    """Return the documents of the validation or of the training part."""
    return tuple(document for document in documentation() if document.is_validation == validation)


def documentation_digest() -> str:
    """Return the SHA-256 of all documents, names and texts, as hexadecimal digits."""
    whole = sha256()
    for document in documentation():
        whole.update(f"{document.name}\n{document.text}\0".encode())
    return whole.hexdigest()
