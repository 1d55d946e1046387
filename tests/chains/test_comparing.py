"""Results folders of one recipe stand side by side: what they differ in, their checks, their pictures."""

import json
from pathlib import Path

import pytest

from neuronscope.chains.comparing import side_by_side
from neuronscope.chains.reading import read_chain
from neuronscope.chains.running import run_chain
from neuronscope.words import BadInput

CHAIN = """
title: A lens
with: {prompt: Paris is in}
steps:
  - name: lens
    ask: logit-lens
    with: {model: "builtin:scribe", prompt: "{prompt}"}
    prose: What stands before the answer.
    show: [{variable: entropy}]
    check: [{of: entropy, take: smallest, below: 100, met: The model is sure., missed: It is not.}]
  - {name: card, ask: model-card, show: [], with: {model: "builtin:scribe"}}
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of one chain about two prompts."""
    room = tmp_path_factory.mktemp("compare")
    (room / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    chain = read_chain(str(room / "chain.yaml"))
    for name, prompt in (("paris", "Paris is in"), ("rome", "Rome & Milan are in")):
        run_chain(chain, room / name, given={"prompt": prompt})
    return [room / "paris", room / "rome"]


def test_pictures_checks_and_differing_parameters_stand_side_by_side(folders: list[Path]) -> None:
    page = side_by_side(folders)
    assert page.count("<svg") == 4
    assert page.count("The model is sure.") == 2
    assert "Rome &amp; Milan are in" in page
    assert "What they differ in" in page
    assert "<script" not in page


def test_folders_may_be_moved_before_they_are_compared(folders: list[Path], tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.symlink_to(folders[0])
    assert side_by_side([moved, folders[1]]).count("<svg") == 4


def test_an_answer_that_is_gone_is_said_where_it_would_stand(folders: list[Path], tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "log.json").write_text((folders[0] / "log.json").read_text(encoding="utf-8"), encoding="utf-8")
    page = side_by_side([folders[1], bare])
    assert page.count("<svg") == 2
    assert "lens.nc" in page


def test_a_run_leaves_figures_memory_and_sizes_and_is_run_again_from_its_log(
    folders: list[Path], tmp_path: Path
) -> None:
    log = json.loads((folders[0] / "log.json").read_text(encoding="utf-8"))
    lens = log["questions"][0]
    assert [file.name for file in (folders[0] / "figures").iterdir()] == ["lens-entropy.svg"]
    assert lens["peak_memory_mb"] > 0
    assert lens["size_mb"] > 0
    assert lens["axes"]["position"] == 4
    again = run_chain(read_chain(str(folders[0] / "log.json")), tmp_path / "again")
    assert [outcome.digest for outcome in again] == [row["digest"] for row in log["questions"]]
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadInput, match="no log of a recipe"):
        read_chain(str(tmp_path / "other.json"))


def test_what_cannot_be_compared_is_refused_in_a_sentence(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="two results folders"):
        side_by_side(folders[:1])
    with pytest.raises(BadInput, match=r"no log\.json"):
        side_by_side([folders[0], tmp_path])
    other = tmp_path / "other"
    other.mkdir()
    log = json.loads((folders[0] / "log.json").read_text(encoding="utf-8"))
    log["questions"] = [{**row, "step": f"{row['step']}-2"} for row in log["questions"]]
    (other / "log.json").write_text(json.dumps(log), encoding="utf-8")
    with pytest.raises(BadInput, match="no step in common"):
        side_by_side([folders[0], other])
