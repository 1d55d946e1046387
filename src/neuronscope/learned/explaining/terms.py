"""Which tokens, or which few words in a row, does a neuron respond to? Explanations that need no model."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from re import escape

import numpy as np
from jaxtyping import Float

from neuronscope.learned.explaining.protocols import Excerpt, Explanation, Term
from neuronscope.words import BadInput

_NAMED = 5


class TermSimulator:
    """Give each token the level of the last term that ends there, and the rest what is expected otherwise."""

    def simulate(self, explanation: Explanation, tokens: Sequence[str]) -> Float[np.ndarray, " position"]:
        """Return the expected activation at each token."""
        level = {term.tokens: (rank, term.level) for rank, term in enumerate(explanation.terms)}
        lengths = sorted({len(term.tokens) for term in explanation.terms})
        expected = np.full(len(tokens), explanation.otherwise)
        for place in range(len(tokens)):
            ending = (tuple(tokens[place + 1 - n : place + 1]) for n in lengths if n <= place + 1)
            met = [level[term] for term in ending if term in level]
            if met:
                expected[place] = max(met)[1]
        return expected


class TokenTable(TermSimulator):
    """Explain a neuron by its mean activation on each token: the baseline that words have to beat.

    A token that was not among the examples gets the mean over all of them.
    """

    def explain(self, examples: Sequence[Excerpt]) -> Explanation:
        """Return every token of the examples with its mean activation, the highest first."""
        activations = _together(examples)
        by_token: defaultdict[str, list[float]] = defaultdict(list)
        tokens = [token for example in examples for token in example.tokens]
        for token, activation in zip(tokens, activations.tolist(), strict=True):
            by_token[token].append(activation)
        means = {token: float(np.mean(values)) for token, values in by_token.items()}
        highest = sorted(means, key=lambda token: (-means[token], token))
        terms = [Term((token,), means[token]) for token in highest]
        named = ", ".join(f"{term.tokens[0]!r} ({term.level:.3g})" for term in terms[:_NAMED])
        return Explanation(f"Most active on {named}.", tuple(terms), float(activations.mean()))


@dataclass(frozen=True)
class PhraseRule(TermSimulator):
    """Explain a neuron by a few phrases of one to ``longest`` tokens, at whose end it is active.

    Phrases are taken one by one, each time the one that removes most of the squared error left; a later
    one goes before an earlier one. A phrase has to be met ``least`` times.
    """

    longest: int = 3
    most: int = 8
    least: int = 2

    def explain(self, examples: Sequence[Excerpt]) -> Explanation:
        """Return the phrases in the order in which they were taken, written as one regular expression."""
        activations = _together(examples)
        met = {phrase: places for phrase, places in self._met(examples).items() if len(places) >= self.least}
        phrases = sorted(met)
        where = {phrase: np.array(met[phrase]) for phrase in phrases}
        level = {phrase: float(activations[where[phrase]].mean()) for phrase in phrases}
        expected = np.full(len(activations), activations.mean())
        left = np.ones(len(activations), dtype=bool)
        terms: list[Term] = []
        for _ in range(self.most):
            gains = {phrase: _gain(activations, expected, where[phrase], level[phrase]) for phrase in phrases}
            best = max(phrases, key=lambda phrase: gains[phrase], default=None)
            if best is None or gains[best] <= 1e-12 * float(activations @ activations):
                break
            expected[where[best]], left[where[best]] = level[best], False
            terms.append(Term(best, level[best]))
        otherwise = float(activations[left].mean() if left.any() else activations.mean())
        return Explanation(_rule(terms, otherwise), tuple(terms), otherwise)

    def _met(self, examples: Sequence[Excerpt]) -> dict[tuple[str, ...], list[int]]:
        met: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        start = 0
        for example in examples:
            for place in range(len(example.tokens)):
                for n in range(1, min(self.longest, place + 1) + 1):
                    met[tuple(example.tokens[place + 1 - n : place + 1])].append(start + place)
            start += len(example.tokens)
        return met


def _together(examples: Sequence[Excerpt]) -> Float[np.ndarray, " position"]:
    if not examples:
        raise BadInput("An explanation needs examples, but there is none: give at least one excerpt.")
    return np.concatenate([np.asarray(example.activations, dtype=float) for example in examples])


def _gain(activations: np.ndarray, expected: np.ndarray, places: np.ndarray, level: float) -> float:
    actual = activations[places]
    return float(((actual - expected[places]) ** 2).sum() - ((actual - level) ** 2).sum())


def _rule(terms: Sequence[Term], otherwise: float) -> str:
    active = [term for term in terms if term.level > otherwise]
    if not active:
        return "No phrase of the examples goes with a higher activation."
    phrases = "|".join(_pattern("".join(term.tokens)) for term in active)
    return f"Active at the end of (?:{phrases})"


def _pattern(text: str) -> str:
    """Return a regular expression of exactly this text that stands on one line and keeps its spaces bare."""
    return escape(text).replace("\\ ", " ").replace("\\\n", "\\n").replace("\\\t", "\\t")
