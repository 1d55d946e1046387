"""Only whoever started the server gets in."""

import hmac
from pathlib import Path
from typing import Any

import pytest

from neuronscope.custody import TokenTable
from neuronscope.doors.server.guard.access import (
    MOST_SESSIONS,
    OWNER,
    Access,
    Throttled,
    token_of_environment,
)
from neuronscope.doors.server.guard.throttle import Throttle
from neuronscope.words import BadInput


def cookie(access: Access, session: str) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"other=1; {access.cookie}={session}".encode())]


def test_every_server_has_a_token_of_its_own_that_nobody_guesses() -> None:
    tokens = {Access(port=1).token for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43


def test_a_login_code_opens_one_session_and_no_second() -> None:
    access = Access(port=1)
    code = access.code()
    session = access.redeem(code)
    assert session is not None
    assert access.in_session(cookie(access, session))
    assert access.redeem(code) is None


def test_each_code_opens_a_session_of_its_own() -> None:
    access = Access(port=1)
    first, second = access.redeem(access.code()), access.redeem(access.code())
    assert first != second
    assert first is not None
    assert access.in_session(cookie(access, first))


@pytest.mark.parametrize("code", ["", "x", "é", "0" * 43])
def test_a_code_that_was_never_made_opens_nothing(code: str) -> None:
    access = Access(port=1)
    access.code()
    assert access.redeem(code) is None


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_the_token_admits(header: str) -> None:
    access = Access(port=1)
    assert access.admits([(b"authorization", header.format(access.token).encode())])


@pytest.mark.parametrize(
    "header", [b"", b"Bearer", b"Bearer ", b"Bearer wrong", b"Basic eDp5", b"Bearer \xff\xe9"]
)
def test_nothing_else_admits(header: bytes) -> None:
    access = Access(port=1)
    assert not access.admits([(b"authorization", header)])
    assert not access.admits([(b"cookie", header), (b"cookie", b"neuronscope_session_1=x")])


def test_a_token_without_its_scheme_does_not_admit() -> None:
    access = Access(port=1)
    assert not access.admits([(b"authorization", access.token.encode())])
    assert not access.admits(cookie(access, access.token))


def test_only_the_newest_sessions_stay_open() -> None:
    access = Access(port=1)
    sessions = [access.redeem(access.code()) or "" for _ in range(MOST_SESSIONS + 1)]
    assert not access.in_session(cookie(access, sessions[0]))
    assert access.in_session(cookie(access, sessions[1]))
    assert access.in_session(cookie(access, sessions[-1]))


def test_an_odd_cookie_of_another_program_does_not_log_out() -> None:
    access = Access(port=1)
    session = access.redeem(access.code())
    assert access.in_session(
        [(b"cookie", f'a/b=1; x; "q;{access.cookie}={session}; c=\xe9'.encode("latin-1"))]
    )


def test_two_servers_of_one_machine_keep_their_cookies_apart() -> None:
    assert Access(port=1).cookie != Access(port=2).cookie


@pytest.mark.parametrize("host", [b"127.0.0.1:8123", b"localhost:8123", b"[::1]:8123", b"LOCALHOST:8123"])
def test_this_machine_with_the_right_port_is_known(host: bytes) -> None:
    assert Access(port=8123).knows_host([(b"host", host)])


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"127.0.0.1",
        b"127.0.0.1:8124",
        b"testserver",
        b"evil.example:8123",
        b"localhost.evil.example:8123",
        b"127.0.0.1:8123.evil.example",
        b"0.0.0.0:8123",
    ],
)
def test_every_other_name_is_foreign(host: bytes) -> None:
    assert not Access(port=8123).knows_host([(b"host", host)])


def test_a_request_that_names_no_host_or_two_is_foreign() -> None:
    assert not Access(port=8123).knows_host([])
    assert not Access(port=8123).knows_host([(b"host", b"localhost:8123"), (b"host", b"evil.example")])


def test_on_the_usual_port_the_host_needs_none() -> None:
    assert Access(port=80).knows_host([(b"host", b"localhost")])


def test_the_environment_may_set_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURONSCOPE_TOKEN", "0123456789abcdef")
    assert token_of_environment() == "0123456789abcdef"
    monkeypatch.delenv("NEURONSCOPE_TOKEN")
    assert token_of_environment() is None


@pytest.mark.parametrize(
    "token", ["short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdéf", "0123456789abcdef\n"]
)
def test_a_weak_token_of_the_environment_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURONSCOPE_TOKEN", token)
    with pytest.raises(BadInput, match="NEURONSCOPE_TOKEN must have at least 16") as refusal:
        token_of_environment()
    assert token not in str(refusal.value)


def test_a_token_that_a_person_chose_is_shielded_from_guesses_for_a_moment_only() -> None:
    clock = Clock()
    access = Access(port=1, token="a-token-that-ann-chose")
    access._guesses = Throttle(burst=30, rate=10, clock=clock)
    refused = 0
    for number in range(1000):
        try:
            assert access.holder(f"guess {number}", address="192.0.2.1") is None
        except Throttled:
            refused += 1
    assert refused == 970
    with pytest.raises(Throttled):
        access.holder(access.token, address="192.0.2.1")
    assert access.holder(access.token, address="192.0.2.2") == OWNER
    clock.now = 0.2
    assert access.holder(access.token, address="192.0.2.1") == OWNER


def test_tokens_that_nobody_can_guess_open_however_many_are_wrong(tmp_path: Path) -> None:
    access = Access(port=1)
    access.tokens = TokenTable(tmp_path)
    secret, _ = access.tokens.create("ann")
    assert [access.holder(f"guess {number}") for number in range(1000)] == [None] * 1000
    assert access.holder(access.token) == OWNER
    ann = access.holder(secret)
    assert ann is not None
    assert ann.name == "ann"


def test_tokens_and_codes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []
    plain = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(b) or plain(a, b))
    access = Access(port=1)
    code = access.code()
    assert access.redeem("wrong") is None
    assert access.holder("wrong") is None
    assert compared == [code.encode(), access.token.encode()]


def test_an_allowed_name_is_known_with_the_port_and_without() -> None:
    access = Access(port=8123, hosts=["Lab.Example", "other.example:8443"])
    known = ["lab.example", "lab.example:8123", "LAB.EXAMPLE", "other.example:8443", "localhost:8123"]
    assert all(access.knows_host([(b"host", host.encode())]) for host in known)
    foreign = [
        "lab.example:1",
        "other.example",
        "other.example:8123",
        "x.lab.example",
        "lab.example.evil.example",
    ]
    assert not any(access.knows_host([(b"host", host.encode())]) for host in foreign)
    assert access.names() == "127.0.0.1:8123 and localhost and lab.example and other.example:8443"


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("lab.example", "https://lab.example", True),
        ("lab.example", "http://lab.example", True),
        ("lab.example", "https://localhost", False),
        ("lab.example", "https://evil.example", False),
        ("localhost:8123", "https://localhost:8123", False),
        ("localhost:8123", "http://lab.example", False),
    ],
)
def test_only_behind_an_allowed_name_may_a_proxy_speak_tls(host: str, origin: str, ours: bool) -> None:
    access = Access(port=8123, hosts=["lab.example"])
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    assert access.from_our_page(headers, safe=False) is ours


def test_where_nobody_needs_a_key_nobody_is_an_admin() -> None:
    access = Access(port=1, open_to_all=True)
    visitor = access.visitor([])
    assert visitor is not None
    assert (visitor.actor.name, visitor.actor.role) == ("anyone", "analyst")


class Clock:
    """Time that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
