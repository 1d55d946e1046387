"""The page about results shows what really happens."""

import doctest

from neuronscope.results import ENDINGS, KINDS
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "results.md"


def test_the_examples_on_the_page_run_as_they_stand() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


def test_every_kind_and_every_ending_has_its_line() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"\n| {kind} |" not in text] == []
    assert [ending for ending in ENDINGS if f"\n| `{ending}` |" not in text] == []
