"""Models from a terminal: which there are, how one gets here, and what its certificate says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neuronscope.models import model_names, open_model

Run = Callable[..., tuple[int, str, str]]


def test_the_models_at_hand_are_listed_with_their_sizes(run: Run) -> None:
    status, out, _ = run("models")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for name, facts in model_names().items():
        line = next(line for line in out.splitlines() if line.split()[:1] == [name])
        assert f"{facts.n_parameters:,}" in line
        assert facts.accuracy is None or line.endswith(f"{facts.accuracy[1]:.1%}")
        assert facts.trained_steps is None or f" {facts.trained_steps:,} " in line
    listed = json.loads(run("models", "--json")[1])
    assert [entry["name"] for entry in listed] == list(model_names())
    scribe = next(entry for entry in listed if entry["name"] == "builtin:scribe")
    pooled = scribe["card"]["accuracy"]["unseen problems"]
    assert scribe["accuracy"] == {"of": "unseen problems", "value": pooled["value"]}
    assert scribe["trained_steps"] == scribe["card"]["training"]["steps"]


def test_a_certificate_has_a_row_for_every_site(run: Run, tiny: str) -> None:
    status, out, err = run("certify", tiny)
    assert (status, err) == (0, "")
    first, _, table = out.partition("\n")
    certificate = open_model(tiny).certificate
    assert first.startswith(f"GPT2LMHeadModel: {len(certificate.of('exact'))} sites exact")
    rows = {line.split()[0]: line.split()[1] for line in table.splitlines()[1:] if line[:1].strip()}
    assert {row.site: row.status for row in certificate.rows}.items() <= rows.items()


def test_a_certificate_is_data_too(run: Run, tiny: str) -> None:
    assert json.loads(run("certify", tiny, "--json")[1]) == json.loads(
        json.dumps(open_model(tiny).certificate.to_dict())
    )


@pytest.mark.parametrize(
    ("words", "folder"),
    [(["one/tiny"], "models/tiny"), (["one/tiny", "here/there"], "here/there")],
)
def test_a_model_is_fetched_into_the_folder_asked_for(
    run: Run, words: list[str], folder: str, monkeypatch: pytest.MonkeyPatch, home_of_its_own: Path
) -> None:
    asked = []

    def fetched(name: str, into: Path) -> Path:
        asked.append((name, into))
        return into

    monkeypatch.setattr("neuronscope.doors.command_line.shelf.fetch_model", fetched)
    expected = Path(folder) if len(words) == 2 else home_of_its_own / folder
    status, out, err = run("fetch", *words)
    assert (status, out) == (0, f"{expected}\n")
    assert err == f"Fetched; look inside with 'neuronscope open {expected}'.\n"
    assert asked == [("one/tiny", expected)]
