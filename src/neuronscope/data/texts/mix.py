"""The mix: which structures, how often, as documents.

The weights are fixed: a model trained on another mix is another model.
"""

from random import Random
from typing import Protocol

from . import agreement, arithmetic, facts, ordering, pairs, people, symbols
from .problem import Problem, Split


class Structure(Protocol):
    """A function that draws one problem."""

    def __call__(self, rng: Random, *, split: Split = "train") -> Problem:
        """Return one problem of the split."""
        ...


STRUCTURES: dict[str, tuple[Structure, float]] = {
    "indirect-object": (people.indirect_object, 7),
    "pronoun": (people.pronoun, 2),
    "gender": (people.gender, 1),
    "possession": (people.possession, 1),
    "agreement": (agreement.agreement, 7),
    "plurals": (agreement.plurals, 2),
    "number": (agreement.number, 1),
    "capital": (facts.capital, 4),
    "language": (facts.language, 2.5),
    "currency": (facts.currency, 2.5),
    "continent": (facts.continent, 2),
    "country-of": (facts.country_of, 3),
    "greater-than": (ordering.greater_than, 3),
    "series": (ordering.series, 1.5),
    "comparison": (ordering.comparison, 2),
    "one-digit-addition": (arithmetic.one_digit_addition, 5),
    "one-digit-subtraction": (arithmetic.one_digit_subtraction, 2),
    "mixed-arithmetic": (arithmetic.mixed_arithmetic, 5),
    "two-digit-addition": (arithmetic.two_digit_addition, 20),
    "two-digit-subtraction": (arithmetic.two_digit_subtraction, 6),
    "worked-steps": (arithmetic.worked_steps, 3),
    "logic": (symbols.logic, 2),
    "implication": (symbols.implication, 1.5),
    "brackets": (symbols.brackets, 1.5),
    "acronym": (symbols.acronym, 2),
    "repetition": (symbols.repetition, 4),
    "letter-repetition": (symbols.letter_repetition, 1.5),
    "mapping": (pairs.mapping, 2),
    "classification": (pairs.classification, 1),
    "antonyms": (pairs.antonyms, 1),
    "opposite": (pairs.opposite, 1),
    "sentiment": (pairs.sentiment, 1.5),
    "opinion": (pairs.opinion, 1.5),
    "docstring": (pairs.docstring, 2),
    "quotation": (symbols.quotation, 6),
    "reply": (people.reply, 5),
    "relative": (agreement.relative, 4),
    "story-sum": (arithmetic.story_sum, 5),
    "meeting": (people.meeting, 5),
    "nonsense": (symbols.nonsense, 5),
}
"""Each structure with its weight: the share of generated documents, in any unit."""

DOCUMENTATION_SHARE = 0.35
"""The share of training sequences that hold documentation; the others hold generated documents."""

_SEVERAL_SHARE = 0.2
_NAMES = tuple(STRUCTURES)


def draw(structure: str, rng: Random, *, split: Split = "train") -> Problem:
    """Return one problem of the structure called so."""
    return STRUCTURES[structure][0](rng, split=split)


def document(rng: Random, weights: dict[str, float] | None = None) -> str:
    """Return one generated training document: a problem, or now and then a few of one structure on lines.

    `weights` replaces the weights of the mix, for a later phase of a recipe.
    """
    shares = [(weights or {}).get(name, weight) for name, (_, weight) in STRUCTURES.items()]
    name = rng.choices(_NAMES, shares)[0]
    count = rng.randint(2, 4) if rng.random() < _SEVERAL_SHARE else 1
    return "\n".join(draw(name, rng).text for _ in range(count))


def problems(structure: str, count: int, *, seed: int, split: Split = "unseen") -> tuple[Problem, ...]:
    """Return `count` different problems of a structure, the same ones for the same seed.

    A split that has fewer gives fewer.
    """
    rng = Random(f"{seed}/{structure}/{split}")
    found: dict[str, Problem] = {}
    for _ in range(20 * count):
        problem = draw(structure, rng, split=split)
        found.setdefault(problem.prompt, problem)
        if len(found) == count:
            break
    return tuple(found.values())
