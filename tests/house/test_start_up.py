"""Looking round costs nothing: help and list start without torch and without xarray."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "xarray", "transformers", "pandas", "matplotlib", "fastapi")
SAY = """
import resource, sys
from neuronscope.doors.command_line import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
used = resource.getrusage(resource.RUSAGE_SELF)
loaded = [name for name in {heavy!r} if name in sys.modules]
print("", used.ru_utime + used.ru_stime, *loaded, sep="\\n", file=sys.stderr)
"""


def look_round(*words: str) -> tuple[float, list[str]]:
    """Return the processor seconds that a command took, and the heavy modules that it imported."""
    pytest.importorskip("resource", reason="Windows keeps no count of processor time")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    said = subprocess.run(
        [sys.executable, "-c", SAY.format(heavy=HEAVY), *words],
        env=plain,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip()
    seconds, *loaded = said.stderr.partition("\n")[2].split() or [said.stderr]
    return float(seconds), loaded


@pytest.mark.parametrize(
    "words", [["--help"], ["list"], ["list", "--json"], ["ask", "logit-lens", "--help"], ["make", "--help"]]
)
def test_help_and_list_import_nothing_heavy(words: list[str]) -> None:
    assert look_round(*words)[1] == []


@pytest.mark.parametrize("words", [["--help"], ["list"]])
def test_help_and_list_cost_less_than_half_a_second(words: list[str]) -> None:
    assert min(look_round(*words)[0] for _ in range(3)) < 0.5


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import neuronscope, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
