"""How is each sort of file read as documents?"""

import json
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from neuronscope.words import BadInput, nearest

HUB = "hf:"
TEXT = "text"
_WITH_FIELD = re.compile(r"(.*\.(?:jsonl|ndjson|parquet))(?::([^/\\]*))?", re.IGNORECASE)
_TEXTS = (".txt", ".text", ".md", ".rst")


class Source(NamedTuple):
    """What a corpus is read from: the sort of reader, the file or data set, and which part of it."""

    kind: str
    path: str
    field: str = TEXT
    split: str = "train"


def named_source(name: str) -> Source:
    """Return what a corpus's name means; raises `BadInput` where there is nothing or a package is missing."""
    if name.startswith(HUB):
        dataset, *parts = name.removeprefix(HUB).split(":")
        if not dataset or len(parts) > 2:
            raise BadInput(f"{name!r} is no data set: write hf:DATASET[:split][:column].")
        _installed("datasets", name)
        return Source("hub", dataset, *reversed([*parts, *("train", TEXT)[len(parts) :]]))
    match = _WITH_FIELD.fullmatch(name)
    path = Path(match[1] if match else name).expanduser()
    if not name.strip() or not path.exists():
        raise BadInput(
            f"There is no corpus {name!r}: give a text file, a folder of them, FILE.jsonl, FILE.parquet, "
            "hf:DATASET or documentation."
        )
    if path.is_dir():
        return Source("folder", str(path))
    if path.suffix.lower() == ".json":
        raise BadInput(f"{name!r} is JSON: make it JSON Lines, one object a line, in a file FILE.jsonl.")
    if match is None:
        return Source("text", str(path))
    if path.suffix.lower() == ".parquet":
        _installed("pyarrow", name)
        return Source("parquet", str(path), match[2] or TEXT)
    return Source("lines", str(path), match[2] or TEXT)


def _installed(package: str, name: str) -> None:
    if find_spec(package) is None:
        raise BadInput(f"The corpus {name!r} needs a package: pip install {package}.")


def _text(source: Source) -> Iterator[str]:
    yield _read(Path(source.path))


def _folder(source: Source) -> Iterator[str]:
    files = sorted(file for file in Path(source.path).rglob("*") if file.suffix.lower() in _TEXTS)
    if not files:
        raise BadInput(
            f"The folder {source.path!r} has no texts: give files that end in {', '.join(_TEXTS)}."
        )
    yield from map(_read, files)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(file)!r} is no text in UTF-8 (byte {error.start}): convert it.") from error
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error.strerror}.") from error


def _lines(source: Source) -> Iterator[str]:
    with Path(source.path).open(encoding="utf-8-sig") as stream:
        try:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield _field(json.loads(line), source, number)
        except ValueError as error:  # of the decoder and of JSON alike
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"{source.path!r} is no JSON Lines file in UTF-8: {error}.") from error


def _field(record: Any, source: Source, number: int) -> str:
    where = f"Line {number} of {source.path!r}"
    if not isinstance(record, dict):
        raise BadInput(f'{where} is no object: write one such as {{"text": "..."}} on each line.')
    if source.field not in record:
        raise BadInput(f"{where} has no field {source.field!r}{_instead(source.field, record)}")
    if not isinstance(record[source.field], str):
        raise BadInput(f"{where} holds no text in {source.field!r}{_instead('', record)}")
    return record[source.field]


def _instead(field: str, names: Any) -> str:
    return (nearest(field, names) if field else "") or f"; it has {', '.join(map(str, names)) or 'none'}."


def _parquet(source: Source) -> Iterator[str]:
    parquet = import_module("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(source.path)
    except (OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(f"{source.path!r} is no Parquet file: {first:.100}") from error
    with file:
        _column(source, file.schema_arrow.names)
        for batch in file.iter_batches(columns=[source.field]):
            yield from (_said(value, source) for value in batch.column(0).to_pylist() if value is not None)


def _hub(source: Source) -> Iterator[str]:
    datasets = import_module("datasets")
    try:
        found = datasets.load_dataset(source.path, split=source.split)
    except Exception as error:  # each of its many sources fails in a way of its own
        first = str(error).strip().partition("\n")[0]
        raise BadInput(f"{source.path!r} ({source.split}) does not open: {first:.100}") from error
    _column(source, found.column_names)
    yield from (_said(value, source) for value in found[source.field] if value is not None)


def _column(source: Source, names: list[str]) -> None:
    if source.field not in names:
        raise BadInput(f"{source.path!r} has no column {source.field!r}{_instead(source.field, names)}")


def _said(value: Any, source: Source) -> str:
    if not isinstance(value, str):
        raise BadInput(f"Column {source.field!r} of {source.path!r} holds {type(value).__name__}, not text.")
    return value


READERS: dict[str, Callable[[Source], Iterator[str]]] = {
    "text": _text,
    "folder": _folder,
    "lines": _lines,
    "parquet": _parquet,
    "hub": _hub,
}
