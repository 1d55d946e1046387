"""Text becomes tokens and tokens the same text again."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from neuronscope.data.corpora import BOUNDARY
from neuronscope.learned.vocabulary import byte_pair_tokenizer, character_tokenizer

TEXTS = ("To be, or not to be:\n  that is the question!\n", "Zürich\tand 東京\r\n")
ALPHABET = sorted(set("".join(TEXTS)))
CHARACTERS = character_tokenizer(TEXTS, context=16)
PIECES = byte_pair_tokenizer(TEXTS, n_tokens=300, context=16)


@given(st.text(st.sampled_from(ALPHABET)))
def test_characters_are_one_token_each_and_come_back(text: str) -> None:
    tokens = CHARACTERS(text)["input_ids"]
    assert tokens == [1 + ALPHABET.index(character) for character in text]
    assert CHARACTERS.decode(tokens) == text


@given(st.text())
def test_every_text_comes_back_from_its_bytes(text: str) -> None:
    whole = text.replace(BOUNDARY, "").encode("utf-8", "ignore").decode()
    assert PIECES.decode(PIECES(whole, verbose=False)["input_ids"]) == whole


def test_an_unknown_character_is_the_boundary() -> None:
    assert CHARACTERS("aé")["input_ids"] == [1 + ALPHABET.index("a"), 0]
    assert CHARACTERS.convert_tokens_to_ids(BOUNDARY) == 0
    assert len(CHARACTERS) == len(ALPHABET) + 1
    assert CHARACTERS(BOUNDARY)["input_ids"] == [0]


def test_tokenizers_are_the_same_when_made_or_opened_again(tmp_path: Path) -> None:
    for name, tokenizer in (("characters", CHARACTERS), ("pieces", PIECES)):
        tokenizer.save_pretrained(tmp_path / name)
        opened = AutoTokenizer.from_pretrained(tmp_path / name)
        assert opened(TEXTS[0])["input_ids"] == tokenizer(TEXTS[0], verbose=False)["input_ids"]
        assert opened.decode(opened(TEXTS[0])["input_ids"]) == TEXTS[0]
    again = byte_pair_tokenizer(TEXTS, n_tokens=300, context=16)
    assert again.get_vocab() == PIECES.get_vocab()
