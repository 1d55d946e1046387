"""Only whoever started the server gets in."""

import pytest

from neuronscope.doors.server.guard.access import MOST_SESSIONS, Access, token_of_environment
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
