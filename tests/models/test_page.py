import doctest

from tests.conftest import ROOT


def test_every_example_on_the_page_about_models_runs() -> None:
    outcome = doctest.testfile(str(ROOT / "docs" / "models.md"), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 20
    assert outcome.failed == 0
