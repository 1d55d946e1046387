"""Wherever a body names a model, a key for others sees it."""

import json

import pytest

from neuronscope import catalogue
from neuronscope.contract import RUNS
from neuronscope.doors.server.guard.patterns import forbidden_model, words_of_models


def test_every_subject_that_is_run_is_looked_at() -> None:
    subjects = [subject for form in catalogue.forms() for subject in form["subjects"]]
    run = {subject["name"] for subject in subjects if subject["type"] in RUNS}
    assert {"model"} < run <= words_of_models()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"model": "mine/a", "prompt": "other/b"}, None),
        ({"model": "other/b"}, "other/b"),
        ({"steps": [{"model": "mine/a"}, {"model": "other/b"}]}, "other/b"),
        ({"models": {"first": "mine/a", "second": "other/b"}}, "other/b"),
        ({"model": 3}, None),
        ([], None),
        ("other/b", None),
    ],
)
def test_the_first_model_that_does_not_fit_is_named(body: object, found: str | None) -> None:
    assert forbidden_model(json.dumps(body).encode(), "mine/*") == found


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_left_to_its_route(body: bytes) -> None:
    assert forbidden_model(body, "mine/*") is None
