"""Whoever follows the quick start gets what it promises."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from neuronscope.data.corpora import open_corpus
from neuronscope.doors.command_line import main
from neuronscope.models.places import model_folder
from neuronscope.results import load

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"
COMMANDS = re.findall(r"^neuronscope .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.slow
def test_from_a_folder_and_a_text_to_neurons_that_are_clustered_queried_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model_folder("builtin:scribe"), tmp_path / "my-model")
    text = "\n<|endoftext|>\n".join(open_corpus("reference").documents())
    (tmp_path / "my-text.txt").write_text(text[:200_000], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    for command in COMMANDS:
        status = main(shlex.split(command)[1:])
        assert status == 0, f"{command}: {capsys.readouterr().err}"
        assert max(map(len, capsys.readouterr().out.splitlines()), default=0) <= 80, command
    for picture in ("examples", "statistics", "clusters", "map", "several"):
        assert (tmp_path / f"{picture}.png").stat().st_size > 5000
    assert load(tmp_path / "clusters.nc").sizes["item"] > 100
    assert (tmp_path / "the.csv").read_text(encoding="utf-8").count("\n") > 5
    assert "<svg" in (tmp_path / "explained.html").read_text(encoding="utf-8")
    assert (tmp_path / "portrait" / "index.html").read_text(encoding="utf-8").count("<h2>") > 8
