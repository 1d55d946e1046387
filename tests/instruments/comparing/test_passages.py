"""Passages are the same every time, of one length, and out of the corpus."""

from itertools import pairwise
from pathlib import Path

import pytest

from neuronscope.data.corpora import Corpus, open_corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def read(model: Model, **options: int) -> list[str]:
    return ["".join(model.token_texts(ids)) for ids in passages(model, **options)]


def test_the_same_seed_draws_the_same_passages_and_another_others(scribe: Model) -> None:
    first = read(scribe, n=6, n_tokens=20)
    assert first == read(scribe, n=6, n_tokens=20) == read(scribe, n=12, n_tokens=20)[:6]
    assert first != read(scribe, n=6, n_tokens=20, seed=1)
    assert {len(ids) for ids in passages(scribe, n=6, n_tokens=20)} == {20}


def test_passages_stand_in_the_corpus_and_do_not_overlap(scribe: Model, tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text(" ".join(f"item{number}" for number in range(4000)), encoding="utf-8")
    corpus = open_corpus(str(file))
    found = passages(scribe, corpus, n=10, n_tokens=32)
    texts = ["".join(scribe.token_texts(ids)).strip() for ids in found]
    whole = file.read_text(encoding="utf-8")
    places = sorted((whole.index(text), whole.index(text) + len(text)) for text in texts)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_what_cannot_be_read_is_refused_in_words(scribe: Model) -> None:
    with pytest.raises(BadInput, match="gives 0 passages of 64 tokens, fewer than 2"):
        passages(scribe, Corpus("short", lambda: ["one line"]), n=2)
    with pytest.raises(BadInput, match="does not fit: this model reads 1 to 256"):
        passages(scribe, n_tokens=1000)
    with pytest.raises(BadInput, match="has no tokenizer"):
        passages(Model(scribe.hf, name="bare"), n_tokens=4)
