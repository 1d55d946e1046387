"""Where does a model read from? Text of one's own, in files or data sets, document by document."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from typing import final

from neuronscope.data.documentation import documents, reference_topics
from neuronscope.data.readers import READERS, Source, named_source
from neuronscope.words import BadInput

DOCUMENTATION = "documentation"
REFERENCE = "reference"
BOUNDARY = "<|endoftext|>"
"""What stands between documents in a text file, and what tokenizers of ours write there."""


@final
class Corpus:
    """Documents with a name: text, in an order that never changes; read afresh each time, kept nowhere."""

    def __init__(self, name: str, read: Callable[[], Iterable[str]]) -> None:
        self.name = name
        self._read = read

    def __repr__(self) -> str:
        return f"Corpus({self.name!r})"

    def documents(self) -> Iterator[str]:
        """Yield the documents; what is nothing but spaces is left out. Raises `BadInput` as reading does."""
        return (text for text in self._read() if text and not text.isspace())

    @cached_property
    def _counted(self) -> tuple[int, str]:
        whole, n_documents = sha256(), 0
        for text in self.documents():
            whole.update(_digest(text))
            n_documents += 1
        return n_documents, whole.hexdigest()[:16]

    @property
    def n_documents(self) -> int:
        """Return how many documents there are."""
        return self._counted[0]

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits over all documents in their order."""
        return self._counted[1]


def open_corpus(name: str = DOCUMENTATION) -> Corpus:
    """Return a corpus by its name.

    ``name`` is `documentation` (Python's own, of the interpreter that runs), `reference` (its language
    reference alone, which is read at once), a text file (one document, or
    several with lines `<|endoftext|>` between them), a folder of text files (one document each), a JSON
    Lines file `FILE.jsonl[:field]`, a Parquet file `FILE.parquet[:column]`, or a Hugging Face data set
    `hf:DATASET[:split][:column]`; field and column are `text` and the split is `train` unless said. Parquet
    files need pyarrow and data sets need datasets.

    Raises `BadInput` in one sentence where there is no such file, field, column or package, where a file is
    no text, and where a corpus has no documents.

    >>> open_corpus("documentation").name
    'documentation'
    """
    if name == DOCUMENTATION:
        return Corpus(name, lambda: (page.text for page in documents()))
    if name == REFERENCE:
        return Corpus(name, lambda: (page.text for page in reference_topics()))
    source = named_source(name)
    corpus = Corpus(name, _documents_of(source))
    if next(corpus.documents(), None) is None:
        raise BadInput(f"The corpus {name!r} is empty: give a file with at least one document of text.")
    return corpus


def _documents_of(source: Source) -> Callable[[], Iterable[str]]:
    def read() -> Iterator[str]:
        for text in READERS[source.kind](source):
            yield from text.split(BOUNDARY) if source.kind in ("text", "folder") else (text,)

    return read


def split(corpus: Corpus, share: float = 0.1, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """Return a corpus in two parts, for training and for validation, whole documents in each.

    A document is kept for validation by the hash of its text and the seed, so that equal documents stay
    together and a document does not change sides when others come or go. Where chance would leave a side
    empty it gets the document whose hash is nearest; of a single document the last ``share``, cut at the end
    of a line, is kept. Raises `BadInput` for a share that is not above 0 and below 1, and where nothing can
    be cut.
    """
    if not 0 < share < 1:
        raise BadInput(f"The share for validation is {share}: give a number between 0 and 1, such as 0.1.")
    shares = [_hash_share(text, seed) for text in corpus.documents()]
    if len(shares) == 1:
        return _cut(corpus, share)
    different = sorted(set(shares))
    if len(different) < 2:
        raise BadInput(f"All documents of {corpus.name!r} are the same: a corpus to split needs two others.")
    limit = min(max(share, different[0]), (different[-2] + different[-1]) / 2)

    def part(*, validation: bool) -> Corpus:
        word = "validation" if validation else "training"
        return Corpus(
            f"{corpus.name} ({word} part)",
            lambda: (text for text in corpus.documents() if (_hash_share(text, seed) <= limit) == validation),
        )

    return part(validation=False), part(validation=True)


def _cut(corpus: Corpus, share: float) -> tuple[Corpus, Corpus]:
    whole = next(corpus.documents())
    wanted = round(len(whole) * (1 - share))
    place = whole.find("\n", wanted) + 1 or wanted
    if not whole[:place].strip() or not whole[place:].strip():
        place = wanted
    if not whole[:place].strip() or not whole[place:].strip():
        raise BadInput(f"The one document of {corpus.name!r} is too short to keep some of it for validation.")
    return (
        Corpus(f"{corpus.name} (training part)", lambda: (whole[:place],)),
        Corpus(f"{corpus.name} (validation part)", lambda: (whole[place:],)),
    )


def _hash_share(text: str, seed: int) -> float:
    """Return a number from 0 to 1 that depends on the text and the seed alone."""
    return int.from_bytes(sha256(f"{seed}/".encode() + _digest(text)).digest()[:7]) / 2**56


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
