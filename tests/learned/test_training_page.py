"""The page about training shows what runs."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT


def test_the_loop_of_the_page_learns_to_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Run(" in block)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    steps = sorted(int(file.stem) for file in (tmp_path / "sum" / "steps").iterdir())
    assert steps[0] == 0
    assert steps[-1] == 200
    assert len(steps) == 9
    last = (tmp_path / "sum" / "log.jsonl").read_text().splitlines()[-1]
    assert float(re.findall(r'"loss": ([\d.e-]+)', last)[0]) < 0.01
