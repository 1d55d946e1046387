"""Asking from a terminal: what is printed, written and looked up."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from pydantic import Field

from neuronscope import catalogue
from neuronscope.contract import maker
from neuronscope.models import Model, open_model
from neuronscope.results import load, open_store, provenance

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lens(tiny: str) -> list[str]:
    return ["ask", "logit-lens", "--model", tiny, "--prompt", "Paris is"]


def test_an_answer_is_printed_within_80_columns(run: Run, lens: list[str]) -> None:
    status, out, err = run(*lens)
    assert status == 0
    assert out.startswith("Logit lens: probability of the next token\n")
    assert max(map(len, out.splitlines())) <= 80
    assert err.startswith("Computed in ")


def test_a_wide_terminal_is_filled(run: Run, lens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert 80 < max(map(len, run(*lens)[1].splitlines())) <= 160


def test_the_same_question_is_looked_up(run: Run, lens: list[str]) -> None:
    _, first, computed = run(*lens)
    _, again, looked_up = run(*lens)
    assert first == again
    assert computed.startswith("Computed in ")
    assert looked_up.startswith("Looked up in the store in ")
    assert computed.rpartition(" ")[2] == looked_up.rpartition(" ")[2]
    assert len(open_store().ls()) == 1


def test_no_store_computes_afresh_and_keeps_nothing(run: Run, lens: list[str]) -> None:
    assert run(*lens, "--no-store")[2].startswith("Computed in ")
    assert run(*lens, "--no-store")[2].startswith("Computed in ")
    assert open_store().ls() == []


def test_json_is_the_summary_alone_on_stdout(run: Run, lens: list[str]) -> None:
    status, out, err = run(*lens, "--json")
    facts = json.loads(out)
    assert status == 0
    assert facts["dims"] == {"depth": 4, "position": 8, "rank": 5}
    assert facts["provenance"]["arguments"]["prompt"] == "Paris is"
    assert facts["digest"] in err


def test_a_netcdf_file_opens_in_xarray_with_the_numbers_of_python(
    run: Run, lens: list[str], tiny: str, tmp_path: Path
) -> None:
    status, out, err = run(*lens, "--out", str(tmp_path / "lens.nc"))
    assert (status, out) == (0, "")
    assert err.startswith(f"Wrote {tmp_path / 'lens.nc'}.\n")
    expected = catalogue.find("logit_lens").run(tiny, "Paris is")
    with xr.open_dataset(tmp_path / "lens.nc") as plain:
        np.testing.assert_array_equal(plain["probability"], expected["probability"])
    xr.testing.assert_equal(load(tmp_path / "lens.nc"), expected)


@pytest.mark.parametrize("ending", [".zarr", ".zarr.zip", ".json", ".npz"])
def test_data_comes_back_from_its_file(run: Run, lens: list[str], ending: str, tmp_path: Path) -> None:
    run(*lens, "--out", str(tmp_path / "lens.nc"))
    assert run(*lens, "--out", str(tmp_path / f"lens{ending}"))[0] == 0
    xr.testing.assert_identical(load(tmp_path / f"lens{ending}"), load(tmp_path / "lens.nc"))


def test_a_table_has_a_line_for_every_value(run: Run, lens: list[str], tmp_path: Path) -> None:
    run(*lens, "--out", str(tmp_path / "lens.csv"))
    run(*lens, "--out", str(tmp_path / "lens.nc"))
    with (tmp_path / "lens.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 8 * 5
    values = [float(row["probability"]) for row in rows]
    np.testing.assert_allclose(values, np.ravel(load(tmp_path / "lens.nc")["probability"]))


def test_pictures_are_pictures(run: Run, lens: list[str], tmp_path: Path) -> None:
    for ending in ("png", "svg"):
        assert run(*lens, "--out", str(tmp_path / f"lens.{ending}"))[0] == 0
    assert (tmp_path / "lens.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert ElementTree.parse(tmp_path / "lens.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_picture_shows_the_place_and_the_theme_asked_for(run: Run, lens: list[str], tmp_path: Path) -> None:
    shown = {}
    for name, words in {
        "first": [],
        "named": ["--at", "rank=1"],
        "second": ["--at", "rank=2"],
        "dark": ["--theme", "dark"],
        "entropy": ["--variable", "entropy"],
    }.items():
        run(*lens, *words, "--out", str(tmp_path / f"{name}.svg"))
        shown[name] = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    assert shown["first"] == shown["named"]
    assert len(set(shown.values())) == 4


def test_a_page_stands_alone(run: Run, lens: list[str], tmp_path: Path) -> None:
    assert run(*lens, "--out", str(tmp_path / "lens.html"))[0] == 0
    page = (tmp_path / "lens.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "Paris is" in page


def test_an_axis_is_held_at_its_label_or_counted_from_the_end(run: Run, lens: list[str]) -> None:
    assert "Shown: rank 1 " in run(*lens)[1]
    assert "Shown: rank 2 " in run(*lens, "--at", "rank=2")[1]
    assert "Shown: rank 5 " in run(*lens, "--at", "rank=-1")[1]


def test_several_axes_are_held_together_or_apart(run: Run, tiny: str) -> None:
    patterns = ["ask", "attention-patterns", "--model", tiny, "--prompt", "abc"]
    apart = run(*patterns, "--at", "layer=2", "--at", "head=1")[1]
    assert "Shown: layer 2 · head 1" in apart
    assert run(*patterns, "--at", "layer=2,head=1")[1] == apart


def test_a_named_place_is_asked_for_by_its_name(run: Run, tiny: str) -> None:
    patch = ["ask", "activation-patching", "--model", tiny, "--prompt", "ab", "--corrupt", "cb"]
    patch += ["--target", "x", "--distractor", "y"]
    assert "Shown: direction noise" in run(*patch, "--at", "direction=noise")[1]
    status, _, err = run(*patch, "--at", "direction=noize")
    assert status == 2
    assert "did you mean 'noise'?" in err


def test_a_result_is_shown_again_from_its_file_and_from_its_digest(
    run: Run, lens: list[str], tmp_path: Path
) -> None:
    _, printed, err = run(*lens)
    digest = err.rstrip(".\n").rpartition(" ")[2]
    run(*lens, "--out", str(tmp_path / "lens.nc"))
    assert run("show", digest) == (0, printed, "")
    assert run("show", digest[:6]) == (0, printed, "")
    assert run("show", str(tmp_path / "lens.nc")) == (0, printed, "")


def test_show_turns_a_file_into_another(run: Run, lens: list[str], tmp_path: Path) -> None:
    run(*lens, "--out", str(tmp_path / "lens.nc"))
    assert run("show", str(tmp_path / "lens.nc"), "--out", str(tmp_path / "lens.png"))[0] == 0
    assert (tmp_path / "lens.png").read_bytes().startswith(b"\x89PNG")


def test_device_and_precision_reach_the_model(run: Run, lens: list[str]) -> None:
    facts = json.loads(run(*lens, "--device", "cpu", "--dtype", "float64", "--json")[1])
    assert facts["provenance"]["models"]["model"]["dtype"] == "float64"


def test_ctrl_c_in_the_middle_keeps_the_store_as_it_was(
    run: Run, lens: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*lens)
    kept = open_store().ls()

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("neuronscope.contract.ask", stopped)
    assert run(*lens)[0] == 130
    assert open_store().ls() == kept


@maker()
def counted_weights(
    model: Model, *, out: Path, times: Annotated[int, Field(ge=1, description="How often.")] = 1
) -> Path:
    """Write how many layers a model has."""
    out.mkdir()
    (out / "layers.txt").write_text(str(model.n_layers * times))
    return out


def test_a_maker_is_made_into_a_folder(
    run: Run, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = counted_weights.definition  # pyright: ignore[reportFunctionMemberAccess]
    monkeypatch.setattr(catalogue, "forms", lambda: [definition.form()])
    monkeypatch.setattr(catalogue, "form", lambda name: definition.form())
    monkeypatch.setattr(catalogue, "find", lambda name: definition)
    folder = tmp_path / "made"
    words = ["make", "counted-weights", "--model", tiny, "--out", str(folder)]
    assert run(*words, "--times", "2") == (0, f"{folder}\n", "")
    assert (folder / "layers.txt").read_text() == "6"
    assert run("make", "counted-weights", "--model", tiny)[2].startswith("counted-weights needs --out")
    assert run("ask", "counted-weights")[2] == (
        "counted-weights is not for 'ask'; say 'neuronscope make counted-weights'.\n"
    )


def test_a_language_model_is_made_and_opens(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuronscope.doors.command_line.progress.LINE_EVERY", 0.0)
    (tmp_path / "text.txt").write_text("To be, or not to be: that is the question.\n" * 40)
    sizes = "--layers 1 --heads 1 --width 8 --context 8 --rows 2 --steps 4 --n-kept 2 --tokens character"
    words = ["make", "language-model", "--corpus", str(tmp_path / "text.txt"), *sizes.split()]
    status, out, err = run(*words, "--out", str(tmp_path / "made"))
    assert (status, out) == (0, f"{tmp_path / 'made'}\n")
    assert err.splitlines() == [f"training steps: {done} of 4" for done in range(4)]
    assert run("models")[0] == 0
    assert open_model(f"{tmp_path / 'made'}@4").n_layers == 1


def test_help_names_what_can_be_made(run: Run) -> None:
    status, out, err = run("make", "--help")
    assert (status, err) == (0, "")
    made = [form for form in catalogue.forms() if form["sort"] == "make"]
    assert made
    assert all(f"\n  {form['command']} " in out for form in made)
    assert max(map(len, out.splitlines())) <= 80


def test_provenance_says_which_question_was_asked(run: Run, lens: list[str], tmp_path: Path) -> None:
    run(*lens, "--top-k", "2", "--out", str(tmp_path / "lens.nc"))
    facts = provenance(load(tmp_path / "lens.nc"))
    assert facts["arguments"] == {"prompt": "Paris is", "tokens": [], "top_k": 2}
    assert not facts["derived"]
