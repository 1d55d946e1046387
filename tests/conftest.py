"""What every test may ask for: the test data outside the repository, and a store of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def test_data() -> Callable[[str], Path]:
    """Give the path of a file or folder of the test data.

    Skips where ``NEURONSCOPE_TEST_DATA`` is unset; fails where it is set and the file is missing.
    """

    def find(relative: str) -> Path:
        folder = os.environ.get("NEURONSCOPE_TEST_DATA")
        if not folder:
            pytest.skip("NEURONSCOPE_TEST_DATA is unset, so the test data is not at hand")
        path = Path(folder, relative)
        if not path.exists():
            pytest.fail(f"NEURONSCOPE_TEST_DATA is set but {relative} is not in it")
        return path

    return find


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test out of the developer's own store."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("NEURONSCOPE_HOME", str(home))
    return home
