import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neuronscope.instruments import Harvest
from tests.conftest import ROOT
from tests.instruments.harvested.reaped import N_KILLS, documents


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here, and this system cannot")
def test_a_harvest_killed_at_ten_random_moments_is_bit_equal_to_one_that_never_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.instruments.harvested.reaped", str(tmp_path), "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["kills"] == N_KILLS
    assert said["finished"]
    assert len({*said["shards"]}) > 3  # it was killed at several stages
    whole, killed = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("whole", "killed")
    )
    assert killed == whole
    found = Harvest(tmp_path / "killed")
    found.check()
    stored = [
        row
        for shard in found.shards()
        for row in zip(shard.tokens.tolist(), shard.documents.tolist(), shard.positions.tolist(), strict=True)
    ]
    assert stored == [
        (token, i, place) for i, document in enumerate(documents()) for place, token in enumerate(document)
    ]
