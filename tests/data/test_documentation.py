"""The documentation corpus is plain, split by document, and says nothing long twice."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from neuronscope.data import documentation as module
from neuronscope.data.documentation import (
    Document,
    documentation,
    documentation_digest,
    documentation_split,
    documents,
)


def test_documents_are_named_once_and_in_order() -> None:
    names = [page.name for page in documentation()]
    assert names == sorted(set(names))
    assert {"topic:lists", "module:json", "module:difflib"} <= set(names)
    assert not any(".test." in name or "idle_test" in name for name in names)


def test_text_is_plain_ascii_and_large_enough_to_learn_from() -> None:
    assert all(
        page.text.isascii() and "\t" not in page.text and page.text.strip() for page in documentation()
    )
    assert sum(len(page.text) for page in documentation()) > 1_500_000


def test_the_split_is_by_document_and_by_hash() -> None:
    training, validation = documentation_split(validation=False), documentation_split(validation=True)
    assert sorted((*training, *validation), key=lambda page: page.name) == list(documentation())
    assert 40 <= len(validation) <= 90
    first = int(sha256(validation[0].name.encode()).hexdigest()[:8], 16)
    assert first % 12 == 0


def test_no_long_paragraph_stands_in_both_parts() -> None:
    def paragraphs(validation: bool) -> set[str]:
        pages = documentation_split(validation=validation)
        found = {" ".join(paragraph.split()) for page in pages for paragraph in page.text.split("\n\n")}
        return {paragraph for paragraph in found if len(paragraph) >= 60}

    assert not paragraphs(True) & paragraphs(False)


def test_the_digest_covers_names_and_texts() -> None:
    whole = "".join(f"{page.name}\n{page.text}\0" for page in documentation())
    assert documentation_digest() == sha256(whole.encode()).hexdigest()


def test_reading_that_was_interrupted_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = [True]

    def pages() -> Iterator[Document]:
        for number in range(6):
            if number == 3 and interrupted:
                interrupted.clear()
                raise KeyboardInterrupt
            yield Document(f"topic:{number}", f"page {number}")

    monkeypatch.setattr(module, "_raw_documents", pages)
    monkeypatch.setattr(module, "_READING", module._Reading([], module._cleaned(pages()), module.Lock()))
    with pytest.raises(KeyboardInterrupt):
        list(documents())
    assert [page.name for page in documents()] == [f"topic:{number}" for number in range(6)]
    assert len(list(documents())) == 6
