"""A lexicon is a list of phrases, each once, wherever it comes from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neuronscope.data.lexicons import LEXICONS, mined, phrases
from neuronscope.words import BadInput


@pytest.mark.parametrize("name", LEXICONS)
def test_our_lists_hold_a_few_hundred_phrases_without_stray_spaces(name: str) -> None:
    found = phrases(name)
    assert 300 <= len(found) <= 600
    assert len(set(found)) == len(found)
    assert all(phrase == " ".join(phrase.split()) for phrase in found)


def test_our_lists_are_about_different_things() -> None:
    one, other = (set(phrases(name)) for name in LEXICONS)
    assert {"plus", "how many are left"} <= one - other
    assert {"therefore", "if and only if"} <= other - one


def test_a_file_of_your_own_has_a_phrase_a_line(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("red\n\n  blue sky \nred\n", encoding="utf-8")
    assert phrases(str(tmp_path / "own.txt")) == ("red", "blue sky")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(BadInput, match="is empty: write a phrase on each line"):
        phrases(str(tmp_path / "own.txt"))


def test_a_name_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="There is no lexicon 'arithmetics'; did you mean 'arithmetic'"):
        phrases("arithmetics")


def solutions(path: Path, *answers: str) -> Path:
    path.write_text(
        "\n".join(json.dumps({"question": "?", "answer": one}) for one in answers), encoding="utf-8"
    )
    return path


def test_what_most_solutions_hold_comes_first_and_what_one_holds_is_left_out(tmp_path: Path) -> None:
    path = solutions(
        tmp_path / "own.jsonl",
        "He sold half of them, 48/2 = <<48/2=24>>24 clips.\n#### 24",
        "She sold half, 8/2 = <<8/2=4>>4 clips. She sold more.\n#### 4",
        "They gave half away.\n#### 1",
    )
    assert mined(path) == ("half", "clips", "sold", "sold half")
    assert mined(path, n=1) == ("half",)
    assert phrases(str(path), n_mined=2) == ("half", "clips")


def test_no_sequence_runs_through_a_number_or_a_sign(tmp_path: Path) -> None:
    path = solutions(tmp_path / "own.jsonl", *["apples 3 pears, plums don’t rot"] * 2)
    sequences = {"plums don't", "plums don't rot", "don't rot"}
    assert set(mined(path)) == sequences | {"apples", "pears", "plums", "don't", "rot"}


def test_no_sequence_begins_or_ends_with_a_little_word(tmp_path: Path) -> None:
    path = solutions(tmp_path / "own.jsonl", *["the number of apples is"] * 2)
    assert set(mined(path)) == {"number", "number of apples", "apples"}


def test_solutions_without_a_common_phrase_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no phrase that two of its solutions hold"):
        mined(solutions(tmp_path / "own.jsonl", "apples", "pears"))


def test_the_published_solutions_give_the_words_of_arithmetic(test_data: Callable[[str], Path]) -> None:
    found = mined(test_data("gsm8k/train.jsonl"), n=300)
    assert len(found) == 300
    assert {"total", "each", "half"} <= set(found)
    assert not any("<" in phrase or phrase[0].isdigit() for phrase in found)
