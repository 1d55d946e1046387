"""The store answers a question it was asked before, and never with anything but that answer."""

import json
import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from neuronscope.results import (
    NotStored,
    Store,
    TooLarge,
    digest,
    label,
    open_store,
    slice_of,
    values_of,
)
from neuronscope.words import BadInput
from tests.results.drawn import assert_same, datasets, trees
from tests.results.stored import answer, entry_of, key_of

drawn_so_far = count()
slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]  # on a busy machine
QUESTION: dict[str, Any] = {
    "analysis": "logit_lens",
    "version": 1,
    "arguments": {"prompt": "Paris is", "top_k": 5},
    "models": {"model": {"fingerprint": "ab12"}},
    "parents": {"reference": "cd34"},
    "code": "0.1",
}


@settings(deadline=None, max_examples=15, suppress_health_check=slow)
@given(sent=datasets() | trees())
def test_what_comes_out_equals_what_went_in(sent: xr.Dataset | xr.DataTree, store: Store) -> None:
    key = key_of(next(drawn_so_far))
    entry = store.put(key, sent)
    back = store.get(key)
    assert back is not None
    assert_same(back, sent)
    assert entry.digest == digest(sent)


def test_a_question_never_asked_has_no_answer_and_makes_no_folder(store: Store) -> None:
    assert store.get(key_of(1)) is None
    assert store.ls() == []
    assert store.gc().entries == ()
    assert not store.folder.exists()


def test_a_key_is_the_same_question_asked_in_any_order() -> None:
    turned: dict[str, Any] = dict(reversed(QUESTION.items())) | {
        "arguments": {"top_k": 5, "prompt": "Paris is"}
    }
    assert Store.key(**turned) == Store.key(**QUESTION)
    assert len(Store.key(**QUESTION)) == 64


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("analysis", "tuned_lens"),
        ("version", 2),
        ("code", "0.2"),
        ("arguments", {"prompt": "Paris is", "top_k": 6}),
        ("arguments", {"prompt": "Paris is", "top_k": "5"}),
        ("arguments", {"prompt": "Paris is", "top_k": True}),
        ("models", {"model": {"fingerprint": "ab13"}}),
        ("parents", {"reference": "cd35"}),
        ("parents", {}),
    ],
)
def test_a_key_changes_with_everything_that_the_answer_depends_on(part: str, other: object) -> None:
    changed: dict[str, Any] = QUESTION | {part: other}
    assert Store.key(**changed) != Store.key(**QUESTION)


def test_a_key_needs_plain_arguments() -> None:
    with pytest.raises(BadInput, match="A function is not plain data"):
        Store.key(analysis="a", version=1, arguments={"metric": key_of})


def test_the_first_answer_stays_and_another_is_told(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first = store.put(key_of(1), answer(1))
    assert store.put(key_of(1), answer(1)) == first
    assert caplog.text == ""
    assert store.put(key_of(1), answer(2)).digest == first.digest
    assert "now gives other values than those stored, which stay." in caplog.text
    assert len(store.ls()) == 1


def test_entries_are_listed_the_newest_first_with_what_they_are(store: Store) -> None:
    made = [store.put(key_of(number), answer(number)) for number in range(3)]
    assert store.ls() == made[::-1]
    newest = store.ls()[0]
    assert (newest.key, newest.analysis, newest.kind) == (key_of(2), "count", "grid")
    assert newest.digest == digest(answer(2))
    assert newest.title == "count · number=2"
    assert newest.bytes == sum(file.stat().st_size for file in entry_of(store, newest.key).rglob("*"))


def test_a_result_is_found_by_the_start_of_its_digest_or_its_key(store: Store) -> None:
    entry = store.put(key_of(1), answer(1))
    for prefix in (entry.digest, entry.digest[:5], entry.digest[:5].upper(), entry.key, entry.key[:9]):
        assert store.show(prefix) == entry
    assert_same(store.open(entry.digest[:6]), answer(1).assign_attrs(store.open(entry.digest).attrs))


def test_equal_answers_to_two_questions_have_one_digest_and_the_newest_is_shown(store: Store) -> None:
    store.put(key_of(1), answer(1))
    second = store.put(key_of(2), answer(1))
    assert store.show(second.digest) == second
    assert len(store.rm(second.digest)) == 2
    assert store.ls() == []


def test_what_the_store_does_not_have_is_said(store: Store) -> None:
    for number in range(20):
        store.put(key_of(number), label({}, value=("item", [number])))
    with pytest.raises(NotStored, match=r"The store has no result 'abcdef12'; `neuronscope store ls` lists"):
        store.show("abcdef12")
    with pytest.raises(NotStored, match=r"'lens\.nc' is no digest; `neuronscope store ls` lists"):
        store.open("lens.nc")
    starts = [entry.digest[0] for entry in store.ls()]
    shared = next(letter for letter in starts if starts.count(letter) > 1)
    with pytest.raises(BadInput, match=rf"'{shared}' fits \d+ results \(.*\); give more digits\."):
        store.show(shared)


def test_a_slice_is_read_without_the_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuronscope.results.zarr_folder.CHUNK_BYTES", 6 * 7 * 8)
    large = label(
        {"position": [f"p{place}" for place in range(7)]},
        activation=("layer neuron position", np.arange(210.0).reshape(5, 6, 7)),
        phase=("layer", np.exp(1j * np.arange(5))),
    )
    entry = store.put(key_of(1), large)
    chunks = entry_of(store, entry.key) / "values.zarr" / "activation"
    for layer in (0, 1, 2, 4):
        (chunks / f"{layer}.0.0").write_bytes(b"unread")
    part = store.open_slice(entry.digest, "activation", {"layer": 3, "position": "2:-3"})
    np.testing.assert_array_equal(part, large.activation[3, :, 2:4])
    assert values_of(part) == slice_of(large, "activation", {"layer": 3, "position": "2:-3"})
    assert part.position.values.tolist() == ["p2", "p3"]
    assert store.open_slice(entry.digest, "phase", {"layer": "-1"}).item() == np.exp(4j)


@settings(deadline=None, max_examples=15, suppress_health_check=slow)
@given(sent=datasets())
def test_a_stored_slice_equals_the_slice_of_the_whole(sent: xr.Dataset, store: Store) -> None:
    entry = store.put(key_of(next(drawn_so_far)), sent)
    for name, array in sent.variables.items():
        cut = {
            str(dim): 0 if place % 2 else slice(1, None)
            for place, dim in enumerate(array.dims)
            if array.sizes[dim]
        }
        stored = values_of(store.open_slice(entry.key, str(name), cut))
        assert json.dumps(stored) == json.dumps(slice_of(sent, str(name), cut))


def test_a_slice_of_a_tree_names_its_group(store: Store) -> None:
    entry = store.put(key_of(1), xr.DataTree.from_dict({"/scores": answer(1)}))
    assert store.open_slice(entry.key, "scores/probability", {"rank": 0}).shape == (2, 3)
    with pytest.raises(BadInput, match=r"The result has no group 'circuit'\."):
        store.open_slice(entry.key, "circuit/probability")


@pytest.mark.parametrize(
    ("variable", "selection", "sentence"),
    [
        ("probabilty", {}, "no variable 'probabilty'; did you mean 'probability'?"),
        ("probability", {"layer": 0}, "There is no axis 'layer' to cut; it has depth, position, rank."),
        ("probability", {"depth": 2}, "depth=2 is out of range; depth has 2 entries, so 0 to 1."),
    ],
)
def test_a_wrong_slice_is_refused_and_harms_nothing(
    variable: str, selection: dict, sentence: str, store: Store
) -> None:
    entry = store.put(key_of(1), answer(1))
    with pytest.raises(BadInput) as refusal:
        store.open_slice(entry.key, variable, selection)
    assert sentence in str(refusal.value)
    with pytest.raises(TooLarge, match="The slice holds 12 values and 5 fit one answer"):
        store.open_slice(entry.key, "probability", limit=5)
    assert store.get(entry.key) is not None


def test_old_results_go_and_used_ones_stay(store: Store) -> None:
    old, used, new = (store.put(key_of(number), answer(number)) for number in range(3))
    for entry in (old, used):
        month_ago = time.time() - 30 * 86400
        os.utime(entry_of(store, entry.key), (month_ago, month_ago))
    store.get(used.key)
    freed = store.gc(older_than_days=7)
    assert (freed.entries, freed.bytes) == ((old,), old.bytes)
    assert store.ls() == [new, used]


def test_the_longest_unused_go_until_the_rest_fits(store: Store) -> None:
    made = [store.put(key_of(number), answer(number)) for number in range(4)]
    for age, entry in enumerate(made):
        os.utime(entry_of(store, entry.key), (1e9 - age, 1e9 - age))
    freed = store.gc(keep_bytes=made[0].bytes + made[1].bytes)
    assert set(freed.entries) == {made[2], made[3]}
    assert {entry.key for entry in store.ls()} == {made[0].key, made[1].key}
    assert store.gc(keep_bytes=0).bytes == made[0].bytes + made[1].bytes
    assert store.ls() == []


def test_only_what_a_broken_run_left_long_ago_is_cleared(store: Store) -> None:
    store.put(key_of(1), answer(1))
    for name in ("fresh", "stale"):
        (store.folder / "unfinished" / name).mkdir(parents=True)
        (store.folder / "unfinished" / name / "half").write_bytes(b"12345")
    for path in (store.folder / "unfinished" / "stale", store.folder / "unfinished" / "stale" / "half"):
        os.utime(path, (1e9, 1e9))
    freed = store.gc()
    assert (freed.entries, freed.leftovers, freed.bytes) == ((), 1, 5)
    assert [path.name for path in (store.folder / "unfinished").iterdir()] == ["fresh"]
    assert len(store.ls()) == 1


def test_nonsense_limits_are_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="older_than_days and keep_bytes take 0 or more"):
        store.gc(older_than_days=-1)


def test_the_users_store_lies_in_their_home_of_neuronscope(
    home_of_its_own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert open_store().folder == home_of_its_own / "store"
    assert open_store(tmp_path / "mine").folder == tmp_path / "mine"
    monkeypatch.delenv("NEURONSCOPE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    if sys.platform == "linux":
        assert open_store().folder == tmp_path / "share" / "neuronscope" / "store"
    assert open_store().folder.parent.name == "neuronscope"
    assert not open_store().folder.exists()
