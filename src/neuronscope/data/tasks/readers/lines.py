"""How is a file of records read, so that every complaint names the line?"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuronscope.words import BadInput

Record = tuple[int, dict[str, Any]]
"""The number of a line, from 1, and what stands on it."""


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises `BadInput` where there is no such file, or where it is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}; give the path of one that exists.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text in UTF-8: {error}; give a text file.") from None


def records(path: Path, *, needed: tuple[str, ...]) -> list[Record]:
    """Return the records of a JSONL or CSV file with the lines they begin on.

    Raises `BadInput` that names the line and the missing columns, or says that the file holds nothing.
    """
    found = list(_csv(path, needed) if path.suffix.lower() == ".csv" else _jsonl(path, needed))
    if not found:
        raise BadInput(f"{path} holds no records; give a file with at least one.")
    return found


def json_list(path: Path) -> list[dict[str, Any]]:
    """Return the records of a JSON file that is one list of them.

    Raises `BadInput` where it is not.
    """
    try:
        found = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise BadInput(f"{path} is not JSON: line {error.lineno}: {error.msg}; give a JSON list.") from None
    if not isinstance(found, list) or not found or not all(isinstance(record, dict) for record in found):
        raise BadInput(f"{path} is no JSON list of records; give one such as [{{...}}, {{...}}].")
    return found


def _jsonl(path: Path, needed: tuple[str, ...]) -> Iterator[Record]:
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(
                f"{path}, line {number}: no JSON ({error.msg}); write one object a line."
            ) from None
        if not isinstance(record, dict):
            raise BadInput(f"{path}, line {number}: no JSON object; write one object a line.")
        _check_columns(path, number, needed, record)
        yield number, record


def _csv(path: Path, needed: tuple[str, ...]) -> Iterator[Record]:
    rows = csv.DictReader(io.StringIO(text_of(path), newline=""), strict=True)
    _check_columns(path, 1, needed, rows.fieldnames or ())
    line = rows.line_num + 1
    try:
        for row in rows:
            if None in row or None in row.values():
                raise BadInput(
                    f"{path}, line {line}: not as many fields as columns; quote fields that hold commas."
                )
            yield line, dict(row)
            line = rows.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{path}, line {line}: no CSV ({error}); quote fields that hold commas.") from None


def _check_columns(path: Path, number: int, needed: tuple[str, ...], found: Any) -> None:
    missing = [column for column in needed if column not in found]
    if missing:
        raise BadInput(
            f"{path}, line {number}: lacks {', '.join(missing)}; it has "
            f"{', '.join(map(str, found)) or 'nothing'}; needed are {', '.join(needed)}."
        )
