"""What must an explainer, a simulator and a scorer be able to do? Any object that does it will serve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from neuronscope.instruments.meaning.excerpts import Excerpt

__all__ = ["Excerpt", "Explainer", "Explanation", "Scorer", "Simulator", "Term"]


@dataclass(frozen=True)
class Term:
    """Tokens that stand one after the other, and the activation that is expected at the last of them."""

    tokens: tuple[str, ...]
    level: float


@dataclass(frozen=True)
class Explanation:
    """What a neuron responds to, in words; and in terms, the later before the earlier, where there are some.

    ``otherwise`` is the activation that is expected where no term ends.
    """

    text: str
    terms: tuple[Term, ...] = ()
    otherwise: float = 0.0


class Explainer(Protocol):
    """Whatever says what a neuron responds to."""

    def explain(self, examples: Sequence[Excerpt]) -> Explanation:
        """Return an explanation of what the neuron did in the examples."""
        ...


class Simulator(Protocol):
    """Whatever says what a neuron would do if its explanation were right."""

    def simulate(self, explanation: Explanation, tokens: Sequence[str]) -> Float[np.ndarray, " position"]:
        """Return the expected activation at each token, on any scale: only its course counts."""
        ...


class Scorer(Protocol):
    """Whatever says how near a simulation comes to the neuron."""

    def __call__(self, simulated: Sequence[np.ndarray], actual: Sequence[np.ndarray]) -> float:
        """Return one number for all excerpts together; higher is nearer."""
        ...
