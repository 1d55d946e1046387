"""A seeded generator of short English texts whose structure is known.

Each structure is one function `(rng, *, split) -> Problem`; `mix.STRUCTURES` lists them with their weights.
"""

from .problem import Problem, Span, Split

__all__ = ["Problem", "Span", "Split"]
