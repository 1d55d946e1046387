"""One command at a time, in this process: its exit status and what it said."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from neuronscope.doors.command_line import main


class Reply(NamedTuple):
    """What a command gave back."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Reply]:
    """Obey a command and return its exit status, stdout and stderr."""

    def obey(*words: str) -> Reply:
        capsys.readouterr()
        status = main(words)
        said = capsys.readouterr()
        return Reply(status, said.out, said.err)

    return obey
