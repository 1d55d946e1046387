"""The table keeps no secret, and a token opens what it says, until it ends."""

import hmac
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from neuronscope.custody import TokenTable
from neuronscope.custody.tokens import FORM, allows
from neuronscope.words import BadInput


@pytest.fixture
def table(tmp_path: Path) -> TokenTable:
    return TokenTable(tmp_path / "custody")


def test_a_secret_opens_its_own_token_and_nothing_else_does(table: TokenTable) -> None:
    secrets = {name: table.create(name)[0] for name in ("ann", "bob")}
    for name, secret in secrets.items():
        token = table.known(secret)
        assert token is not None
        assert token.name == name
    for wrong in (
        "",
        "nsk_",
        secrets["ann"][:-1],
        secrets["ann"] + "x",
        "nsk_" + "x" * 43,
        "nsk_é" + "x" * 42,
    ):
        assert table.known(wrong) is None


def test_secrets_are_long_and_never_twice(table: TokenTable) -> None:
    secrets = {table.create(f"a{number}")[0] for number in range(20)}
    assert len(secrets) == 20
    assert all(FORM.fullmatch(secret) for secret in secrets)


def test_the_file_holds_no_secret_and_only_its_owner_reads_it(table: TokenTable) -> None:
    secret, _ = table.create("ann")
    for file in table.file.parent.iterdir():
        assert secret.encode() not in file.read_bytes()
        assert secret.removeprefix("nsk_").encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(table.file.parent.stat().st_mode) == 0o700


def test_secrets_are_compared_in_constant_time(table: TokenTable, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = table.create("ann")
    compared: list[Any] = []
    plain = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or plain(a, b))
    assert table.known(secret) is not None
    assert len(compared) == 1


def test_looking_makes_no_file(table: TokenTable) -> None:
    assert table.all() == []
    assert table.known("nsk_" + "x" * 43) is None
    assert not table.holds("x")
    assert not table.file.parent.exists()


@pytest.mark.parametrize("which", ["name", "id"])
def test_a_revoked_token_opens_nothing_and_stays_listed(table: TokenTable, which: str) -> None:
    secret, token = table.create("ann")
    gone = table.revoke(getattr(token, which))
    assert gone.state == "revoked"
    assert table.known(secret) is None
    assert not table.holds(token.id)
    assert [known.state for known in table.all()] == ["revoked"]
    assert table.revoke(token.id).revoked == gone.revoked


def test_a_name_is_free_again_once_its_token_has_ended(table: TokenTable) -> None:
    table.create("ann")
    with pytest.raises(BadInput, match="There is an active token 'ann'"):
        table.create("ann")
    table.revoke("ann")
    table.create("ann", days=1e-9)
    table.create("ann")
    assert [token.state for token in table.all()].count("active") == 1


def test_an_expired_token_opens_nothing(table: TokenTable, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, token = table.create("ann", days=2)
    assert table.known(secret) is not None
    assert token.expires is not None
    monkeypatch.setattr("neuronscope.custody.tokens.moment", lambda: token.expires)
    assert table.known(secret) is None
    assert not table.holds(token.id)
    assert table.all()[0].state == "expired"


def test_use_is_noted(table: TokenTable) -> None:
    _, token = table.create("ann")
    assert token.last_used is None
    table.note_use(token.id)
    assert table.all()[0].last_used is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ""}, "must have 1 to 64"),
        ({"name": "a\nb"}, "must have 1 to 64"),
        ({"name": "x" * 65}, "must have 1 to 64"),
        ({"name": "\ud800"}, "must have 1 to 64"),
        ({"name": "Owner"}, "means somebody else in the audit log"),
        ({"role": "analist"}, "did you mean 'analyst'"),
        ({"scopes": ["read", "rum"]}, "did you mean 'run'"),
        ({"scopes": ["run"]}, "scope 'run' is above the role viewer, which has read, export"),
        ({"scopes": []}, "needs at least one scope"),
        ({"models": ""}, "must be a pattern"),
        ({"models": "a\nb"}, "must be a pattern"),
        ({"days": 0}, "days=0 must be above 0"),
        ({"days": -1}, "must be above 0"),
        ({"days": float("nan")}, "must be above 0"),
        ({"days": 1e9}, "at most 3650"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    table: TokenTable, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        table.create(**{"name": "ann", **options})
    assert table.all() == []


def test_revoking_what_is_not_there_names_the_nearest(table: TokenTable) -> None:
    table.create("ann")
    with pytest.raises(BadInput, match="did you mean 'ann'"):
        table.revoke("anne")


def test_a_spoilt_table_is_told_in_a_sentence_and_opens_nothing(table: TokenTable) -> None:
    secret, _ = table.create("ann")
    table.file.write_bytes(b"no database at all, and long enough to be read as one" * 40)
    with pytest.raises(BadInput, match="cannot be read"):
        table.all()
    with pytest.raises(BadInput, match="cannot be written"):
        table.create("bob")
    with pytest.raises(sqlite3.DatabaseError):
        table.known(secret)


def test_of_many_at_once_one_gets_the_name(table: TokenTable) -> None:
    made: list[str] = []

    def make() -> None:
        try:
            made.append(table.create("ann")[0])
        except BadInput:
            made.append("")

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([secret for secret in made if secret]) == 1
    assert len(table.all()) == 1


@pytest.mark.parametrize(
    ("pattern", "model", "fits"),
    [
        (None, "anything", True),
        ("builtin:*", "builtin:scribe@100", True),
        ("builtin:*", "BUILTIN:scribe", False),
        ("builtin:*", "openai-community/gpt2", False),
        ("models/*", "models/a", True),
        ("models/*", "models/../secret", False),
        ("models/*", "models\\..\\secret", False),
    ],
)
def test_a_pattern_fits_names_as_they_are_written(pattern: str | None, model: str, fits: bool) -> None:
    assert allows(pattern, model) is fits
