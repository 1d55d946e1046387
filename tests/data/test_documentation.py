"""The documentation corpus is plain, split by document, and says nothing long twice."""

from hashlib import sha256

from neuronscope.data.documentation import documentation, documentation_digest, documentation_split


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
