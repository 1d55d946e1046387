"""Run the example notebooks cell by cell, and write each with what it printed and drew as a page.

``python tools/run_notebooks.py [--out FOLDER] [NAME ...]`` runs those of docs/notebooks that are named, or
all. They are Python files in percent format, which editors and Jupyter (through jupytext) open as notebooks.
"""

import argparse
import ast
import html
import io
import re
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuronscope.doors.notebook import Shown
from neuronscope.views import document, drawing

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
CELL = re.compile(r"^# %%(?P<prose> \[markdown\])?[^\n]*\n", re.MULTILINE)
STYLE = """<style>pre { overflow-x: auto; }
.code { border-left: 2px solid var(--hairline); padding-left: 8px; }</style>"""
STATED = re.compile(r"Run time: (?P<seconds>\d+) s of CPU")


@dataclass(frozen=True)
class Cell:
    """A stretch of a notebook: prose, or code and the line of the file at which it begins."""

    text: str
    is_prose: bool
    line: int


@dataclass(frozen=True)
class Ran:
    """What came of a notebook: its CPU seconds, those it says it takes, and its page as HTML."""

    seconds: float
    stated: float
    page: str


def cells(text: str) -> list[Cell]:
    """Return the cells of a notebook in percent format, empty ones left out."""
    marks = list(CELL.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = []
    for mark, end in zip(marks, ends, strict=True):
        body, is_prose = text[mark.end() : end].strip("\n"), mark["prose"] is not None
        if is_prose:
            body = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.split("\n"))
        if body.strip():
            found.append(Cell(body, is_prose, 1 + text.count("\n", 0, mark.end())))
    return found


def run(file: Path) -> Ran:
    """Run a notebook in a fresh namespace and return its time and its page.

    What a cell raises comes out as it is. The last expression of a cell is shown, as in a notebook.
    """
    text = file.read_text(encoding="utf-8")
    stated = STATED.search(text)
    if stated is None:
        raise ValueError(f"{file.name} does not say 'Run time: N s of CPU'.")
    names: dict[str, Any] = {"__name__": "__main__"}
    begun, parts = time.process_time(), []
    for cell in cells(text):
        if cell.is_prose:
            parts += _prose(cell.text)
            continue
        parts.append(f'<pre class="code">{html.escape(cell.text)}</pre>')
        printed, shown = _executed(cell, names, file)
        if printed:
            parts.append(f'<pre class="quiet">{html.escape(printed.rstrip())}</pre>')
        if isinstance(shown, Shown):
            parts.append(drawing(shown.result, variable=shown.variable, select=dict(shown.at)))
        elif shown is not None:
            parts.append(f'<pre class="quiet">{html.escape(repr(shown))}</pre>')
    seconds = time.process_time() - begun
    return Ran(seconds, float(stated["seconds"]), document(file.stem, "\n".join([STYLE, *parts])))


def _executed(cell: Cell, names: dict[str, Any], file: Path) -> tuple[str, Any]:
    """Execute a cell and return what it printed and the value of its last line."""
    tree = ast.increment_lineno(ast.parse(cell.text), cell.line - 1)
    last = tree.body[-1] if tree.body else None
    shown = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
    if shown is not None:
        tree.body.pop()
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, str(file), "exec"), names)
        value = eval(compile(shown, str(file), "eval"), names) if shown is not None else None
    return printed.getvalue(), value


def _prose(text: str) -> list[str]:
    """Return paragraphs, headings and lists as HTML; a notebook needs no more of Markdown."""
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.split("\n")
        if part.startswith("#"):
            depth = len(part) - len(part.lstrip("#"))
            found.append(f"<h{depth}>{_inline(part.lstrip('# '))}</h{depth}>")
        elif part.startswith("- "):
            items = re.split(r"^- ", part, flags=re.MULTILINE)[1:]
            found.append("<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>")
        else:
            found.append(f"<p>{_inline(' '.join(lines))}</p>")
    return found


def _inline(text: str) -> str:
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def main() -> None:
    """Run the named notebooks, or all, and print how long each took beside what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="notebooks of docs/notebooks, without .py; all if left out")
    parser.add_argument("--out", type=Path, help="folder for a page of each, with its figures")
    asked = parser.parse_args()
    for file in [FOLDER / f"{name}.py" for name in asked.names] or sorted(FOLDER.glob("*.py")):
        ran = run(file)
        print(f"{file.stem}: {ran.seconds:.0f} s of CPU, stated {ran.stated:.0f} s")
        if asked.out:
            asked.out.mkdir(parents=True, exist_ok=True)
            (asked.out / f"{file.stem}.html").write_text(ran.page, encoding="utf-8")


if __name__ == "__main__":
    main()
