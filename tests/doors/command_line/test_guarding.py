"""Keys and the record, from a terminal."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from neuronscope.custody import FOLDER, TokenTable

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(home_of_its_own: Path) -> Path:
    return home_of_its_own / "store" / FOLDER


def test_a_token_is_told_once_and_opens_what_was_asked_for(run: Run, folder: Path) -> None:
    words = ("--role", "analyst", "--scopes", "read, run", "--models", "builtin:*", "--days", "3")
    status, out, err = run("token", "create", "ann", *words)
    assert status == 0
    assert "Told this once: the token of ann, an analyst, good until 2" in err
    token = TokenTable(folder).known(out.strip())
    assert token is not None
    assert (token.name, token.role, token.scopes, token.models) == (
        "ann",
        "analyst",
        ("read", "run"),
        "builtin:*",
    )
    listing = run("token", "list")[1]
    assert out.strip() not in listing
    assert "ann" in listing
    assert json.loads(run("token", "list", "--json")[1])[0]["state"] == "active"


def test_a_revoked_token_says_so(run: Run) -> None:
    secret = json.loads(run("token", "create", "ann", "--json")[1])["secret"]
    assert secret.startswith("nsk_")
    assert run("token", "revoke", "ann")[1].endswith(": ann, a viewer\n")
    assert json.loads(run("token", "list", "--json")[1])[0]["state"] == "revoked"


def test_before_the_first_token_the_list_says_how_to_make_one(run: Run) -> None:
    assert run("token", "list") == (
        0,
        "No token is made yet; 'neuronscope token create NAME' makes one.\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["token", "create", "ann", "--role", "analist"], "did you mean 'analyst'"),
        (["token", "create", "ann", "--scopes", "run"], "is above the role viewer"),
        (["token", "create", "ann", "--days=-1"], "must be above 0"),
        (["token", "revoke", "ann"], "There is no active token 'ann'"),
        (["token", "make"], "There is no token command 'make'"),
        (["audit", "show", "--last", "0"], "--last 0 must be 1 to 100,000"),
        (["audit", "verify", "--noted", "3"], "must be N:DIGEST"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(run: Run, words: list[str], sentence: str) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_what_the_terminal_does_with_tokens_is_on_record(run: Run) -> None:
    run("token", "create", "ann")
    run("token", "revoke", "ann")
    rows = json.loads(run("audit", "show", "--actor", "terminal", "--json")[1])
    assert [(row["action"], row["facts"]["of"]) for row in rows] == [
        ("token revoked", "ann"),
        ("token created", "ann"),
    ]
    table = run("audit", "show")[1]
    assert "token created" in table
    assert run("audit", "show", "--action", "none")[1] == "No such row.\n"


def test_the_record_is_verified_and_an_altered_row_named(run: Run, folder: Path) -> None:
    assert run("audit", "verify")[1].startswith("Whole: 0 rows.")
    assert run("audit", "show")[1] == "Nothing is recorded.\n"
    for name in ("ann", "bob", "eve"):
        run("token", "create", name)
    status, out, _ = run("audit", "verify")
    assert status == 0
    head = out.split()[-1]
    assert run("audit", "verify", "--noted", head)[0] == 0
    with closing(sqlite3.connect(folder / "audit.sqlite")) as table, table:
        table.execute("UPDATE rows SET row = replace(row, 'bob', 'rob') WHERE number = 2")
    status, out, err = run("audit", "verify")
    assert (status, err) == (1, "")
    assert out == "Altered: Row 2 was changed after it was written. 1 rows before are sound.\n"
    assert json.loads(run("audit", "verify", "--json")[1])["number"] == 2
