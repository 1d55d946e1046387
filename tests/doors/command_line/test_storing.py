"""Looking after the store from a terminal."""

import json
from collections.abc import Callable

import pytest

from neuronscope.results import label, open_store, stamp

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def digests() -> list[str]:
    """Keep two small answers and return their digests, the older first."""
    kept = []
    for number in (1, 2):
        result = stamp(
            label({"layer": range(3)}, effect=("layer", [0.0, number, 2.0])),
            analysis="planted",
            arguments={"number": number},
            models={"model": {"name": "tiny", "fingerprint": "f" * 16}},
            seconds=0.25,
        )
        key = open_store().key(analysis="planted", version=1, arguments={"number": number})
        kept.append(open_store().put(key, result).digest)
    return kept


def test_an_empty_store_says_so(run: Run) -> None:
    assert run("store", "ls") == (0, "Nothing is stored yet.\n", "")
    assert run("store", "ls", "--json") == (0, "[]\n", "")


def test_every_result_is_listed_with_its_digest_and_question(run: Run, digests: list[str]) -> None:
    status, out, err = run("store", "ls")
    assert status == 0
    assert all(digest in out for digest in digests)
    assert out.count("planted · tiny · number=") == 2
    assert err.startswith("2 results, ")
    assert max(map(len, out.splitlines())) <= 80
    assert {entry["digest"] for entry in json.loads(run("store", "ls", "--json")[1])} == set(digests)


def test_one_result_says_where_it_came_from(run: Run, digests: list[str]) -> None:
    status, out, _ = run("store", "show", digests[0][:8])
    assert status == 0
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert ["number", "1"] in lines
    assert ["analysis", "planted, version 1"] in lines
    assert ["took", "0.25 s"] in lines
    facts = json.loads(run("store", "show", digests[0], "--json")[1])
    assert facts["digest"] == digests[0]
    assert facts["provenance"]["arguments"] == {"number": 1}


def test_a_result_is_removed_by_its_digest(run: Run, digests: list[str]) -> None:
    status, out, _ = run("store", "rm", digests[0])
    assert status == 0
    assert out.startswith(f"Removed {digests[0]}: planted")
    assert [entry.digest for entry in open_store().ls()] == [digests[1]]


def test_nothing_is_removed_where_one_of_several_is_not_there(run: Run, digests: list[str]) -> None:
    status, out, err = run("store", "rm", digests[0], "abcdefabcdef")
    assert (status, out) == (2, "")
    assert "has no result 'abcdefabcdef'" in err
    assert len(open_store().ls()) == 2


def test_gc_removes_only_what_it_is_told_to(run: Run, digests: list[str]) -> None:
    assert run("store", "gc")[1] == "Removed 0 results and 0 leftovers, 0.00 MB.\n"
    assert run("store", "gc", "--days", "1")[1].startswith("Removed 0 results")
    assert run("store", "gc", "--keep", "0")[1].startswith("Removed 2 results")
    assert open_store().ls() == []


def test_gc_counts_in_json_too(run: Run, digests: list[str]) -> None:
    freed = json.loads(run("store", "gc", "--keep", "0", "--json")[1])
    assert {entry["digest"] for entry in freed["entries"]} == set(digests)
