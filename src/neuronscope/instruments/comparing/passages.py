"""What does a model read when no prompt was given? Stretches of a corpus, all of one length."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import torch
from jaxtyping import Int
from torch import Tensor

from neuronscope.data.corpora import REFERENCE, Corpus, open_corpus
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_CHARACTERS_PER_TOKEN = 8
_DOCUMENTS = 32


def passages(
    model: Model, corpus: Corpus | None = None, *, n: int = 32, n_tokens: int = 64, seed: int = 0
) -> list[Int[Tensor, " position"]]:
    """Return so many stretches of a corpus as token ids, each of ``n_tokens``, special tokens included.

    They are drawn by a hash of document, place and seed, so the same corpus gives the same ones; they begin
    at the start of a word, and none overlap. Of a corpus of many documents the first 32 are looked at, or as
    many as passages are wanted. Without a corpus it is Python's language reference. Raises `BadInput` for a
    model without a tokenizer, for passages longer than its context, and for a corpus with too little text.
    """
    if model.tokenizer is None:
        raise BadInput(f"{model.name} has no tokenizer, so it cannot read a corpus: give it token ids.")
    if not 1 <= n_tokens <= model.n_positions:
        raise BadInput(
            f"A passage of {n_tokens} tokens does not fit: this model reads 1 to {model.n_positions}."
        )
    source = open_corpus(REFERENCE) if corpus is None else corpus
    found: list[Tensor] = []
    for text in _drawn(source, max(n, _DOCUMENTS), n_tokens * _CHARACTERS_PER_TOKEN, seed):
        if len(found) == n:
            break
        ids = model.tokenizer(text, add_special_tokens=True, verbose=False)["input_ids"][:n_tokens]
        if len(ids) == n_tokens:
            found.append(torch.tensor(ids, dtype=torch.long, device=model.device))
    if len(found) < n:
        raise BadInput(
            f"{source.name!r} gives {len(found)} passages of {n_tokens} tokens, fewer than {n}: "
            "ask for fewer or shorter ones, or give more text."
        )
    return found


def _drawn(corpus: Corpus, n_documents: int, size: int, seed: int) -> Iterator[str]:
    """Yield stretches of so many characters in the order of their hashes, the last of a document shorter."""
    documents = list(islice(corpus.documents(), n_documents))
    places = []
    for number, text in enumerate(documents):
        own = sha256(f"{seed}/{text}".encode("utf-8", "surrogatepass")).digest()
        for start in range(0, len(text), size):
            places.append((sha256(own + start.to_bytes(8)).digest(), number, start))
    for _, number, start in sorted(places):
        text = documents[number][start : start + size]
        if start and not documents[number][start - 1].isspace():
            text = text.partition(" ")[2]
        if text.strip():
            yield text.lstrip()
