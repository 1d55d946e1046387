"""The example notebooks run, take about as long as they say, and show what they show."""

from pathlib import Path

import pytest

from tools.run_notebooks import FOLDER, cells, run

NOTEBOOKS = sorted(file.stem for file in FOLDER.glob("*.py"))
HEAD = "# %% [markdown]\n# # A title\n#\n# Run time: 1 s of CPU.\n\n"
SLACK = 3  # times as long as stated, for a machine that is slower or busy


def written(folder: Path, text: str) -> Path:
    file = folder / "notebook.py"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_notebook_is_cut_at_its_marks() -> None:
    prose, code = cells("# %% [markdown]\n# # Title\n#\n# Words.\n\n# %%\nx = 1\n\n# %%\n\n")
    assert (prose.text, prose.is_prose) == ("# Title\n\nWords.", True)
    assert (code.text, code.is_prose, code.line) == ("x = 1", False, 7)


def test_a_page_holds_prose_code_what_was_printed_and_the_last_value(tmp_path: Path) -> None:
    ran = run(written(tmp_path, HEAD + "# %%\nprint('said')\n[2 * 21 < 50]\n\n# %%\nx = 7\n"))
    assert ran.stated == 1
    for part in ("<h1>A title</h1>", "print(&#x27;said&#x27;)", "said</pre>", "[True]</pre>"):
        assert part in ran.page
    assert "7</pre>" not in ran.page.replace("x = 7</pre>", "")


def test_what_a_cell_raises_names_its_line_in_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + "# %%\nx = 1\n\n# %%\nassert x == 2\n")
    with pytest.raises(AssertionError) as failed:
        run(file)
    assert failed.traceback[-1].lineno + 1 == file.read_text().split("\n").index("assert x == 2") + 1


def test_a_notebook_without_a_stated_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not say 'Run time: N s of CPU'"):
        run(written(tmp_path, "# %%\nx = 1\n"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_in_the_time_it_says_and_ends_with_its_limits(name: str) -> None:
    file = FOLDER / f"{name}.py"
    ran = run(file)
    assert ran.stated <= 60
    assert ran.seconds <= SLACK * ran.stated
    assert "<svg" in ran.page
    last = [cell for cell in cells(file.read_text(encoding="utf-8")) if cell.is_prose][-1]
    assert "What this does not show" in last.text


def test_the_four_notebooks_are_there_and_listed() -> None:
    assert NOTEBOOKS == ["attention", "lenses", "neurons", "patching"]
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"]({name}.py)" in listed for name in NOTEBOOKS)
