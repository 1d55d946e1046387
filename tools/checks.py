"""Run every check of the project, one after the other, and print what each found and how long it took.

``start.py test`` calls this inside the virtual environment. One failing check stops no other.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "workbench"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SIDE_BY_SIDE = ("--durations=25", "--numprocesses=auto", "--dist=loadfile")
GROUND = ("words/*", "results/*", "maths/*", "models/*", "instruments/*")


@dataclass(frozen=True)
class Check:
    """One command, what it looks at, and why it may have to be left out."""

    name: str
    command: list[str]
    folder: Path = ROOT
    skip: str = ""
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a check."""

    check: Check
    verdict: str
    seconds: float


def checks(*, fast: bool, pages: bool) -> list[Check]:
    """List the checks, in the order in which they run."""
    return [*_python(fast=fast), *_typescript(fast=fast, pages=pages)]


def perform(check: Check) -> Outcome:
    """Run one check and return what came of it."""
    if check.skip:
        return Outcome(check, f"skipped: {check.skip}", 0.0)
    _say(f"\n=== {check.name}: {' '.join(check.command)}")
    began = time.monotonic()
    done = subprocess.run(
        check.command, cwd=check.folder, env={**os.environ, **check.environment}, check=False
    )
    verdict = "passed" if done.returncode == 0 else f"failed with status {done.returncode}"
    return Outcome(check, verdict, time.monotonic() - began)


def main(words: list[str] | None = None) -> int:
    """Run the checks and return 0 if none failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="leave out slow tests and the browser")
    parser.add_argument("--pages", action="store_true", help="the workbench is built: test it too")
    given = parser.parse_args(words)
    outcomes = [perform(check) for check in checks(fast=given.fast, pages=given.pages)]
    widest = max(len(outcome.check.name) for outcome in outcomes)
    _say("\n=== summary")
    for outcome in outcomes:
        _say(f"{outcome.check.name:<{widest}}  {outcome.seconds:7.1f} s  {outcome.verdict}")
    failed = sum(outcome.verdict.startswith("failed") for outcome in outcomes)
    skipped = sum(outcome.verdict.startswith("skipped") for outcome in outcomes)
    passed = len(outcomes) - failed - skipped
    _say(f"\nchecks: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def browser() -> str:
    """Return the path of a Chromium, or nothing where there is none."""
    named = os.environ.get("NEURONSCOPE_CHROMIUM", "")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), "")


def _python(*, fast: bool) -> list[Check]:
    python = sys.executable
    only = ["-m", "not slow and not browser" if fast else "not browser"]
    measured = [] if fast else ["--cov=neuronscope", "--cov-report="]
    partial = "the floors are for the whole of the tests" if fast else ""
    ground = ",".join(f"src/neuronscope/{room}" for room in GROUND)
    report = [python, "-m", "coverage", "report"]
    return [
        Check("format", [python, "-m", "ruff", "format", "--check", "."]),
        Check("lint", [python, "-m", "ruff", "check", "."]),
        Check("types", [python, "-m", "pyright"]),
        Check("import contracts", [_script("lint-imports"), "--no-logo"]),
        Check("docstrings", [_script("interrogate"), "src"]),
        Check("house rules", [python, "-m", "pytest", "-q", *only, "tests/house"]),
        Check(
            "Python tests",
            [python, "-m", "pytest", "-q", *SIDE_BY_SIDE, *measured, *only, "--ignore=tests/house"],
            environment={"OMP_NUM_THREADS": "1"},
        ),
        Check("90 % of the lines", [*report, "--fail-under=90"], skip=partial),
        Check(
            "95 % of the ground",
            [*report, "--fail-under=95", f"--include={ground}"],
            skip=partial,
        ),
    ]


def _typescript(*, fast: bool, pages: bool) -> list[Check]:
    npm = shutil.which("npm")
    missing = "" if npm and pages else "the workbench is not built here"
    chromium = browser()
    no_browser = missing or ("--fast" if fast else "" if chromium else "there is no Chromium")
    run = [npm or "npm", "run", "--silent"]
    ours = {"NEURONSCOPE_PYTHON": sys.executable}
    return [
        Check("TypeScript written from Python", [*run, "types", "--", "--check"], PAGES, missing, ours),
        Check("TypeScript format", [*run, "format:check"], PAGES, missing),
        Check("TypeScript lint", [*run, "lint"], PAGES, missing),
        Check("TypeScript types", [*run, "check"], PAGES, missing),
        Check("TypeScript tests", [*run, "test"], PAGES, missing),
        Check(
            "browser tests",
            [sys.executable, "-m", "pytest", "-q", "-s", "-m", "browser", "tests/browser"],
            skip=no_browser,
        ),
    ]


def _script(name: str) -> str:
    ending = ".exe" if os.name == "nt" else ""
    return str(Path(sysconfig.get_path("scripts"), name + ending))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
