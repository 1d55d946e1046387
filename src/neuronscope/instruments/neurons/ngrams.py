"""Which tokens, pairs and triples of tokens have a line of their own in the table of mean activations?"""

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuronscope.instruments.neurons.stretches import Stretch, token_keys

LONGEST = 3
_LOOKED_AT = 262_144  # tokens from which the most frequent ones are found


@dataclass(frozen=True)
class NgramIndex:
    """N-grams by row: their token ids [ngram 3], -1 where an n-gram is shorter; single tokens come first.

    ``complete`` says that every token of the vocabulary has a row.
    """

    tokens: np.ndarray
    vocab_size: int
    complete: bool

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> np.ndarray:
        """Return how many tokens each n-gram has."""
        return (self.tokens >= 0).sum(-1)

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits over all rows."""
        return hashlib.sha256(np.ascontiguousarray(self.tokens, np.int64).tobytes()).hexdigest()[:16]

    @cached_property
    def _lookups(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each length the codes in their order, and the row of each."""
        found = []
        for length in range(1, LONGEST + 1):
            rows = np.flatnonzero(self.lengths == length)
            codes = _codes(self.tokens[rows, :length], self.vocab_size)
            order = np.argsort(codes)
            found.append((codes[order], rows[order]))
        return found

    def rows_at(self, tokens: np.ndarray) -> np.ndarray:
        """Return the rows of the n-grams that end at each token [length position], -1 for none."""
        found = np.full((LONGEST, len(tokens)), -1)
        for length, (codes, rows) in enumerate(self._lookups, 1):
            if len(codes) and len(tokens) >= length:
                asked = _codes(_windows(tokens, length), self.vocab_size)
                place = np.searchsorted(codes, asked).clip(max=len(codes) - 1)
                found[length - 1, length - 1 :] = np.where(codes[place] == asked, rows[place], -1)
        return found

    def row_of(self, tokens: Iterable[int]) -> int | None:
        """Return the row of one n-gram, None where it has none."""
        ids = np.array(list(tokens), np.int64)
        if not 1 <= len(ids) <= LONGEST:
            return None
        row = int(self.rows_at(ids)[len(ids) - 1, -1])
        return None if row < 0 else row


def _windows(tokens: np.ndarray, length: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(tokens, length)


def _codes(tokens: np.ndarray, vocab_size: int) -> np.ndarray:
    """Return one whole number for each n-gram of equal length."""
    codes = np.zeros(len(tokens), np.int64)
    for place in range(tokens.shape[1]):
        codes = codes * vocab_size + tokens[:, place]
    return codes


def indexed(
    stretches: Iterable[Stretch], vocab_size: int, *, n_rows: int, min_count: int = 2, seed: int = 0
) -> NgramIndex:
    """Return an index of single tokens, then of tokens in a row, of at most ``n_rows`` rows.

    It holds the vocabulary where half of the rows suffice, else the most frequent tokens; the other rows go
    to the most frequent pairs and triples that occur ``min_count`` times. They are counted on stretches of
    about 260,000 tokens in all, drawn by hash, so that memory is bounded.
    """
    parts = [part for part in _some(stretches, seed) if len(part)]
    seen = np.concatenate(parts) if parts else np.empty(0, np.int64)
    counts = np.bincount(seen, minlength=vocab_size)
    complete = 2 * vocab_size <= n_rows
    if complete:
        single = np.arange(vocab_size)
    else:
        single = np.lexsort((np.arange(vocab_size), -counts))[: max(n_rows // 2, 1)]
        single = np.sort(single[counts[single] > 0])
    several: list[tuple[int, int, tuple[int, ...]]] = []
    for length in range(2, LONGEST + 1):
        windows = [_windows(part, length) for part in parts if len(part) >= length]
        if windows:
            found, times = np.unique(_codes(np.concatenate(windows), vocab_size), return_counts=True)
            often = times >= min_count
            several += [
                (-count, length, _decoded(code, length, vocab_size))
                for code, count in zip(found[often].tolist(), times[often].tolist(), strict=True)
            ]
    rows = [(int(token),) for token in single]
    kept = [(length, tokens) for _, length, tokens in sorted(several)[: max(n_rows - len(single), 0)]]
    rows += [tokens for _, tokens in sorted(kept)]
    table = np.full((len(rows), LONGEST), -1, np.int64)
    for row, tokens in enumerate(rows):
        table[row, : len(tokens)] = tokens
    return NgramIndex(table, vocab_size, complete)


def _decoded(code: int, length: int, vocab_size: int) -> tuple[int, ...]:
    tokens = []
    for _ in range(length):
        code, token = divmod(code, vocab_size)
        tokens.append(token)
    return tuple(reversed(tokens))


def _some(stretches: Iterable[Stretch], seed: int) -> list[np.ndarray]:
    """Return the words of the stretches with the smallest keys, as many as are looked at."""
    held: list[tuple[int, int, int, np.ndarray]] = []
    n_tokens = 0
    for number, one in enumerate(stretches):
        key = int(token_keys(one.document, one.start, seed)[0])
        words = np.array(one.tokens[slice(*one.words)], np.int64)
        heapq.heappush(held, (-key, -one.document, number, words))
        n_tokens += len(words)
        while n_tokens > _LOOKED_AT:
            n_tokens -= len(heapq.heappop(held)[-1])
    return [words for *_, words in held]
