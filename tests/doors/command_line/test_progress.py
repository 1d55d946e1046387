"""Progress on a terminal, and in a log."""

import io
import sys

import pytest

from neuronscope.doors.command_line import progress
from neuronscope.results import track


class Terminal(io.StringIO):
    """A place to write that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Put the clock in the hands of the test."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_shows_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress.shown("Opening tiny"):
        assert list(track("abc", "layers")) == ["a", "b", "c"]
    assert "Opening tiny" in screen.getvalue() or "layers" in screen.getvalue()
    assert "\x1b[2K" in screen.getvalue()  # and takes it away again


def test_a_log_hears_nothing_of_what_is_quick(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with progress.shown("Opening tiny"):
        list(track("abc", "layers"))
    assert capsys.readouterr() == ("", "")


def test_a_log_hears_every_ten_seconds_of_what_is_long(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    with progress.shown("Opening tiny"):
        for _ in track("abcdef", "layers"):
            clock[0] += 6
        for _ in track(iter("abc"), "pieces"):
            clock[0] += 6
    assert capsys.readouterr().err == "layers: 2 of 6\nlayers: 4 of 6\npieces: 0\npieces: 2\n"
