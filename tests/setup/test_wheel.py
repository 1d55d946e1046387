"""The wheel carries the workbench: installed where there is no Node.js, it opens."""

import json
import os
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive, which is built from the tree."""
    if not (ROOT / "src" / "neuronscope" / "workbench" / "index.html").exists():
        pytest.skip("the workbench is not built here")
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        env={**os.environ, "NEURONSCOPE_WORKBENCH": "require", "PATH": path_without_node()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a fresh environment that has the wheel, and the heavy packages of this one."""
    venv = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    home = venv / ("Scripts" if os.name == "nt" else "bin")
    python = home / Path(sys.executable).name
    install = ["--python", str(python), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    paths = {"base": str(venv), "platbase": str(venv)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    (site / "heavy.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def path_without_node() -> str:
    """The search path without any folder that has a node in it."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not any(Path(folder).glob("node*")))


def test_the_wheel_carries_pages_models_and_index(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "neuronscope/workbench/index.html" in names
    assert "neuronscope/catalogue.json" in names
    assert any(name.startswith("neuronscope/workbench/assets/") for name in names)
    assert any(
        name.startswith("neuronscope/models/builtin/scribe/") and name.endswith(".safetensors")
        for name in names
    )
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)


def test_the_installed_command_helps(scripts: Path) -> None:
    said = subprocess.run(
        [scripts / "neuronscope", "--help"],
        env={"PATH": str(scripts)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "open" in said.stdout


def test_the_installed_package_is_the_wheel_and_not_the_tree(scripts: Path) -> None:
    code = "import neuronscope; print(neuronscope.__file__)"
    python = scripts / Path(sys.executable).name
    said = subprocess.run([python, "-c", code], cwd=scripts, capture_output=True, text=True, check=True)
    assert Path(said.stdout.strip()).is_relative_to(scripts.parent)


def test_the_installed_server_is_healthy_and_serves_its_page(scripts: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    server = subprocess.Popen(
        [scripts / "neuronscope", "open", "--no-browser", "--port", "0", "--ready-file", ready],
        env={"PATH": str(scripts), "NEURONSCOPE_HOME": str(tmp_path)},
        cwd=tmp_path,
    )
    try:
        until = time.monotonic() + 120
        while not ready.exists() and server.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert ready.exists(), f"the server ended with status {server.poll()}"
        url = json.loads(ready.read_text(encoding="utf-8"))["url"].rstrip("/")
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=30) as reply:
            assert json.loads(reply.read())["status"] == "ok"
        with urllib.request.urlopen(f"{url}/", timeout=30) as reply:
            page = reply.read().decode()
        assert "/assets/" in page
    finally:
        server.terminate()
        server.wait(30)


def test_a_wheel_without_pages_is_refused_where_they_are_required(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    package = tmp_path / "src" / "neuronscope"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.0"\n', encoding="utf-8")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", str(tmp_path)],
        env={**os.environ, "NEURONSCOPE_WORKBENCH": "require"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode != 0
    assert "The workbench is not built: run" in built.stdout + built.stderr
