"""Sentences of a treebank keep their words, their places and their arcs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neuronscope.data.treebank import sentences
from neuronscope.words import BadInput

ROW = "{}\t{}\t_\t_\t_\t_\t{}\t{}\t_\t_"
DOGS = "\n".join(
    [
        "# text = Dogs don't bark.",
        ROW.format(1, "Dogs", 4, "nsubj"),
        "2-3\tdon't" + "\t_" * 8,
        ROW.format(2, "do", 4, "aux"),
        ROW.format(3, "n't", 4, "advmod:neg"),
        ROW.format(4, "bark", 0, "root"),
        ROW.format(5, ".", 4, "punct"),
        "",
    ]
)


def test_words_stand_where_their_text_has_them(tmp_path: Path) -> None:
    (tmp_path / "dogs.conllu").write_text(DOGS)
    (found,) = sentences(tmp_path / "dogs.conllu")
    assert [found.text[start:stop] for start, stop in found.spans] == ["Dogs", "do", "n't", "bark", "."]
    assert found.heads == (3, 3, 3, -1, 3)
    assert found.relations == ("nsubj", "aux", "advmod", "root", "punct")


def test_a_part_that_is_written_otherwise_does_not_lose_the_words_behind_it(tmp_path: Path) -> None:
    rows = [
        "# text = Er geht zum Haus.",
        ROW.format(1, "Er", 2, "nsubj"),
        ROW.format(2, "geht", 0, "root"),
        "3-4\tzum" + "\t_" * 8,
        ROW.format(3, "zu", 5, "case"),
        ROW.format(4, "dem", 5, "det"),
        ROW.format(5, "Haus", 2, "obl"),
        ROW.format(6, ".", 2, "punct"),
        "",
    ]
    (tmp_path / "haus.conllu").write_text("\n".join(rows))
    (found,) = sentences(tmp_path / "haus.conllu")
    words = [found.text[start:stop] for start, stop in found.spans]
    assert words == ["Er", "geht", "zu", "u", "Haus", "."]


def test_a_sentence_whose_words_are_not_in_its_text_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "two.conllu").write_text(DOGS.replace("Dogs don't", "Cats don't") + "\n" + DOGS)
    assert len(list(sentences(tmp_path / "two.conllu"))) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("no columns\n", "line 1 is no CoNLL-U"), (DOGS.replace("\t4\t", "\tfour\t"), "line 2")],
)
def test_what_is_no_treebank_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.conllu").write_text(text)
    with pytest.raises(BadInput, match=words):
        list(sentences(tmp_path / "bad.conllu"))


def test_a_file_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match=r"There is no treebank 'nowhere.conllu'"):
        list(sentences("nowhere.conllu"))


def test_a_treebank_of_english_is_read_whole(test_data: Callable[[str], Path]) -> None:
    found = list(sentences(test_data("ud_ewt/en_ewt-ud-dev.conllu")))
    assert len(found) == 2001
    assert sum(relation == "nsubj" for one in found for relation in one.relations) == 2137
