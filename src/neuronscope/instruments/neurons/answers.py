"""What does a record say about a token, an n-gram or a text, without another pass over the corpus?"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import xarray as xr

from neuronscope.data.corpora import REFERENCE, open_corpus
from neuronscope.instruments.neurons.gathering import SITE, gather_neurons
from neuronscope.instruments.neurons.state import Settings
from neuronscope.instruments.neurons.stretches import reading, stretches_of
from neuronscope.instruments.run import run
from neuronscope.maths.chance_of_means import effective_size, mean_chance, unit_correlation, value_chance
from neuronscope.models.model import Model
from neuronscope.words import BadInput, nearest

_ENTRY = ("ngram_first", "ngram_second", "ngram_third")
_SHORT = Settings(top_k=1, n_samples=0, context=64, table_megabytes=256)
_SHORT_TOKENS = 2048
_SINGLE = 1.5  # as many tokens or fewer are compared with single ones


@dataclass(frozen=True)
class Response:
    """The mean activation of every neuron [layer neuron] at some tokens, and what it is compared with.

    ``size`` is how many independent tokens they count as, ``error`` the standard error, NaN where unknown.
    """

    what: str
    count: int
    n_stretches: int
    mean: np.ndarray
    error: np.ndarray
    size: np.ndarray


class Record:
    """A record of all neurons, ready to be asked."""

    def __init__(self, model: Model, record: xr.Dataset | None) -> None:
        if record is None:
            corpus = open_corpus(REFERENCE)
            texts = reading(model, corpus, _SHORT_TOKENS, 0)
            record = gather_neurons(model, texts, _SHORT, corpus=corpus.name)
        if "top_activation" not in record or "ngram_mean" not in record:
            raise BadInput("This result is no record of all neurons: give one made by neuron_examples.")
        if record.attrs.get("model") != model.fingerprint:
            raise BadInput(
                f"This record is of another model than {model.name}: give one made with this model."
            )
        if model.standing is not None:
            model.standing.claim()  # the record was made with the changes that it is under
        self.model, self.data = model, record

    @property
    def count(self) -> int:
        """Return how many tokens the record has seen."""
        return int(self.data.attrs["n_tokens"])

    def value(self, name: str) -> np.ndarray:
        """Return one variable as an array."""
        return self.data[name].values

    @cached_property
    def correlation(self) -> np.ndarray:
        """Return how much activations in one stretch correlate [layer neuron]."""
        error, variance = self.value("mean_error"), self.value("variance")
        return unit_correlation(error, variance, self.count, int(self.data.attrs["n_stretches"]))

    @cached_property
    def _lines(self) -> dict[tuple[int, ...], int]:
        rows = zip(*(self.value(name).tolist() for name in _ENTRY), strict=True)
        return {tuple(token for token in row if token >= 0): line for line, row in enumerate(rows)}

    def ngram(self, text: str) -> Response | None:
        """Return the response to a token or n-gram, None where the table has no line for it."""
        line = self._lines.get(tuple(self._ids(text)))
        return None if line is None else self._of_lines(np.array([line]), repr(text))

    def matching(self, pattern: str) -> Response:
        """Return the response to all tokens whose text a regular expression is found in.

        Where it is found in no single token, pairs are looked at, then triples. Raises `BadInput` for a wrong
        expression and where nothing matches.
        """
        try:
            found = re.compile(pattern).search
        except re.error as error:
            raise BadInput(f"{pattern!r} is no regular expression: {error}.") from error
        texts, lengths = self.value("ngram_text").tolist(), self.value("ngram_length")
        fits = np.array([found(text) is not None for text in texts], bool)
        if not fits.any():
            raise BadInput(
                f"No token or n-gram of the record matches {pattern!r}: it has {len(texts)}, such as "
                f"{', '.join(map(repr, texts[:3]))}."
            )
        return self._of_lines(np.flatnonzero(fits & (lengths == lengths[fits].min())), f"/{pattern}/")

    def text(self, text: str) -> Response:
        """Return the response to a text that the record need not have seen, by running the model on it.

        The tokens that count are those that would count in the corpus. Raises `BadInput` for a text of a
        single token that the model has nothing before.
        """
        sums, count, n_stretches = np.zeros(self.value("mean").shape), 0, 0
        context = min(int(self.data.attrs["context"]), self.model.n_positions)
        for one in stretches_of(self.model, [text], context):
            seen = run(self.model, torch.tensor([one.tokens]), get=f"{SITE}.*")
            for place, layer in enumerate(self.value("layer").tolist()):
                values = seen[f"{SITE}.{layer}"][0, one.first : one.stop]
                sums[place] += values.double().sum(0).cpu().numpy()
            count, n_stretches = count + one.n_counted, n_stretches + 1
        if not count:
            raise BadInput(
                f"{text!r} has no token that counts, because nothing stands before it: write more."
            )
        size = effective_size(count, n_stretches, self.correlation)
        error = np.sqrt(self.value("variance") / size)
        return Response(repr(text), count, n_stretches, sums / count, error, size)

    def effect(self, response: Response) -> np.ndarray:
        """Return the difference from each neuron's mean over the corpus, in its standard deviations."""
        return (response.mean - self.value("mean")) / self._deviation

    def effect_error(self, response: Response) -> np.ndarray:
        """Return the standard error of the effect."""
        return response.error / self._deviation

    def chance(self, response: Response) -> np.ndarray:
        """Return the p that as many tokens drawn at random from the corpus have a mean as far out."""
        moments = (self.value("mean"), self.value("variance"), self.value("skewness"))
        ends = {"low": self.value("minimum"), "high": self.value("maximum")}
        p = mean_chance(response.mean, response.size, *moments, **ends)
        single = response.size < _SINGLE
        if single.any():
            counts, low, high = (self.value(n)[single] for n in ("histogram", "minimum", "maximum"))
            p[single] = value_chance(response.mean[single], counts, low, high)
        return p

    def chance_at(
        self, at: tuple[int, int], mean: np.ndarray, count: np.ndarray, n_stretches: np.ndarray
    ) -> np.ndarray:
        """Return the p of `chance` of one neuron at several n-grams, of each its mean and its counts."""
        size = effective_size(count, n_stretches, self.correlation[at])
        moments = (self.value(name)[at] for name in ("mean", "variance", "skewness"))
        ends = {"low": self.value("minimum")[at], "high": self.value("maximum")[at]}
        p = mean_chance(mean, size, *moments, **ends)
        alone = value_chance(mean, *(self.value(name)[at] for name in ("histogram", "minimum", "maximum")))
        return np.where(size < _SINGLE, alone, p)

    @cached_property
    def _deviation(self) -> np.ndarray:
        variance = self.value("variance")
        return np.sqrt(np.where(variance > 0, variance, np.inf))

    def _of_lines(self, lines: np.ndarray, what: str) -> Response:
        counts = self.value("ngram_count")[lines]
        stretches = int(min(self.value("ngram_stretches")[lines].sum(), self.data.attrs["n_stretches"]))
        weights = (counts / counts.sum())[:, None, None]
        mean = (weights * self.value("ngram_mean")[lines]).sum(0, dtype=float)
        error = np.sqrt(((weights * self.value("ngram_error")[lines]) ** 2).sum(0, dtype=float))
        size = effective_size(counts.sum(), stretches, self.correlation)
        return Response(what, int(counts.sum()), stretches, mean, error, size)

    def _ids(self, text: str) -> list[int]:
        tokenizer = self.model.tokenizer
        if tokenizer is None:
            raise BadInput(f"{self.model.name} has no tokenizer, so it knows no tokens by their text.")
        return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def respond(self, query: str, read_as: str) -> Response:
        """Return the response to a query, read as an n-gram where the record has it, else as a text.

        Raises `BadInput` where it is to be an n-gram and the record has no line for it.
        """
        if read_as == "pattern":
            return self.matching(query)
        found = self.ngram(query) if read_as != "text" else None
        if found is None and read_as == "ngram":
            texts = self.value("ngram_text").tolist()
            near = nearest(query, texts) or ""
            raise BadInput(
                f"The record has no line for {query!r}{near}; read it as a text, or gather more tokens "
                "with a smaller min_count."
            )
        return self.text(query) if found is None else found
