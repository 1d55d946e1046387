"""The pages about the doors say what the doors do."""

import doctest
import os
from pathlib import Path

import pytest

from tests.doors import pages

PAGE = pages.PAGE.read_text(encoding="utf-8")
REFUSED = ("--promt", "--top-k 0", "lens.cn")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the page is written for a Unix shell")
def test_every_command_of_the_page_does_what_the_page_says(tmp_path: Path) -> None:
    said = list(pages.run(PAGE, tmp_path))
    assert len(said) == len(pages.outputs(PAGE)) > 15
    for command, status, words in said:
        assert status == (2 if any(wrong in command for wrong in REFUSED) else 0), words
        assert "Traceback" not in words
        # What a model says changes with its training, the rest only with the door.
        if "--help" in command or command.endswith(" list") or status == 2:
            assert pages.outputs(PAGE)[command].strip() == pages.shortened(words).strip()


def test_the_examples_of_the_python_page_run() -> None:
    page = pages.PAGE.with_name("python.md")
    outcome = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert outcome.attempted > 10
    assert outcome.failed == 0
