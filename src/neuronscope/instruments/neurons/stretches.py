"""How does a corpus become rows that a model can run, each token with an identity of its own?

A stretch is up to ``context`` tokens of one document. A document is known by a hash of its text and a token
by its place there, so that it is the same token in whatever part of a corpus it is met.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuronscope.data.corpora import Corpus
from neuronscope.models.inputs import padding_side
from neuronscope.models.model import Model
from neuronscope.words import BadInput

Documents = Iterable[str] | Iterable[Sequence[int]]
_KEY_BITS = 52  # so that a key survives JSON
_PIECE = 1 << 16  # characters that are cut into tokens at once
_EXCERPTS = 32
_MEASURED = 20_000


@dataclass(frozen=True)
class Stretch:
    """Tokens that run as one row; those from ``first`` to ``stop`` count, the others are there for context.

    ``document`` is the key of the document and ``start`` the place there of the row's first token.
    """

    tokens: tuple[int, ...]
    first: int
    stop: int
    document: int
    start: int
    words: tuple[int, int] = field(default=(0, 0))
    """Where text begins and ends in the row, special tokens left out."""

    @property
    def n_counted(self) -> int:
        """Return how many tokens count."""
        return self.stop - self.first


def stretches_of(model: Model, documents: Documents, context: int) -> Iterator[Stretch]:
    """Yield the stretches of each document in their order.

    The first token of a stretch, or the special tokens that the model's tokenizer puts around a text, never
    count. Raises `BadInput` for documents that are neither text nor token ids of the model, and for text
    where it has no tokenizer.
    """
    if isinstance(documents, str):
        raise BadInput("A corpus is a list of documents: put the text of a single one into a list.")
    before, after = _special(model)
    for number, document in enumerate(documents):
        text = isinstance(document, str)
        around = (before, after) if text else ((), ())
        key, pieces = _read(model, document, number)
        size, start, held = context - len(around[0]) - len(around[1]), 0, list[int]()
        if size < 2:
            raise BadInput(
                f"context is {context}, but a stretch needs 2 tokens of text: choose a longer one."
            )
        for piece in pieces:
            held += piece
            while len(held) >= size:
                yield _stretch(held[:size], around, key, start)
                held, start = held[size:], start + size
        if len(held) + len(around[0]) > 1:
            yield _stretch(held, around, key, start)


def _stretch(tokens: list[int], around: tuple[Sequence[int], Sequence[int]], key: int, start: int) -> Stretch:
    before, after = around
    begin, end = len(before), len(before) + len(tokens)
    return Stretch((*before, *tokens, *after), begin or 1, end, key, start - begin, (begin, end))


def _read(model: Model, document: Any, number: int) -> tuple[int, Iterator[list[int]]]:
    """Return the key of a document and its token ids piece by piece."""
    if isinstance(document, str):
        if model.tokenizer is None:
            raise BadInput(f"{model.name} has no tokenizer, so it cannot read text: give token ids.")
        return document_key(document.encode("utf-8", "surrogatepass")), _pieces(model, document)
    try:
        ids = [int(token) for token in document]
    except (TypeError, ValueError) as error:
        raise BadInput(f"Document {number} is neither text nor token ids: {document!r:.60}.") from error
    wrong = next((token for token in ids if not 0 <= token < model.vocab_size), None)
    if wrong is not None:
        raise BadInput(
            f"Document {number} holds token {wrong}, but they run from 0 to {model.vocab_size - 1}."
        )
    return document_key(array("q", ids).tobytes()), iter([ids])


def _pieces(model: Model, text: str) -> Iterator[list[int]]:
    begin = 0
    while begin < len(text):
        end = begin + _PIECE
        if end < len(text):
            space = max(text.rfind(" ", begin + 1, end), text.rfind("\n", begin + 1, end))
            end = space if space > begin else end
        piece = text[begin:end]
        yield list(model.tokenizer(piece, add_special_tokens=False, verbose=False)["input_ids"])
        begin = end


def _special(model: Model) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the special tokens that the tokenizer puts before and after a text."""
    if model.tokenizer is None:
        return (), ()
    bare, full = (
        list(model.tokenizer("a", add_special_tokens=special, verbose=False)["input_ids"])
        for special in (False, True)
    )
    at = next((i for i in range(len(full) + 1) if full[i : i + len(bare)] == bare), 0)
    return tuple(full[:at]), tuple(full[at + len(bare) :])


def together(model: Model, stretches: Iterable[Stretch], tokens_per_pass: int) -> Iterator[list[Stretch]]:
    """Yield the stretches in their order, as many together as fit a pass, padding included.

    A model that no padding suits runs stretches of one length together.
    """
    group: list[Stretch] = []
    widest = 0
    for one in stretches:
        length = len(one.tokens)
        full = max(widest, length) * (len(group) + 1) > tokens_per_pass
        if group and (full or (length != len(group[0].tokens) and padding_side(model) is None)):
            yield group
            group, widest = [], 0
        group.append(one)
        widest = max(widest, length)
    if group:
        yield group


def document_key(content: bytes) -> int:
    """Return the number by which a document is known: 52 bits of a hash of its content."""
    return int.from_bytes(hashlib.sha256(content).digest()[:8]) >> (64 - _KEY_BITS)


def token_keys(document: int, positions: Any, seed: int) -> np.ndarray:
    """Return for tokens of a document numbers that look random and depend on place and seed alone, int64."""
    places = np.atleast_1d(np.asarray(positions)).astype(np.int64).view(np.uint64)
    start = _mixed(np.array([document], np.uint64) ^ _mixed(np.array([seed + 1], np.uint64)))
    return (_mixed(start + places * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(1)).view(np.int64)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Mix the bits of whole numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class Excerpts:
    """About so many tokens of a corpus: documents drawn by hash, of a long one an excerpt."""

    def __init__(self, model: Model, corpus: Corpus, n_tokens: int, seed: int) -> None:
        self._corpus, self._seed = corpus, seed
        drawn = sorted(
            (self._hash(text), len(text), number) for number, text in enumerate(corpus.documents())
        )
        wanted = n_tokens * self._characters_per_token(model, {number for _, _, number in drawn[:8]})
        self._most = max(int(wanted / _EXCERPTS), 400)
        self._chosen: set[int] = set()
        for _, length, number in drawn:
            if wanted <= 0:
                break
            self._chosen.add(number)
            wanted -= min(length, self._most)

    def __iter__(self) -> Iterator[str]:
        for number, text in enumerate(self._corpus.documents()):
            if number in self._chosen:
                yield self._excerpt(text)

    def _hash(self, text: str) -> int:
        return int.from_bytes(
            hashlib.sha256(f"{self._seed}/{text}".encode("utf-8", "surrogatepass")).digest()[:8]
        )

    def _excerpt(self, text: str) -> str:
        """Return a document, or as much of a long one as is wanted, from the start of a line or word."""
        if len(text) <= self._most:
            return text
        begin = self._hash(text) % (len(text) - self._most + 1)
        part = text[begin : begin + self._most]
        if begin and not text[begin - 1].isspace():
            part = part.partition("\n")[2] or part.partition(" ")[2] or part
        return part

    def _characters_per_token(self, model: Model, numbers: set[int]) -> float:
        if model.tokenizer is None:
            raise BadInput(f"{model.name} has no tokenizer, so it cannot read a corpus: give it token ids.")
        texts = [text for number, text in enumerate(self._corpus.documents()) if number in numbers]
        texts = [text[:_MEASURED] for text in texts]
        n_tokens = sum(len(ids) for text in texts for ids in _pieces(model, text))
        return sum(map(len, texts)) / max(n_tokens, 1)


def reading(model: Model, corpus: Corpus, n_tokens: int, seed: int) -> Iterable[str]:
    """Return the documents to read: all of a corpus where ``n_tokens`` is 0, else excerpts of some."""
    return Excerpts(model, corpus, n_tokens, seed) if n_tokens else _Whole(corpus)


class _Whole:
    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __iter__(self) -> Iterator[str]:
        return self._corpus.documents()
