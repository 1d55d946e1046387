"""The log is as loud as NEURONSCOPE_LOG says."""

import logging
from collections.abc import Iterator

import pytest

from neuronscope.results.log import heed_environment, log


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    level, handlers = log.level, list(log.handlers)
    yield
    log.setLevel(level)
    log.handlers[:] = handlers


@pytest.mark.parametrize(("word", "level"), [("debug", 10), ("INFO", 20), ("35", 35)])
def test_a_level_is_a_word_or_a_number(word: str, level: int) -> None:
    heed_environment({"NEURONSCOPE_LOG": word})
    assert log.level == level


def test_lines_reach_stderr_once_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    log.handlers.clear()
    heed_environment({"NEURONSCOPE_LOG": "info"})
    heed_environment({"NEURONSCOPE_LOG": "info"})
    logging.getLogger("neuronscope").info("opened scribe")
    assert capfd.readouterr().err.count("opened scribe") == 1


def test_unset_changes_nothing() -> None:
    before = log.level, list(log.handlers)
    heed_environment({})
    assert (log.level, list(log.handlers)) == before


def test_a_word_that_is_no_level_is_said_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    before = log.level
    heed_environment({"NEURONSCOPE_LOG": "loud"})
    assert log.level == before
    assert "NEURONSCOPE_LOG is 'loud'; it takes debug, info, warning, error or a number." in caplog.text
