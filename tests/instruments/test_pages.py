import doctest
from pathlib import Path

import pytest

from neuronscope.models import SITES, from_nnsight, from_transformerlens, open_model, to_transformerlens
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = {"engine.md": 50, "from-transformerlens.md": 25, "from-nnsight.md": 25}


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_a_page_about_the_engine_runs(page: str, tmp_path: Path) -> None:
    outcome = doctest.testfile(
        str(DOCS / page),
        module_relative=False,
        encoding="utf-8",
        optionflags=doctest.ELLIPSIS,
        extraglobs={"folder": tmp_path},
    )
    assert outcome.attempted > PAGES[page]
    assert outcome.failed == 0


def site_table() -> str:
    """Write the table of sites as the page has it."""
    rows = ["| name | axes | unit | what it is |", "|---|---|---|---|"]
    for name, kind in SITES.items():
        address = f"`{name}.L`" if kind.layered else f"`{name}`"
        unit = "" if kind.unit is None else kind.unit.replace("_", " ")
        rows.append(f"| {address} | {kind.axes} | {unit} | {kind.meaning}{' (derived)' * kind.derived} |")
    return "\n".join(rows)


def test_the_table_of_sites_is_that_of_the_code() -> None:
    assert site_table() in (DOCS / "engine.md").read_text(encoding="utf-8"), site_table()


def names_in_table(page: str) -> list[list[str]]:
    text = (DOCS / page).read_text(encoding="utf-8").split("## Names")[1].split("```python")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]


def test_hook_names_in_the_table_mean_what_stands_beside_them() -> None:
    rows = names_in_table("from-transformerlens.md")
    told = [(row[0].split("`")[1], row[1].split("`")[1]) for row in rows if row[1] != "none"]
    assert len(told) > 12
    for hook, site in told:
        if site[:2] not in ("q.", "k."):
            assert str(from_transformerlens(hook)) == site
            assert to_transformerlens(site) == hook


def test_paths_in_the_table_mean_what_stands_beside_them() -> None:
    model = open_model("builtin:scribe")
    told = [(row[0].split("`")[1], row[2].split("`")[1]) for row in names_in_table("from-nnsight.md")]
    told = [(path, site) for path, site in told if not path.startswith(".source")]
    assert len(told) > 10
    assert [str(from_nnsight(model, path)) for path, _ in told] == [site for _, site in told]
