"""The description for programs is complete, and the same every time."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neuronscope.doors.server import bodies
from neuronscope.doors.server.openapi import main, openapi
from tests.conftest import ROOT

HERE = [body for body in vars(bodies).values() if getattr(body, "__module__", "") == bodies.__name__]
TYPED = [body.__name__ for body in HERE if isinstance(body, type) and body.__name__.isidentifier()]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi()


@pytest.mark.slow
def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    assert main([str(tmp_path / "here.json")]) == 0
    subprocess.run(
        [sys.executable, "-m", "neuronscope.doors.server.openapi", str(tmp_path / "there.json")], check=True
    )
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes()


def test_the_module_asks_for_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err == "Give one file to write, such as workbench/openapi.json.\n"


@pytest.mark.parametrize("body", TYPED)
def test_every_body_is_a_component(body: str, document: dict[str, Any]) -> None:
    assert body in document["components"]["schemas"]


def test_events_are_a_union_told_apart_by_their_names(document: dict[str, Any]) -> None:
    event = document["components"]["schemas"]["JobEvent"]
    assert set(event["discriminator"]["mapping"]) == {
        "queued",
        "progress",
        "partial",
        "result",
        "made",
        "error",
        "cancelled",
        "interrupted",
    }
    assert len(event["oneOf"]) == 8


def test_every_reference_leads_to_a_component(document: dict[str, Any]) -> None:
    names = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert names <= set(document["components"]["schemas"])


def test_every_route_has_a_name_of_its_own_a_summary_and_typed_replies(document: dict[str, Any]) -> None:
    routes = [route for methods in document["paths"].values() for route in methods.values()]
    assert len({route["operationId"] for route in routes}) == len(routes)
    for route in routes:
        assert route["description"]
        for status, reply in route["responses"].items():
            if status in {"204", "304"}:
                assert "content" not in reply
            else:
                assert all(content["schema"] for content in reply["content"].values()), route["operationId"]


def test_refusals_have_one_shape_and_frameworks_own_is_gone(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    trouble = {"$ref": "#/components/schemas/Trouble"}
    for methods in document["paths"].values():
        for route in methods.values():
            for status in {"401", "403", "404", "413", "422", "429", "500"} & set(route["responses"]):
                contents = route["responses"][status]["content"].values()
                assert [content["schema"] for content in contents] == [trouble]


def test_the_document_knows_nothing_of_this_machine(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert str(Path(__file__).parents[3]) not in text
    assert str(Path.home()) not in text


def test_the_page_about_rest_names_every_route_and_every_refusal(document: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    for path, methods in document["paths"].items():
        last = re.sub(r"/\{[^}]*\}$", "", path).rpartition("/")[2]
        assert f"/{last}" in page, path
        for route in methods.values():
            for status in route["responses"]:
                assert status in page, status
