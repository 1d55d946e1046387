"""A corpus is the same documents in the same order every time, and each of them is on one side of a split."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronscope.data import readers
from neuronscope.data.corpora import Corpus, open_corpus, split
from neuronscope.data.documentation import documentation
from neuronscope.words import BadInput


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as refusal:
        ask()
    said = str(refusal.value)
    assert len(said) < 260
    assert "\n" not in said
    return said


def texts(name: str | Path) -> list[str]:
    return list(open_corpus(str(name)).documents())


def of(*documents: str) -> Corpus:
    return Corpus("some", lambda: documents)


def test_python_s_own_documentation_is_there_by_default() -> None:
    corpus = open_corpus()
    assert corpus.name == "documentation"
    assert corpus.n_documents == len(documentation())
    assert next(corpus.documents()) == documentation()[0].text


def test_a_text_is_one_document_or_as_many_as_its_boundaries_make(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("\ufeffA line.\n\nAnother.\n", encoding="utf-8")
    (tmp_path / "many.txt").write_text(
        "One.<|endoftext|>\nTwo.\n<|endoftext|>\n \n<|endoftext|>", encoding="utf-8"
    )
    assert texts(tmp_path / "one.txt") == ["A line.\n\nAnother.\n"]
    assert texts(tmp_path / "many.txt") == ["One.", "\nTwo.\n"]


def test_a_folder_is_its_texts_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name, text in (("b.txt", "B"), ("below/c.md", "C"), ("a.txt", "A"), ("picture.png", "\0")):
        (tmp_path / name).write_text(text)
    assert texts(tmp_path) == ["A", "B", "C"]


def test_json_lines_are_read_field_by_field(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(json.dumps({"text": f"t{n}", "story": f"s{n}"}) for n in range(3)) + "\n\n")
    assert texts(file) == ["t0", "t1", "t2"]
    assert texts(f"{file}:story") == ["s0", "s1", "s2"]
    assert open_corpus(f"{file}:story").fingerprint != open_corpus(str(file)).fingerprint


def test_the_fingerprint_is_of_the_documents_and_not_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One.<|endoftext|>Two.")
    (tmp_path / "b.jsonl").write_text('{"text": "One."}\n{"text": "Two."}\n')
    one, other = open_corpus(str(tmp_path / "a.txt")), open_corpus(str(tmp_path / "b.jsonl"))
    assert one.fingerprint == other.fingerprint
    assert of("One.", "Two.").fingerprint == one.fingerprint != of("One.Two.").fingerprint
    assert of("Two.", "One.").fingerprint != one.fingerprint
    assert one.n_documents == 2


def test_parquet_files_are_read_column_by_column(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "some.parquet"
    parquet.write_table(pyarrow.table({"text": ["One.", None, "Two."], "n": [1, 2, 3]}), file)
    assert texts(file) == ["One.", "Two."]
    assert "has no column 'txt'; did you mean 'text'?" in refused(lambda: texts(f"{file}:txt"))
    assert "Column 'n' of " in refused(lambda: texts(f"{file}:n"))
    (tmp_path / "bad.parquet").write_text("nothing")
    assert "is no Parquet file" in refused(lambda: texts(tmp_path / "bad.parquet"))


def test_a_data_set_of_the_hub_is_asked_for_by_split_and_column(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Table(dict):
        column_names: tuple[str, ...] = ("text", "story")

    def load_dataset(path: str, *, split: str) -> Table:
        asked.append((path, split))
        if path == "no/where":
            raise ConnectionError("no route\nto the hub")
        return Table(text=["One.", "Two."], story=["S."])

    monkeypatch.setattr(readers, "find_spec", lambda package: object())
    monkeypatch.setattr(readers, "import_module", lambda name: SimpleNamespace(load_dataset=load_dataset))
    assert texts("hf:some/stories") == ["One.", "Two."]
    assert texts("hf:some/stories:validation:story") == ["S."]
    assert set(asked) == {("some/stories", "train"), ("some/stories", "validation")}
    assert refused(lambda: texts("hf:no/where")) == "'no/where' (train) does not open: no route"
    assert "has no column 'tale'; it has text, story." in refused(lambda: texts("hf:some/stories:train:tale"))
    assert "is no data set: write hf:DATASET[:split][:column]" in refused(lambda: texts("hf:a:b:c:d"))


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "find_spec", lambda package: None)
    (tmp_path / "some.parquet").write_text("")
    assert refused(lambda: open_corpus(str(tmp_path / "some.parquet"))).endswith("pip install pyarrow.")
    assert refused(lambda: open_corpus("hf:some/stories")).endswith("pip install datasets.")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("nothing.txt", b"", "is empty: give a file with at least one document of text."),
        ("spaces.txt", b" \n\n<|endoftext|>\n", "is empty: give a file with at least one document of text."),
        ("nothing.jsonl", b"\n", "is empty: give a file with at least one document of text."),
        ("latin.txt", "Zürich".encode("latin-1"), "is no text in UTF-8 (byte 1): convert it."),
        ("some.json", b"[]", "is JSON: make it JSON Lines, one object a line, in a file FILE.jsonl."),
        ("broken.jsonl", b'{"text": "a"', "is no JSON Lines file in UTF-8: "),
        ("list.jsonl", b'["a"]', "is no object: write one such as "),
        ("field.jsonl", b'{"txt": "a"}', "has no field 'text'; did you mean 'txt'?"),
        ("other.jsonl", b'{"story": "a"}', "has no field 'text'; it has story."),
        ("number.jsonl", b'{"text": 3}', "holds no text in 'text'; it has text."),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, file: str, content: bytes, said: str) -> None:
    (tmp_path / file).write_bytes(content)
    assert said in refused(lambda: open_corpus(str(tmp_path / file)))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert refused(lambda: open_corpus("nowhere.txt")).startswith(
        "There is no corpus 'nowhere.txt': give a text"
    )
    assert "There is no corpus ''" in refused(lambda: open_corpus(""))
    (tmp_path / "empty").mkdir()
    assert "has no texts: give files that end in .txt" in refused(
        lambda: open_corpus(str(tmp_path / "empty"))
    )


@given(
    st.lists(st.text(min_size=1).filter(str.strip), min_size=2, unique=True),
    st.floats(0.01, 0.99),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=60)
def test_every_document_is_on_exactly_one_side(documents: list[str], share: float, seed: int) -> None:
    training, validation = split(of(*documents, *documents), share, seed=seed)
    sides = [list(part.documents()) for part in (training, validation)]
    assert all(sides)
    assert not set(sides[0]) & set(sides[1])
    assert sorted(sides[0] + sides[1]) == sorted(2 * documents)
    assert [list(part.documents()) for part in split(of(*documents, *documents), share, seed=seed)] == sides


def test_a_document_stays_on_its_side_when_others_come() -> None:
    few, many = [f"document {n}" for n in range(100)], [f"document {n}" for n in range(1000)]
    before, after = (set(split(of(*some), 0.2)[1].documents()) for some in (few, many))
    assert before == after & set(few)
    assert 150 < len(after) < 250
    assert after != set(split(of(*many), 0.2, seed=1)[1].documents())


def test_of_one_document_the_last_lines_are_kept() -> None:
    training, validation = split(of("".join(f"line {n}\n" for n in range(100))), 0.1)
    first, last = next(training.documents()), next(validation.documents())
    assert first + last == "".join(f"line {n}\n" for n in range(100))
    assert last.startswith("line 9")
    assert 0.08 < len(last) / len(first + last) <= 0.1
    assert [list(part.documents()) for part in split(of("abcdefghij"), 0.2)] == [["abcdefgh"], ["ij"]]


def test_what_cannot_be_split_is_said() -> None:
    assert "The share for validation is 1.0" in refused(lambda: split(of("a", "b"), 1.0))
    assert "are the same" in refused(lambda: split(of("a", "a"), 0.5))
    assert "is too short to keep some of it" in refused(lambda: split(of("a"), 0.5))
