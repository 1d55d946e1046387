"""The pages about the doors, with the outputs of their commands: run this file to write them anew."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
LONGEST = 45  # lines of one output


class Said(NamedTuple):
    """A command of a page and what it said: stdout, or stderr where it was refused."""

    command: str
    status: int
    words: str


def commands(page: str) -> list[str]:
    """Return the commands of a page, in order."""
    return [line[2:] for block in BLOCK.findall(page) for line in block.splitlines() if line[:2] == "$ "]


def outputs(page: str) -> dict[str, str]:
    """Return what the page says that each command prints."""
    found = {}
    for block in BLOCK.findall(page):
        for part in block.split("$ ")[1:]:
            command, _, words = part.partition("\n")
            found[command] = words
    return found


def run(page: str, folder: Path) -> Iterator[Said]:
    """Run every command of a page in a folder, with a store of its own."""
    here = {**os.environ, **_surroundings(folder)}
    for command in commands(page):
        said = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=here, capture_output=True, text=True, check=False
        )
        yield Said(command, said.returncode, said.stdout if said.returncode == 0 else said.stderr)


def written(page: str, said: Mapping[str, str]) -> str:
    """Return the page with the outputs in their places, blocks of several commands with lines between."""

    def block(found: re.Match[str]) -> str:
        parts = [
            f"$ {command}\n{shortened(said[command])}" for command in commands(f"```console\n{found[0]}```")
        ]
        return "\n".join(parts)

    return BLOCK.sub(block, page)


def shortened(words: str) -> str:
    """Return an output as the page shows it: the end of what is long left out."""
    lines = words.splitlines(keepends=True)
    return "".join(lines if len(lines) <= LONGEST else [*lines[:LONGEST], "...\n"])


def _surroundings(folder: Path) -> dict[str, str]:
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    for name, words in {
        "neuronscope": '-c "from neuronscope.doors.command_line import main; raise SystemExit(main())"',
        "python": "",
    }.items():
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (tools / name).chmod(0o755)
    return {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "NEURONSCOPE_HOME": str(folder / "home"),
        "COLUMNS": "80",
    }


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        answers = {answer.command: answer.words for answer in run(text, Path(place))}
    PAGE.write_text(written(text, answers), encoding="utf-8")
