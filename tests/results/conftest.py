"""A store of its own for each test."""

from pathlib import Path

import pytest

from neuronscope.results import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")
