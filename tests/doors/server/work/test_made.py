"""What makers leave has a name that opens it, and no name leads elsewhere."""

import json
from pathlib import Path

import pytest

from neuronscope.doors.server.work.made import known, new_name, path_of
from neuronscope.words import BadInput


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lens, model, half = (tmp_path / "home" / place for place in ("tuned_lens/a", "language_model/b", "x/c"))
    for folder in (lens, model / "steps", half):
        folder.mkdir(parents=True)
    (lens / "config.json").write_text(json.dumps({"base_model_name_or_path": "builtin:scribe"}))
    (model / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    (model / "steps" / "000001.safetensors").touch()
    (model / "metrics.nc").touch()
    (half / "config.json").write_text("{")
    return tmp_path / "home"


def test_each_type_lists_what_opens_as_it(home: Path) -> None:
    assert known("Lens", home) == {"made:tuned_lens/a": "Made here for builtin:scribe."}
    assert known("Model", home) == {"made:language_model/b": "A gpt2 made here."}
    assert known("Checkpoints", home) == {"made:language_model/b@*": "1 steps of a model made here."}
    assert list(known("Result", home)) == ["made:language_model/b/metrics.nc"]
    assert known("Task", home) == known("Model", home / "none") == {}


def test_a_name_becomes_a_path_and_other_names_stay(home: Path) -> None:
    assert path_of("made:language_model/b@4", home) == f"{home}/language_model/b@4"
    assert path_of("made:language_model/b/metrics.nc", home) == f"{home}/language_model/b/metrics.nc"
    assert path_of("builtin:scribe", home) == "builtin:scribe"


@pytest.mark.parametrize("name", ["made:", "made:a", "made:../b", "made:a/..", "made:a//b", "made:/etc"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, home: Path) -> None:
    with pytest.raises(BadInput, match="names nothing that was made here"):
        path_of(name, home)


def test_a_link_that_leads_elsewhere_is_refused(home: Path, tmp_path: Path) -> None:
    (home / "x" / "out").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="leads outside"):
        path_of("made:x/out", home)


@pytest.mark.parametrize("called", ["", "..", "a/b", "a b", ".hidden", "x" * 65])
def test_a_folder_takes_one_plain_word(called: str) -> None:
    assert new_name("tuned_lens", "my-lens.2") == "made:tuned_lens/my-lens.2"
    with pytest.raises(BadInput, match="cannot name a folder"):
        new_name("tuned_lens", called)


@pytest.mark.parametrize("name", ["~nobody-of-this-name/model", "a\0b"])
def test_a_name_at_which_the_system_would_stumble_is_refused(name: str, home: Path) -> None:
    with pytest.raises(BadInput, match=r"not known here|zero byte"):
        path_of(name, home)
