"""Work that splits gives the same answers in the same order wherever it runs."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from neuronscope.results import Cancelled, Executor, InProcess, Progress, WorkerProcesses, listening
from neuronscope.words import BadInput


@pytest.fixture(params=["here", "elsewhere"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return InProcess() if request.param == "here" else WorkerProcesses(2)


def test_answers_come_in_order_and_are_tracked(executor: Executor) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        assert list(executor.map(math.sqrt, [9, 4, 1, 0, 16], "roots")) == [3, 2, 1, 0, 4]
    assert heard == [Progress("roots", done, 5) for done in range(6)]


def test_what_goes_wrong_in_an_item_goes_wrong_here(executor: Executor) -> None:
    answers = executor.map(math.sqrt, [4, -1, 9], "roots")
    assert next(answers) == 2
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        next(answers)


def test_cancelling_stops_what_has_not_begun(executor: Executor) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    answers = []
    with listening(stop), pytest.raises(Cancelled):
        answers.extend(executor.map(math.sqrt, [1, 4, 9], "roots"))


def test_items_are_taken_only_as_they_are_needed_here() -> None:
    answers = InProcess().map(math.sqrt, count(), "roots")
    assert [next(answers) for _ in range(3)] == [0.0, 1.0, math.sqrt(2)]


def test_worker_processes_are_other_processes() -> None:
    pids = set(WorkerProcesses(2).map(_process, range(4), "processes"))
    assert os.getpid() not in pids


def test_no_workers_is_refused() -> None:
    with pytest.raises(BadInput, match=r"n_workers is 0; it takes 1 or more\."):
        WorkerProcesses(0)


@pytest.mark.slow
def test_workers_end_with_the_process_that_began_them_even_where_it_is_killed(tmp_path: Path) -> None:
    begun = subprocess.Popen(
        [sys.executable, "-c", _ASKED, str(tmp_path)], cwd=Path(__file__).parents[2], start_new_session=True
    )
    try:
        _until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        begun.kill()
        begun.wait()
    pids = [int(file.name) for file in tmp_path.iterdir()]
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


_ASKED = """
import sys
from neuronscope.results import WorkerProcesses
from tests.results.test_executor import asleep
list(WorkerProcesses(2).map(asleep, [sys.argv[1]] * 2, "naps"))
"""


def asleep(folder: str) -> None:
    """Say which process this is, and do nothing for longer than any test."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


def _until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def _process(_: int) -> int:
    return os.getpid()
