"""How does a corpus become passes and shards, the same ones every time?

All of it is a function of the corpus and the settings alone, so that a killed harvest that starts again runs
the very batches that it would have run.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from neuronscope.models.inputs import padding_side
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Corpus = Tensor | Iterable[str] | Iterable[Sequence[int]]


@dataclass(frozen=True)
class Together:
    """Documents that run in one pass, the number of the first, and which positions of each are kept."""

    first: int
    documents: tuple[list[int], ...]
    kept: tuple[range, ...]

    @property
    def n_rows(self) -> int:
        """Return how many tokens are kept."""
        return sum(map(len, self.kept))


@dataclass(frozen=True)
class Portion:
    """The passes that fill one shard, and a digest of the corpus from its first document to their last."""

    number: int
    passes: tuple[Together, ...]
    digest: str

    @property
    def n_rows(self) -> int:
        """Return how many rows the shard has."""
        return sum(one.n_rows for one in self.passes)

    @property
    def n_documents(self) -> int:
        """Return how many documents it holds."""
        return sum(len(one.documents) for one in self.passes)


def documents_of(model: Model, corpus: Corpus) -> Iterator[list[int]]:
    """Yield each document as token ids.

    Raises `BadInput` for a corpus that is no list of documents, and with the number of a document that the
    model cannot read.
    """
    if isinstance(corpus, str) or (isinstance(corpus, Tensor) and corpus.dim() != 2):
        raise BadInput("A corpus is a list of prompts or of token ids, or a tensor [document position].")
    for number, document in enumerate(corpus):
        if isinstance(document, int):
            raise BadInput("A corpus is a list of documents: put the token ids of a single one into a list.")
        try:
            given = document.tolist() if isinstance(document, Tensor) else document
            yield model.tokenize(given).tolist()
        except BadInput as error:
            raise BadInput(f"Document {number}: {error}") from error


def passes_of(
    model: Model, documents: Iterable[list[int]], site: Site, tokens_per_pass: int
) -> Iterator[Together]:
    """Yield the documents in their order, as many together as fit, padding included.

    A model that no padding suits runs documents of one length together. Raises `BadInput` for a document
    without the position that the site names.
    """
    group: list[list[int]] = []
    first = widest = 0
    for document in documents:
        full = max(widest, len(document)) * (len(group) + 1) > tokens_per_pass
        if group and (full or (len(document) != len(group[0]) and padding_side(model) is None)):
            yield _together(first, group, site)
            first, widest, group = first + len(group), 0, []
        group.append(document)
        widest = max(widest, len(document))
    if group:
        yield _together(first, group, site)


def _together(first: int, group: Sequence[list[int]], site: Site) -> Together:
    kept = tuple(_kept(site, len(document), first + place) for place, document in enumerate(group))
    return Together(first, tuple(group), kept)


def _kept(site: Site, length: int, number: int) -> range:
    asked = site.position
    if not isinstance(asked, int):
        return range(length)[asked if isinstance(asked, slice) else slice(None)]
    if not -length <= asked < length:
        raise BadInput(f"Document {number} has {length} tokens, so {site} is not in it: leave it out.")
    return range(asked % length, asked % length + 1)


def portions_of(passes: Iterable[Together], tokens_per_shard: int) -> Iterator[Portion]:
    """Yield the passes shard by shard: a shard is full with the pass that reaches this many rows."""
    digest, number, n_rows = hashlib.sha256(), 0, 0
    group: list[Together] = []
    for one in passes:
        for document in one.documents:
            digest.update(array("q", [len(document), *document]).tobytes())
        group.append(one)
        n_rows += one.n_rows
        if n_rows >= tokens_per_shard:
            yield Portion(number, tuple(group), digest.hexdigest())
            number, n_rows, group = number + 1, 0, []
    if group:
        yield Portion(number, tuple(group), digest.hexdigest())
