"""A downloaded file is the file that the other doors write."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fastapi.testclient import TestClient

from neuronscope import results, views
from neuronscope.contract import ask
from neuronscope.results import Store
from neuronscope.words import BadInput
from tests.doors.server.planted import PLANTED


@pytest.fixture
def kept(store: Store) -> xr.Dataset:
    """Put one result into the store."""
    return ask(PLANTED["squares"], {"steps": 5}, store=store)


@pytest.fixture
def address(kept: xr.Dataset) -> str:
    """Give the address of the result's exports."""
    return f"/api/v1/results/{results.digest(kept)}/export"


@pytest.mark.parametrize(
    ("format", "ending", "media"),
    [
        ("nc", ".nc", "application/x-netcdf"),
        ("zarr", ".zarr.zip", "application/zip"),
        ("json", ".json", "application/json"),
        ("npz", ".npz", "application/x-npz"),
    ],
)
def test_data_files_load_as_the_same_result(
    format: str, ending: str, media: str, client: TestClient, address: str, kept: xr.Dataset, tmp_path: Path
) -> None:
    reply = client.get(f"{address}?format={format}")
    assert reply.headers["content-type"].partition(";")[0] == media
    name = f"squares-{results.digest(kept)[:8]}{ending}"
    assert reply.headers["content-disposition"] == f'attachment; filename="{name}"'
    file = tmp_path / name
    file.write_bytes(reply.content)
    xr.testing.assert_identical(results.load(file), kept)


def test_a_table_has_a_row_for_each_value(client: TestClient, address: str) -> None:
    reply = client.get(f"{address}?format=csv")
    assert reply.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [float(row["square"]) for row in rows] == [0, 1, 4, 9, 16]


def test_a_result_of_several_tables_comes_as_all_of_them(client: TestClient, store: Store) -> None:
    two = results.label({}, first=("step", [1.0, 2.0]), other=("layer", [3.0]))
    two = results.stamp(two, analysis="squares")
    store.put(store.key(analysis="squares", version=1, arguments={}), two)
    reply = client.get(f"/api/v1/results/{results.digest(two)}/export?format=csv")
    assert reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(tables) == 2
    assert any("first" in text for text in tables.values())
    assert any("other" in text for text in tables.values())


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml")])
def test_pictures_are_those_that_views_draws(
    format: str, start: bytes, client: TestClient, address: str, kept: xr.Dataset
) -> None:
    reply = client.get(f"{address}?format={format}&theme=dark&variable=square")
    assert reply.content.startswith(start)
    assert reply.content == views.picture(views.figure(kept, variable="square", theme="dark"), format=format)


def test_the_page_is_the_one_that_views_writes(client: TestClient, address: str, kept: xr.Dataset) -> None:
    reply = client.get(f"{address}?format=html")
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["content-disposition"].startswith("attachment")
    assert reply.text == views.page(kept)


def test_a_file_that_was_fetched_before_is_not_sent_again(
    client: TestClient, address: str, kept: xr.Dataset
) -> None:
    tag = client.get(f"{address}?format=nc").headers["etag"]
    assert tag.startswith(f'"{results.digest(kept)}-')
    assert tag != client.get(f"{address}?format=npz").headers["etag"]
    again = client.get(f"{address}?format=nc", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{address}?format=nc", headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "lacks 'format'"),
        ("format=xlsx", "format='xlsx'"),
        ("format=nc&step=1", "A nc file holds the whole result; only png and svg take a variable and axes."),
        ("format=html&variable=square", "only png and svg"),
        ("format=png&variable=none", "'none'"),
        ("format=png&theme=sepia", "theme='sepia'"),
    ],
)
def test_a_wrong_export_is_refused_in_a_sentence(
    query: str, words: str, client: TestClient, address: str
) -> None:
    reply = client.get(f"{address}?{query}")
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


@pytest.mark.parametrize("format", ["nc", "zarr", "npz"])
def test_a_digest_gives_the_same_bytes_for_good(
    format: str, client: TestClient, address: str, store: Store, kept: xr.Dataset
) -> None:
    digest = results.digest(kept)
    first = client.get(f"{address}?format={format}")
    for file in (store.folder / "exports").iterdir():
        file.unlink()
    again = client.get(f"{address}?format={format}")
    assert first.content == again.content
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    short = client.get(f"{address.replace(digest, digest[:9])}?format={format}")
    assert (short.status_code, short.headers["cache-control"]) == (200, "private, no-cache")


def test_a_range_of_a_file_is_that_part_of_it(client: TestClient, address: str) -> None:
    whole = client.get(f"{address}?format=npz")
    part = client.get(f"{address}?format=npz", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    end = client.get(f"{address}?format=npz", headers={"range": "bytes=-5"})
    assert end.content == whole.content[-5:]


def test_the_head_of_a_file_is_had_alone(client: TestClient, address: str) -> None:
    whole, head = client.get(f"{address}?format=npz"), client.head(f"{address}?format=npz")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


def test_an_export_leaves_one_file_and_is_read_from_it_again(
    client: TestClient, address: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [client.get(f"{address}?format={format}").content for format in ("nc", "zarr", "csv", "json")]
    assert len(list((store.folder / "exports").iterdir())) == 4
    monkeypatch.setattr(results, "save", None)
    assert [client.get(f"{address}?format={each}").content for each in ("nc", "zarr", "csv", "json")] == first


def test_an_export_that_fails_leaves_no_file_behind(
    client: TestClient, address: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(result: xr.Dataset, path: Path) -> Path:
        path.write_text("half")
        raise BadInput(f"Cannot write {path.name!r}: No space left on device.")

    monkeypatch.setattr(results, "save", refuse)
    reply = client.get(f"{address}?format=nc")
    assert reply.status_code == 422
    assert "No space left" in reply.json()["detail"]
    assert list((store.folder / "exports").iterdir()) == []


def test_json_is_strict(client: TestClient, store: Store) -> None:
    odd = ask(PLANTED["strange"], {}, store=store)
    text = client.get(f"/api/v1/results/{results.digest(odd)}/export?format=json").text

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse)
    assert not np.isfinite(odd["odd"].values).all()


def test_lines_come_alone_or_zipped_with_their_arrays_and_the_rest(client: TestClient, store: Store) -> None:
    told = client.post("/api/v1/analyses/strange?wait=20", json={"steps": 3}).json()
    reply = client.get(f"/api/v1/results/{told['digest']}/export?format=jsonl")
    assert reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        stem = f"strange-{told['digest'][:8]}"
        assert sorted(archive.namelist()) == [f"{stem}.jsonl", f"{stem}.rest.json", f"{stem}.table.npy"]
        lines = [json.loads(line) for line in archive.read(f"{stem}.jsonl").splitlines()]
        assert [line["odd"] for line in lines] == [None, None, 2.0]
        table = np.load(io.BytesIO(archive.read(f"{stem}.table.npy")), allow_pickle=False)
        np.testing.assert_array_equal(table, store.open(told["digest"])["table"].values)
