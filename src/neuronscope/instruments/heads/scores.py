"""How much does each head do what induction needs? Scores on strings that go round, string by string."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from neuronscope.instruments.heads.reading import Patterns, measured_heads
from neuronscope.instruments.heads.repeated import RepeatedStrings
from neuronscope.maths.attention_measures import mass_on, repeated_arcs
from neuronscope.models.model import Model


@dataclass(frozen=True)
class RepeatScores:
    """Attention along the arcs that each string has, and along those that it had with another's period.

    ``induction`` leads to what followed the present token in earlier rounds, ``duplicate`` to its earlier
    places; the diagonal is the string with its own period. ``previous`` is the attention to the token before,
    and ``previous_null`` what it were if the keys behind the first were shuffled. ``alike`` tells which pairs
    of periods share arcs, one being a multiple of the other.
    """

    induction: Float[ndarray, "prompt other layer head"]
    duplicate: Float[ndarray, "prompt other layer head"]
    previous: Float[ndarray, "prompt layer head"]
    previous_null: Float[ndarray, "prompt layer head"]
    alike: Bool[ndarray, "prompt other"]


def repeat_scores(model: Model, strings: RepeatedStrings) -> RepeatScores:
    """Return the scores of all heads on all strings; no pattern is kept."""
    periods, place = np.unique(strings.period, return_inverse=True)
    n_tokens = strings.tokens.shape[1]
    arcs = {
        name: [repeated_arcs(n_tokens, int(period), first=strings.first, shift=shift) for period in periods]
        for name, shift in (("induction", 1), ("duplicate", 0))
    }

    def measure(part: Patterns) -> dict[str, ndarray]:
        found = {
            name: np.stack([mass_on(part.pattern, *one) for one in own], axis=-1)
            for name, own in arcs.items()
        }
        found["previous"], found["previous_null"] = previous_token(part.pattern, first=strings.first)
        return found

    seen = measured_heads(model, strings.prompts, measure)
    by_period = {name: np.moveaxis(seen[name][..., place], -1, 1) for name in arcs}
    own = strings.period
    alike = (own[:, None] % own == 0) | (own % own[:, None] == 0)
    return RepeatScores(
        by_period["induction"], by_period["duplicate"], seen["previous"], seen["previous_null"], alike
    )


def previous_token(
    pattern: Float[ndarray, "*head query key"], *, first: int = 0
) -> tuple[Float[ndarray, "*head"], Float[ndarray, "*head"]]:
    """Return the attention to the token before, and what it were with the keys behind the first shuffled.

    The mean is over the queries that see two keys or more behind the first key and behind special tokens.
    """
    n_tokens = pattern.shape[-1]
    place = np.arange(n_tokens)
    queries = place >= max(2, first + 1)
    before = place[:, None] - place == 1
    rest = pattern[..., 1:].sum(-1) / np.maximum(place, 1)
    score = mass_on(pattern, before, queries)
    counted = np.broadcast_to(queries, rest.shape)
    return score, np.where(counted, rest, 0.0).sum(-1) / counted.sum(-1)
