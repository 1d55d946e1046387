"""The house rules as functions: each reads a tree and returns one sentence for every breach of it."""

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 60
MOST_FILES_IN_A_FOLDER = 20

BANNED_NAMES = {
    *("base", "common", "core", "handler", "handlers", "helper", "helpers", "manager", "managers"),
    *("misc", "type_", "types", "util", "utils"),
}
BANNED_STARTS = ("get_", "compute_", "do_", "process_")
BANNED_ENDS = ("_v2", "_new", "_old")

NOT_OURS = {"node_modules", "__pycache__", "dist", "build", "test-results"}
CODE = (".py", ".ts", ".tsx")
TEXT = (
    *CODE,
    ".cff",
    ".css",
    ".html",
    ".js",
    ".json",
    ".md",
    ".mjs",
    ".toml",
    ".txt",
    ".yml",
    "justfile",
    "run",
)

SHAPED = {"Bool", "Complex", "Float", "Inexact", "Int", "Integer", "Num", "Real", "Shaped", "UInt", "UInt8"}

# Written in halves, so that this file does not name what it forbids.
UNFINISHED = re.compile(
    "TO" + "DO|FIX" + r"ME|\bXX" + r"X\b|NotImplemented" + r"Error(\(\)|$)|mark\.xf" + "ail|assert Tr" + "ue"
)
OF_A_MACHINE = re.compile(
    r"(?<![\w.~])/(?:wor" + r"k|roo" + r"t|hom" + r"e|User" + r"s)/(?!someone/)[\w.]|C:\\+User" + "s"
    "|pythonhost" + r"ed|registry\.np" + "mjs|pypi" + r"\.org"
)


def files(root: Path, *endings: str) -> Iterator[Path]:
    """Walk the files that we wrote and whose name ends so, skipping what is built or installed."""
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = sorted(
            name
            for name in below
            if name not in NOT_OURS
            and (name == ".ci" or not name.startswith("."))
            and here / name != root / "src" / "neuronscope" / "workbench"
        )
        yield from (here / name for name in sorted(names) if name.endswith(endings))


def file_sizes(root: Path) -> list[str]:
    """No file outgrows its room."""
    long = ((file, len(_text(file).splitlines())) for file in _written(root))
    return [
        f"{_at(file, root)} has {lines} lines of at most {MOST_LINES_IN_A_FILE}"
        for file, lines in long
        if lines > MOST_LINES_IN_A_FILE
    ]


def function_sizes(root: Path) -> list[str]:
    """No function is longer than a screen, its docstring not counted."""
    return [
        f"{_at(file, root)}:{function.lineno} {function.name} has {lines} lines "
        f"of at most {MOST_LINES_IN_A_FUNCTION}"
        for file, tree in _trees(root)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := _body_lines(function)) > MOST_LINES_IN_A_FUNCTION
    ]


def folder_sizes(root: Path) -> list[str]:
    """No folder holds more code files than can be taken in at a glance."""
    inside: dict[Path, int] = {}
    for file in files(root, *CODE):
        inside[file.parent] = inside.get(file.parent, 0) + 1
    return [
        f"{_at(folder, root)} holds {count} code files of at most {MOST_FILES_IN_A_FOLDER}"
        for folder, count in inside.items()
        if count > MOST_FILES_IN_A_FOLDER
    ]


def names(root: Path) -> list[str]:
    """No file, function or class has a name that says nothing."""
    breaches = [
        f"{_at(file, root)} is called {part!r}, which says nothing"
        for file in files(root, *CODE)
        for part in (*file.relative_to(root).parts[:-1], file.name.partition(".")[0])
        if part in BANNED_NAMES
    ]
    for file, tree in _trees(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _says_nothing(
                node.name
            ):
                breaches.append(f"{_at(file, root)}:{node.lineno} {node.name} has a name that says nothing")
    return breaches


def axis_words(root: Path) -> list[str]:
    """Every axis of every shape is a word of ``words.AXES``."""
    known = _axes(root)
    return [
        f"{_at(file, root)}:{line} has the axis {axis!r}, which is no word of AXES"
        for file, tree in _trees(root, "src")
        for line, axis in _axes_of_shapes(tree)
        if axis not in known
    ]


def homes(root: Path) -> list[str]:
    """Every analysis has its page and its test, and every page its analysis."""
    breaches = []
    found = {}
    for file in sorted((root / "src" / "neuronscope" / "analyses").glob("*/*.py")):
        if file.stem != "__init__":
            found[file.stem] = file.parent.name
    for name, wing in found.items():
        page, test = (
            Path("docs", "analyses", f"{name}.md"),
            Path("tests", "analyses", wing, f"test_{name}.py"),
        )
        breaches += [
            f"{name} has no {what.as_posix()}" for what in (page, test) if not (root / what).exists()
        ]
    for page in sorted((root / "docs" / "analyses").glob("*.md")):
        if page.stem not in {*found, "index"}:
            breaches.append(f"{_at(page, root)} is about no analysis")
    return breaches


def pages(root: Path) -> list[str]:
    """Every page of an analysis has its question, how to read the answer, and how it misleads."""
    parts = ("**The question.**", "## How to read it", "## How it misleads")
    return [
        f"{_at(page, root)} lacks the part {part!r}"
        for page in sorted((root / "docs" / "analyses").glob("*.md"))
        for part in parts
        if part not in _text(page)
    ]


def citations(root: Path) -> list[str]:
    """Every paper that an analysis cites is in the references."""
    listed = root / "docs" / "references.bib"
    known = (
        set(re.findall(r"^@\w+\{([^,\s]+),", _text(listed), flags=re.MULTILINE)) if listed.exists() else set()
    )
    return [
        f"{_at(file, root)}:{node.value.lineno} cites {key!r}, which docs/references.bib does not have"
        for file, tree in _trees(root, "src")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "cites" and isinstance(node.value, ast.Constant)
        for key in str(node.value.value).replace(",", " ").split()
        if key not in known
    ]


def links(root: Path) -> list[str]:
    """Every link of a page to another file of ours leads somewhere."""
    breaches = []
    for page in files(root, ".md"):
        prose = re.sub(r"^(`{3,4}).*?^\1$", "", _text(page), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            inside = "://" not in target and not target.startswith(("#", "mailto:"))
            if inside and not (page.parent / target.partition("#")[0]).exists():
                breaches.append(f"{_at(page, root)} links to {target}, which is not there")
    return breaches


def readable_signatures(root: Path) -> list[str]:
    """No file whose signatures are read turns its annotations into strings."""
    read = ("analyses/", "views/", "words/", "contract/")
    return [
        f"{_at(file, root)}:{node.lineno} postpones its annotations, but its signatures are read"
        for file, tree in _trees(root, "src")
        if file.relative_to(root / "src" / "neuronscope").as_posix().startswith(read)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def finished(root: Path) -> list[str]:
    """Nothing is left for later, and no test is excused from passing."""
    return _lines_with(root, UNFINISHED, "is left for later")


def at_home_anywhere(root: Path) -> list[str]:
    """No path of one machine and no address of a registry is written down."""
    return _lines_with(root, OF_A_MACHINE, "knows one machine")


RULES: list[Callable[[Path], list[str]]] = [
    file_sizes,
    function_sizes,
    folder_sizes,
    names,
    axis_words,
    homes,
    pages,
    citations,
    links,
    readable_signatures,
    finished,
    at_home_anywhere,
]


def _at(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _written(root: Path) -> Iterator[Path]:
    return (file for file in files(root, *CODE) if ".gen." not in file.name)


def _trees(root: Path, under: str = ".") -> Iterator[tuple[Path, ast.Module]]:
    for file in files(root / under, ".py"):
        yield file, ast.parse(_text(file), filename=str(file))


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[1:2] if ast.get_docstring(function, clean=False) else function.body[:1]
    return (function.end_lineno or 0) - first[0].lineno + 1 if first else 0


def _says_nothing(name: str) -> bool:
    plain = name.lstrip("_").lower()
    return plain in BANNED_NAMES or plain.startswith(BANNED_STARTS) or plain.endswith(BANNED_ENDS)


def _axes(root: Path) -> set[str]:
    for node in ast.parse(_text(root / "src" / "neuronscope" / "words" / "axes.py")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="AXES")], value=value):
                return set(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id="AXES"), value=ast.Dict() as value):
                return set(ast.literal_eval(value))
    raise LookupError("words/axes.py defines no AXES")


def _axes_of_shapes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Name(id=array), slice=ast.Tuple(elts=[_, ast.Constant(value=str(shape))])
            ) if array in SHAPED:
                for word in shape.split():
                    if not word.startswith(("*", "...")):
                        yield from ((node.lineno, axis) for axis in re.findall(r"[A-Za-z]\w*", word))


def _lines_with(root: Path, pattern: re.Pattern[str], why: str) -> list[str]:
    return [
        f"{_at(file, root)}:{number} {why}: {line.strip()[:80]}"
        for file in files(root, *TEXT)
        for number, line in enumerate(_text(file).splitlines(), start=1)
        if pattern.search(line)
    ]
