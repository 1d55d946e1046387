"""The checks: each one runs, whatever became of the one before."""

import sys

import pytest

from tools import checks

PASS = [sys.executable, "-c", "pass"]
FAIL = [sys.executable, "-c", "raise SystemExit(4)"]


def with_checks(monkeypatch: pytest.MonkeyPatch, *found: checks.Check) -> None:
    """Let these be all the checks that there are."""
    monkeypatch.setattr(checks, "checks", lambda **_: list(found))


def test_one_failure_stops_no_other_and_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_checks(monkeypatch, checks.Check("first", FAIL), checks.Check("second", PASS))
    assert checks.main([]) == 1
    said = capfd.readouterr().out
    assert "failed with status 4" in said
    assert said.splitlines()[-1] == "checks: 1 passed, 1 failed, 0 skipped"


def test_all_passed_is_success_and_a_skip_says_why(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_checks(monkeypatch, checks.Check("first", PASS), checks.Check("second", FAIL, skip="no Chromium"))
    assert checks.main([]) == 0
    said = capfd.readouterr().out
    assert "skipped: no Chromium" in said
    assert said.splitlines()[-1] == "checks: 1 passed, 0 failed, 1 skipped"


def test_a_full_run_leaves_nothing_out_where_everything_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.shutil, "which", lambda name: f"bin/{name}")
    found = checks.checks(fast=False, pages=True)
    assert [check.name for check in found if check.skip] == []
    tests = next(check for check in found if check.name == "Python tests").command
    assert "not browser" in tests
    assert "not slow and not browser" not in tests
    assert "--cov=neuronscope" in tests


def test_a_fast_run_leaves_out_slow_tests_floors_and_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.shutil, "which", lambda name: f"bin/{name}")
    found = checks.checks(fast=True, pages=True)
    assert [check.name for check in found if check.skip] == [
        "90 % of the lines",
        "95 % of the ground",
        "browser tests",
    ]
    tests = next(check for check in found if check.name == "Python tests").command
    assert "not slow and not browser" in tests


def test_without_chromium_only_the_browser_tests_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEURONSCOPE_CHROMIUM", raising=False)
    monkeypatch.setattr(
        checks.shutil, "which", lambda name: None if name in checks.BROWSERS else f"bin/{name}"
    )
    found = checks.checks(fast=False, pages=True)
    assert {check.name: check.skip for check in found if check.skip} == {
        "browser tests": "there is no Chromium"
    }


def test_without_pages_the_typescript_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks.checks(fast=False, pages=False)
    left = {check.name for check in found if check.skip}
    assert left == {check.name for check in found if check.folder == checks.PAGES} | {"browser tests"}
    assert len(left) == 6


@pytest.mark.parametrize("room", checks.GROUND)
def test_the_ground_that_has_its_own_floor_is_there(room: str) -> None:
    home = checks.ROOT / "src" / "neuronscope" / room.removesuffix("/*")
    assert home.exists()
