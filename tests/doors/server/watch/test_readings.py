"""Values of metrics, where the right one is known."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from neuronscope.doors.server import bodies
from neuronscope.doors.server.watch.readings import disk_free, drift, held_bytes, of_server
from neuronscope.doors.server.watch.rules import Rule
from neuronscope.words import BadInput


def neurons(mean: list[list[float]], variance: float = 4.0) -> xr.Dataset:
    """Make what drift reads of a neuron_statistics."""
    values = np.array(mean)
    return xr.Dataset(
        {
            "mean": (("layer", "neuron"), values),
            "variance": (("layer", "neuron"), np.full(values.shape, variance)),
        },
        coords={"layer": range(len(mean))},
    )


def job(state: str, *, created: float, seconds: float = 0.0) -> bodies.Job:
    """Make a job that was asked at a time."""
    return bodies.Job.model_validate(
        {
            "id": "0",
            "analysis": "squares",
            "sort": "ask",
            "made": None,
            "interruptions": 0,
            "arguments": {},
            "state": state,
            "what": "",
            "done": 0,
            "total": None,
            "result": None,
            "error": None,
            "status": None,
            "created": datetime.fromtimestamp(created, UTC).isoformat(),
            "seconds": seconds,
        }
    )


def test_drift_is_the_share_beyond_the_shift_in_the_worst_layer() -> None:
    before = neurons([[0.0] * 4, [0.0] * 4])
    after = neurons([[0.0, 0.9, 1.1, 0.0], [2.0, -2.0, 1.1, 0.0]])
    found = drift(before, after, shift=0.5)
    assert found.value == 0.75
    assert "Layer 1: 3 of 4 neurons; most mlp_act.1.0 by 1 standard deviations." in found.note


def test_a_neuron_that_never_varied_drifts_by_any_change_and_by_none() -> None:
    before = neurons([[1.0, 1.0]], variance=0.0)
    assert drift(before, neurons([[1.0, 1.0]]), shift=100).value == 0
    assert drift(before, neurons([[1.0, 1.0001]]), shift=100).value == 0.5


def test_drift_between_other_shapes_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match=r"1 layers of 2 neurons.*2 of 2"):
        drift(neurons([[0.0, 0.0]]), neurons([[0.0, 0.0], [0.0, 0.0]]), shift=1)


def test_failed_jobs_are_those_that_ended_within_the_window(tmp_path: Path) -> None:
    now, rule = 100_000.0, Rule(name="a", metric="failed_jobs", threshold=0.5, window_minutes=1)
    jobs = [
        job("failed", created=now - 3600),
        job("failed", created=now - 3600, seconds=3590),
        job("done", created=now - 5),
        job("done", created=now - 5),
        job("cancelled", created=now - 5),
        job("running", created=now - 5),
    ]
    assert of_server(rule, jobs=jobs, folder=tmp_path, now=now).value == pytest.approx(1 / 3)
    few = of_server(rule, jobs=jobs[:2], folder=tmp_path, now=now)
    assert (few.value, "3 are needed" in few.note) == (0, True)


def test_the_queue_is_what_waits(tmp_path: Path) -> None:
    rule = Rule(name="a", metric="queue_length", threshold=5)
    jobs = [job(state, created=0) for state in ("queued", "running", "queued", "done")]
    assert of_server(rule, jobs=jobs, folder=tmp_path, now=1).value == 2


def test_the_disk_is_that_of_a_folder_that_is_still_to_be_made(tmp_path: Path) -> None:
    assert disk_free(tmp_path / "not" / "there" / "yet") == pytest.approx(disk_free(tmp_path), rel=0.1)


def test_memory_grows_by_what_is_held() -> None:
    before = held_bytes()
    block = np.ones(30_000_000)
    assert held_bytes() - before > 200_000_000
    del block
