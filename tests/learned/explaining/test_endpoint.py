"""Asking a large model over HTTP, held to a stand-in on this machine."""

from typing import Any

import numpy as np
import pytest

from neuronscope.learned.explaining.endpoint import (
    KEY,
    Endpoint,
    EndpointExplainer,
    EndpointSimulator,
    discretised,
)
from neuronscope.learned.explaining.protocols import Excerpt, Explanation
from neuronscope.words import BadInput
from tests.learned.explaining.endpoints import serving

EXAMPLE = Excerpt((" the", " cat", " sat"), np.array([0.0, 3.0, 1.2]))


def ends(url: str) -> Endpoint:
    return Endpoint(url, "small", timeout=5, pause=0.0)


def test_the_explainer_sees_tokens_with_levels_and_its_answer_is_the_explanation() -> None:
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any], _: dict[str, str]) -> tuple[int, str]:
        seen.append(body)
        return 200, "  cats\nand the like "

    with serving(answer) as url:
        found = EndpointExplainer(ends(url)).explain([EXAMPLE])
    assert found.text == "cats and the like"
    assert seen[0]["model"] == "small"
    assert seen[0]["max_tokens"] == 400
    assert seen[0]["messages"][1]["content"] == "' the'\t0\n' cat'\t10\n' sat'\t4"


def test_the_simulator_sees_the_explanation_and_no_activation() -> None:
    seen: list[str] = []

    def answer(body: dict[str, Any], _: dict[str, str]) -> tuple[int, str]:
        seen.append(body["messages"][1]["content"])
        return 200, 'Here it is: {"1": 7, "2": 99, "8": 3}'

    with serving(answer) as url:
        found = EndpointSimulator(ends(url)).simulate(Explanation("cats"), EXAMPLE.tokens)
    np.testing.assert_array_equal(found, [0, 7, 10])
    assert seen == ["The neuron responds to: cats\n\n0\t' the'\n1\t' cat'\n2\t' sat'"]


def test_the_key_comes_from_the_environment_and_without_it_none_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(_: dict[str, Any], headers: dict[str, str]) -> tuple[int, str]:
        seen.append((headers["path"], headers.get("Authorization")))
        return 200, "cats"

    with serving(answer) as url:
        monkeypatch.delenv(KEY, raising=False)
        ends(url).ask("a", "b")
        monkeypatch.setenv(KEY, "a key of tests")
        ends(url).ask("a", "b")
    assert seen == [("/v1/chat/completions", None), ("/v1/chat/completions", "Bearer a key of tests")]


def test_a_busy_endpoint_is_asked_again() -> None:
    left = [503, 429]

    def answer(_: dict[str, Any], __: dict[str, str]) -> tuple[int, str]:
        return (left.pop(), "") if left else (200, "cats")

    with serving(answer) as url:
        assert ends(url).ask("a", "b") == "cats"


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (401, "", f"HTTP 401; check the key in {KEY}"),
        (302, "", "HTTP 302; check its address"),
        (500, "", "HTTP 500"),
        (200, "  ", "gave an empty answer"),
    ],
)
def test_an_endpoint_that_fails_is_told_of_in_a_sentence(status: int, said: str, words: str) -> None:
    with serving(lambda *_: (status, said)) as url, pytest.raises(BadInput, match=words):
        ends(url).ask("a", "b")


def test_an_endpoint_that_is_not_there_is_told_of_in_a_sentence() -> None:
    with serving(lambda *_: (200, "x")) as url:
        gone = url
    with pytest.raises(BadInput, match=r"127\.0\.0\.1 could not be reached"):
        ends(gone).ask("a", "b")


def test_an_answer_without_levels_is_refused() -> None:
    with serving(lambda *_: (200, "I cannot say.")) as url:
        simulator = EndpointSimulator(ends(url))
        with pytest.raises(BadInput, match="did not answer with levels"):
            simulator.simulate(Explanation("cats"), (" a",))


def test_levels_run_from_nought_to_ten_and_nothing_below_zero() -> None:
    assert discretised(np.array([-2.0, 0.5, 1.0]), 1.0) == [0, 5, 10]
    assert discretised(np.array([-2.0, -1.0]), -1.0) == [0, 0]


@pytest.mark.parametrize(
    ("url", "model", "words"),
    [
        ("ftp://somewhere", "m", "is no address"),
        ("file:///etc/hosts", "m", "is no address"),
        ("http://localhost:1/v1", "", "name the one"),
    ],
)
def test_what_is_no_endpoint_is_refused_at_once(url: str, model: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Endpoint(url, model)
