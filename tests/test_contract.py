"""The contract: a function is read once, and what it says holds at every call."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest
import xarray as xr
from pydantic import Field

from neuronscope.contract import Result, analysis, ask, known_names, maker
from neuronscope.data.tasks import Task, open_task
from neuronscope.results import CannotStore, Store, digest, label, open_store, provenance, save, workplace
from neuronscope.words import BadInput, Metric, TopK

Text = Annotated[str, Field(min_length=1, description="Any text.")]
CALLS: list[str] = []


@analysis(kind="profile", cites="someone2020", version=3)
def letters(text: Text, *, top_k: TopK = 2) -> xr.Dataset:
    """Number the letters of a text.

    Returns ``code`` over position.

    >>> letters("a").code.values
    array([97])
    """
    CALLS.append(text)
    return label({}, code=("position", [ord(letter) for letter in text[:top_k]]))


@analysis(kind="profile")
def doubled(found: Result, *, metric: Metric = "log_probability") -> xr.Dataset:
    """Double the values of another result."""
    factor = metric(2) if callable(metric) else 2
    return label({}, code=("position", factor * found.code.values))


@analysis(kind="grid")
def liar() -> xr.Dataset:
    """Promise a grid and return a profile."""
    return label({}, code=("position", [1]))


@analysis(kind="profile")
def beside(text: Text, task: Task | None = None, found: Annotated[Result | None, "any"] = None) -> xr.Dataset:
    """Number the letters of a text, beside a task or a result or nothing."""
    CALLS.append(text)
    name = "" if task is None else task.name
    return label({}, code=("position", [ord(letter) for letter in text + name]))


@analysis(kind="profile")
def interrupted(text: Text) -> xr.Dataset:
    """Count how often it was begun, and break off the first time."""
    folder = workplace()
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"begun{len(list(folder.iterdir()))}").touch()
    if len(list(folder.iterdir())) < 2:
        raise InterruptedError
    return label({}, code=("position", [len(list(folder.iterdir()))]))


@maker()
def alphabet(out: Path, *, top_k: TopK = 2) -> Path:
    """Write letters into a folder."""
    Path(out).mkdir()
    (Path(out) / "letters.txt").write_text("abcdefghij"[:top_k])
    return Path(out)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_signature_is_the_form() -> None:
    form = letters.definition.form()
    assert (form["name"], form["sort"], form["kind"], form["version"]) == ("letters", "ask", "profile", 3)
    assert form["summary"] == "Number the letters of a text."
    assert form["help"] == "Returns ``code`` over position."
    assert form["parameters"]["required"] == ["text"]
    assert form["parameters"]["properties"]["top_k"]["maximum"] == 100
    assert form["parameters"]["properties"]["top_k"]["default"] == 2


def test_a_subject_is_known_by_its_type() -> None:
    form = doubled.definition.form()
    assert [(s["name"], s["type"], s["required"]) for s in form["subjects"]] == [("found", "Result", True)]
    assert "found" not in form["parameters"]["properties"]


def test_a_result_says_where_it_came_from() -> None:
    source = provenance(letters("abc"))
    assert (source["analysis"], source["version"]) == ("letters", 3)
    assert source["arguments"] == {"text": "abc", "top_k": 2}


def test_a_broken_promise_of_kind_is_an_error() -> None:
    with pytest.raises(TypeError, match="liar promised a grid but returned a profile"):
        liar()


def test_an_unknown_kind_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="Unknown kind 'heap'"):
        analysis(kind="heap")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": ""}, "letters: text is empty; give at least one character of text."),
        ({}, "letters needs a text."),
        ({"text": "a", "top_k": 0}, "letters: top_k=0 should be greater than or equal to 1."),
        ({"text": "a", "top_k": "many"}, "letters: top_k='many' should be a valid integer"),
        ({"text": "a", "topk": 1}, "letters has no parameter 'topk'; did you mean 'top_k'?"),
        ({"text": "a", "zebra": 1}, "letters has no parameter 'zebra'; it takes text, top_k."),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        ask(letters.definition, arguments)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


def test_a_missing_subject_is_asked_for() -> None:
    with pytest.raises(BadInput, match="doubled needs a found"):
        ask(doubled.definition, {})


def test_a_subject_that_is_no_name_is_refused() -> None:
    with pytest.raises(BadInput, match="found=3 is not a name"):
        ask(doubled.definition, {"found": 3})


def test_a_subject_may_be_left_out() -> None:
    form = beside.definition.form()
    assert [(s["name"], s["type"], s["required"]) for s in form["subjects"]] == [
        ("task", "Task", False),
        ("found", "Result", False),
    ]
    assert ask(beside.definition, {"text": "a"}).code.values.tolist() == [97]
    assert beside("a", None, found=None).code.values.tolist() == [97]
    assert len(ask(beside.definition, {"text": "a", "task": "capital"}).code) == 1 + len("capital")


def test_left_out_and_none_are_one_question(store: Store) -> None:
    CALLS.clear()
    first = ask(beside.definition, {"text": "a"}, store=store)
    again = ask(beside.definition, {"text": "a", "task": None}, store=store)
    assert CALLS == ["a"]
    assert provenance(first)["sources"] == {}
    assert digest(first) == digest(again)


def test_provenance_and_key_hold_the_name_and_fingerprint_of_a_task(store: Store) -> None:
    CALLS.clear()
    task = open_task("capital")
    asked = ask(beside.definition, {"text": "a", "task": "capital"}, store=store)
    assert provenance(asked)["sources"] == {"task": {"name": "capital", "fingerprint": task.fingerprint}}
    assert provenance(asked)["arguments"] == {"text": "a"}
    ask(beside.definition, {"text": "a", "task": task}, store=store)
    assert CALLS == ["a"]
    ask(beside.definition, {"text": "a", "task": replace(task, content="other")}, store=store)
    assert CALLS == ["a", "a"]


def test_a_task_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="There is no task 'capitol'; did you mean 'capital'"):
        ask(beside.definition, {"text": "a", "task": "capitol"})


def test_an_object_of_another_type_is_no_subject() -> None:
    with pytest.raises(BadInput, match=r"task is of type object, not Task\. Name of a task"):
        ask(beside.definition, {"text": "a", "task": object()})


def test_the_known_names_of_each_type_open() -> None:
    assert "builtin:scribe" in known_names("Model")
    assert known_names("Task")["capital"] == open_task("capital").summary
    assert known_names("Result") == {}
    with pytest.raises(BadInput, match=r"no type of subject 'Tusk'; there are .*Model, .*Result, Task"):
        known_names("Tusk")


def test_an_answer_that_the_disk_refuses_is_returned_with_a_warning(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise CannotStore(28, "The store cannot keep the result: No space left on device; free some space.")

    monkeypatch.setattr(Store, "put", full)
    answer = ask(letters.definition, {"text": "abc"}, store=store)
    assert answer.code.values.tolist() == [97, 98]
    assert "No space left on device" in caplog.text
    assert "The answer is not lost" in caplog.text


def test_a_store_that_cannot_be_read_does_not_stop_a_question(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object) -> None:
        raise CannotStore(13, "The store cannot be read: Permission denied; free some space.")

    monkeypatch.setattr(Store, "get", locked)
    assert ask(letters.definition, {"text": "abc"}, store=store).code.values.tolist() == [97, 98]
    assert "Permission denied" in caplog.text


def test_a_question_that_was_broken_off_finds_what_it_had_done(store: Store) -> None:
    with pytest.raises(InterruptedError):
        ask(interrupted.definition, {"text": "a"}, store=store)
    assert ask(interrupted.definition, {"text": "a"}, store=store).code.values.tolist() == [2]
    assert list((store.folder / "unfinished").iterdir()) == []
    assert workplace() is None


def test_asking_twice_costs_a_look_up(store: Store) -> None:
    CALLS.clear()
    first = ask(letters.definition, {"text": "abc"}, store=store)
    again = ask(letters.definition, {"text": "abc", "top_k": 2}, store=store)
    assert CALLS == ["abc"]
    xr.testing.assert_identical(first, again)
    ask(letters.definition, {"text": "abc", "top_k": 1}, store=store)
    assert CALLS == ["abc", "abc"]


def test_a_result_is_a_subject_by_file_and_names_its_parent(tmp_path: Path, store: Store) -> None:
    parent = letters("ab")
    save(parent, tmp_path / "letters.nc")
    child = ask(doubled.definition, {"found": str(tmp_path / "letters.nc")}, store=store)
    assert child.code.values.tolist() == [194, 196]
    assert provenance(child)["parents"] == {"found": digest(parent)}


def test_a_result_is_a_subject_by_its_digest_in_the_store() -> None:
    store = open_store()
    parent = ask(letters.definition, {"text": "ab"}, store=store)
    child = ask(doubled.definition, {"found": digest(parent)[:10]}, store=store)
    assert child.code.values.tolist() == [194, 196]


def test_python_may_give_a_function_where_the_doors_give_a_name(store: Store) -> None:
    parent = letters("ab")
    child = ask(doubled.definition, {"found": parent, "metric": lambda x: 10 * x}, store=store)
    assert child.code.values.tolist() == [1940, 1960]
    assert provenance(child)["arguments"]["metric"].startswith("python:")
    assert store.ls() == []


def test_a_maker_checks_its_parameters_and_returns_its_folder(tmp_path: Path) -> None:
    assert alphabet.definition.form()["sort"] == "make"
    assert (alphabet(tmp_path / "made", top_k=3) / "letters.txt").read_text() == "abc"
    with pytest.raises(BadInput, match="top_k=0"):
        alphabet(tmp_path / "other", top_k=0)
