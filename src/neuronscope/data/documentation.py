"""What English can be read offline? Python's own documentation, from the interpreter that runs.

A document is one topic of `pydoc` or the docstrings of one module of the standard library. The text is read
where it is installed and never copied into the package.
"""

import ast
import sysconfig
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from pydoc_data.topics import topics

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


def _raw_documents() -> list[Document]:
    found = [Document(f"topic:{name}", text) for name, text in topics.items()]
    root = Path(sysconfig.get_path("stdlib"))
    for path in root.rglob("*.py"):
        relative = path.relative_to(root)
        if not _SKIPPED.intersection(relative.parts) and not relative.name.startswith("test_"):
            found.append(Document(_module_name(relative), _docstrings(path)))
    return sorted(found, key=lambda document: document.name)


@cache
def documentation() -> tuple[Document, ...]:
    """Return the documents in the order of their names.

    They are plain ASCII, say no long paragraph twice, and state no arithmetic that is kept out.
    """
    seen: set[str] = set()
    documents = []
    for raw in _raw_documents():
        kept = []
        for paragraph in raw.text.encode("ascii", "ignore").decode().expandtabs().split("\n\n"):
            words = " ".join(paragraph.split())
            repeated = len(words) >= _REPEATABLE and words in seen
            seen.add(words)
            if words and not repeated and not mentions_kept_out(paragraph):
                kept.append("\n".join(line.rstrip() for line in paragraph.strip("\n").split("\n")))
        if kept:
            documents.append(Document(raw.name, "\n\n".join(kept) + "\n"))
    return tuple(documents)


def documentation_split(*, validation: bool) -> tuple[Document, ...]:
    """Return the documents of the validation or of the training part."""
    return tuple(document for document in documentation() if document.is_validation == validation)


def documentation_digest() -> str:
    """Return the SHA-256 of all documents, names and texts, as hexadecimal digits."""
    whole = sha256()
    for document in documentation():
        whole.update(f"{document.name}\n{document.text}\0".encode())
    return whole.hexdigest()
