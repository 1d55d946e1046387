"""A stored result, read over HTTP, is the result."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from fastapi.testclient import TestClient

from neuronscope import results, views
from neuronscope.contract import ask
from neuronscope.doors.server import bodies
from neuronscope.doors.server.work import keeping
from neuronscope.results import Store
from tests.doors.server.planted import PLANTED, gate

Keep = Callable[..., str]


@pytest.fixture
def keep(store: Store) -> Keep:
    """Put the answer of a planted analysis into the store and give its digest."""

    def put(name: str, **arguments: Any) -> str:
        return results.digest(ask(PLANTED[name], arguments, store=store))

    return put


def values(client: TestClient, digest: str, query: str) -> dict[str, Any]:
    return client.get(f"/api/v1/results/{digest}/values?{query}").json()


def test_the_list_is_that_of_the_store_newest_first(client: TestClient, keep: Keep, store: Store) -> None:
    digests = [keep("squares", steps=steps) for steps in (1, 2, 3)]
    entries = client.get("/api/v1/results").json()
    assert [entry["digest"] for entry in entries] == digests[::-1]
    assert [bodies.ResultEntry.model_validate(entry).created for entry in entries] == [
        entry.created for entry in store.ls()
    ]
    assert entries[0]["title"] == "squares · steps=3"
    assert entries[0]["bytes"] > 0


def test_an_answer_of_two_questions_is_listed_once(client: TestClient, keep: Keep, store: Store) -> None:
    digest = keep("squares", steps=2)
    store.put(store.key(analysis="squares", version=2, arguments={}), store.open(digest))
    assert len(store.ls()) == 2
    assert [entry["digest"] for entry in client.get("/api/v1/results").json()] == [digest]


def test_an_empty_store_is_an_empty_list(client: TestClient) -> None:
    assert client.get("/api/v1/results").json() == []


def test_a_result_is_described_in_full(client: TestClient, keep: Keep, store: Store) -> None:
    digest = keep("strange", steps=4)
    told = client.get(f"/api/v1/results/{digest}").json()
    code = told.pop("code")
    assert told == results.summary(store.open(digest)) | {"warning": None}
    assert set(code) == {"python", "command_line", "curl"}
    assert told["digest"] == digest
    assert told["dims"] == {"step": 4, "head": 2}
    assert told["variables"][0] == {
        "name": "odd",
        "axes": ["step"],
        "dtype": "float64",
        "units": "nats",
        "long_name": "oddness",
        "meaning": "",
        "site": "",
        "minimum": 2.0,
        "maximum": 3.0,
    }
    assert told["provenance"]["derived"] is False


def test_the_start_of_a_digest_is_enough(client: TestClient, keep: Keep) -> None:
    digest = keep("squares")
    assert client.get(f"/api/v1/results/{digest[:8]}").json()["digest"] == digest


@pytest.mark.parametrize("path", ["", "/values?variable=x", "/figure", "/export?format=nc"])
@pytest.mark.parametrize("digest", ["0123456789abcdef", "nonsense", "%2e%2e", "..%2f..%2fetc"])
def test_an_unknown_digest_is_not_found(digest: str, path: str, client: TestClient, keep: Keep) -> None:
    keep("squares")
    reply = client.get(f"/api/v1/results/{digest}{path}")
    assert reply.status_code == 404
    assert set(reply.json()) == {"detail"}


def test_values_are_those_of_the_result(client: TestClient, keep: Keep, store: Store) -> None:
    digest = keep("strange", steps=5)
    table = store.open(digest)["table"]
    reply = values(client, digest, "variable=table")
    assert bodies.Values.model_validate(reply).values == np.asarray(table).tolist()
    assert reply["axes"] == ["step", "head"]
    assert reply["shape"] == [5, 2]
    assert reply["coords"] == {"step": [0, 1, 2, 3, 4], "head": [0, 1]}


@pytest.mark.parametrize(
    ("query", "cut"),
    [
        ("step=3", {"step": 3}),
        ("step=-1", {"step": -1}),
        ("step=1:3", {"step": slice(1, 3)}),
        ("step=:2&head=1", {"step": slice(None, 2), "head": 1}),
        ("step=2:", {"step": slice(2, None)}),
        ("step=4:4", {"step": slice(4, 4)}),
        ("step=0&head=0", {"step": 0, "head": 0}),
    ],
)
def test_a_slice_is_what_xarray_cuts(
    query: str, cut: dict[str, Any], client: TestClient, keep: Keep, store: Store
) -> None:
    digest = keep("strange", steps=5)
    table = store.open(digest)["table"]
    expected = table.isel(cut)
    reply = values(client, digest, f"variable=table&{query}")
    assert reply["values"] == np.asarray(expected).tolist()
    assert reply["axes"] == list(expected.dims)
    if "step" in expected.dims:
        assert reply["coords"]["step"] == np.asarray(expected["step"]).tolist()


def test_what_is_not_a_finite_number_is_null(client: TestClient, keep: Keep) -> None:
    assert values(client, keep("strange", steps=4), "variable=odd")["values"] == [None, None, 2.0, 3.0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "lacks 'variable'"),
        ("variable=tabel", "did you mean 'table'?"),
        ("variable=table&stpe=1", "did you mean 'step'?"),
        ("variable=table&step=9", "step=9 is out of range"),
        ("variable=table&step=x", "neither an index nor a range"),
        ("variable=table&step=1:2:-1", "cannot run backwards"),
        ("variable=table&layer=0", "no axis 'layer'"),
    ],
)
def test_a_wrong_cut_is_refused_in_a_sentence(query: str, words: str, client: TestClient, keep: Keep) -> None:
    reply = client.get(f"/api/v1/results/{keep('strange')}/values?{query}")
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_more_than_a_million_values_must_be_cut(client: TestClient, keep: Keep) -> None:
    digest = keep("big", steps=1001)
    reply = client.get(f"/api/v1/results/{digest}/values?variable=wide")
    assert reply.status_code == 413
    assert "1,001,000 values" in reply.json()["detail"]
    assert "cut it by step=0:8" in reply.json()["detail"]
    assert values(client, digest, "variable=wide&step=0:1000")["shape"] == [1000, 1000]
    assert values(client, digest, "variable=small")["shape"] == [1001]


def test_a_slice_of_a_large_result_reads_only_its_own_chunks(
    client: TestClient, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LARGEST", 0)
    digest = keep("strange")

    def whole(*_: object) -> None:
        raise AssertionError("the whole result was read")

    monkeypatch.setattr(Store, "get", whole)
    assert values(client, digest, "variable=table&step=0")["values"] == [0.0, 1.0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_is_the_one_that_views_draws(
    theme: str, client: TestClient, keep: Keep, store: Store
) -> None:
    digest = keep("strange")
    reply = client.get(f"/api/v1/results/{digest}/figure?variable=table&theme={theme}").json()
    bodies.Figure.model_validate(reply)
    assert reply == views.figure(store.open(digest), variable="table", theme=theme)


def test_a_figure_holds_other_axes_where_it_is_told(client: TestClient, store: Store) -> None:
    cube = results.label(
        {}, cube=("layer head position", [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    )
    cube = results.stamp(cube, analysis="squares")
    store.put(store.key(analysis="squares", version=1, arguments={}), cube)
    slider = views.figure(cube)["layout"]["meta"]["sliders"][0]["axis"]
    reply = client.get(f"/api/v1/results/{results.digest(cube)}/figure?{slider}=1")
    assert reply.json() == views.figure(cube, select={slider: 1})
    assert reply.json() != views.figure(cube)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("theme=sepia", "theme='sepia'"),
        ("variable=none", "'none'"),
        ("layer=1", "layer"),
        ("step=0:2", "step='0:2' is no index; a figure takes one whole number an axis."),
        ("step=", "is no index"),
    ],
)
def test_a_wrong_figure_is_refused_in_a_sentence(
    query: str, words: str, client: TestClient, keep: Keep
) -> None:
    reply = client.get(f"/api/v1/results/{keep('strange')}/figure?{query}")
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_a_damaged_result_is_not_found_and_not_a_fault(
    client: TestClient, keep: Keep, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    digest = keep("squares")
    for file in store.folder.rglob("square/*"):
        file.write_bytes(b"spoilt")
    reply = client.get(f"/api/v1/results/{digest}")
    assert reply.status_code == 404
    assert "set aside; ask its question again" in reply.json()["detail"]
    assert "set aside" in caplog.text
    assert client.post("/api/v1/analyses/squares?wait=20", json={}).json()["digest"] == digest


def test_results_of_other_doors_are_there(client: TestClient, store: Store) -> None:
    made: xr.Dataset = ask(PLANTED["squares"], {"steps": 7}, store=store)
    assert client.get("/api/v1/results").json()[0]["digest"] == results.digest(made)


def test_the_list_comes_in_pages_and_by_what_is_wanted(client: TestClient, tiny_model: str) -> None:
    for steps in range(1, 6):
        client.post("/api/v1/analyses/squares?wait=20", json={"steps": steps})
    gate.set()
    client.post("/api/v1/analyses/widths?wait=30", json={"model": tiny_model})
    at = "/api/v1/results"
    whole = [entry["digest"] for entry in client.get(at).json()]
    first = client.get(at, params={"limit": 4})
    assert first.headers["x-neuronscope-total"] == "6"
    rest = client.get(at, params={"limit": 4, "before": first.json()[-1]["digest"]})
    assert [entry["digest"] for entry in [*first.json(), *rest.json()]] == whole
    assert len(client.get(at, params={"analysis": "squares"}).json()) == 5
    assert [entry["models"] for entry in client.get(at, params={"model": tiny_model}).json()] == [
        [tiny_model]
    ]
    assert len(client.get(at, params={"text": "STEPS=3 squares"}).json()) == 1
    assert client.get(at, params={"before": "0" * 16}).status_code == 404
    assert client.get(at, params={"limit": 0}).status_code == 422


def test_a_result_knows_what_it_was_made_from_and_what_was_made_of_it(client: TestClient) -> None:
    parent = client.post("/api/v1/analyses/squares?wait=20", json={}).json()["digest"]
    child = client.post("/api/v1/analyses/halves?wait=20", json={"parent": parent}).json()["digest"]
    at = "/api/v1/results"
    assert [entry["digest"] for entry in client.get(f"{at}/{child}/parents").json()] == [parent]
    assert [entry["digest"] for entry in client.get(f"{at}/{parent}/children").json()] == [child]
    assert client.get(f"{at}/{parent}/parents").json() == client.get(f"{at}/{child}/children").json() == []
    assert client.get(f"{at}/0000/parents").status_code == 404


@pytest.mark.parametrize(("dtype", "kind"), [(None, "float64"), ("f32", "float32"), ("f16", "float16")])
def test_a_slice_comes_as_raw_numbers_with_its_shape(
    dtype: str | None, kind: str, client: TestClient
) -> None:
    told = client.post("/api/v1/analyses/strange?wait=20", json={"steps": 5}).json()
    at, wanted = f"/api/v1/results/{told['digest']}/values", {"dtype": dtype} if dtype else {}
    reply = client.get(
        at,
        params={"variable": "table", "step": "1:4", **wanted},
        headers={"accept": "application/octet-stream"},
    )
    assert reply.headers["content-type"] == "application/octet-stream"
    told_of = [reply.headers[f"x-neuronscope-{word}"] for word in ("variable", "dtype", "axes", "shape")]
    assert told_of == ["table", kind, "step,head", "3,2"]
    assert np.frombuffer(reply.content, kind).tolist() == [2, 3, 4, 5, 6, 7]
    odd = client.get(at, params={"variable": "odd", "format": "binary", **wanted})
    assert np.isnan(np.frombuffer(odd.content, kind)[0])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"variable": "odd", "format": "binary", "dtype": "i32"}, "odd does not fit i32"),
        ({"variable": "odd", "dtype": "f32"}, "is for raw numbers"),
        ({"variable": "odd", "format": "xml"}, "format='xml'"),
    ],
)
def test_raw_numbers_that_cannot_be_are_refused(
    query: dict[str, str], words: str, client: TestClient
) -> None:
    told = client.post("/api/v1/analyses/strange?wait=20", json={"steps": 5}).json()
    reply = client.get(f"/api/v1/results/{told['digest']}/values", params=query)
    assert reply.status_code == 422
    assert words in reply.json()["detail"]
