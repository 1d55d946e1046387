"""Does a claim follow? Facts and rules of propositional logic, and a claim that is true or false."""

from collections.abc import Iterator
from functools import cache
from heapq import nsmallest
from itertools import permutations
from typing import NamedTuple

from neuronscope.data.texts.problem import digest, pool
from neuronscope.data.texts.symbols import LOGIC
from neuronscope.data.texts.words import CAPITALS

from .pair import Dice, Pair, Split
from .task import Task

KEPT_BACK = pool(CAPITALS, 0, "unseen")
"""The letters that the text generator never uses in logic; each of our problems has one of them."""


class Premises(NamedTuple):
    """Facts and rules, how a claim is worded, and the letters of which it is true and false."""

    form: str
    facts: str
    claim: str
    true_of: str
    false_of: str


# The facts in each order over the letters a to d, a claim about the letter that is asked, and the letters of
# which that claim is true and false.
_FORMS = {
    "fact": (("{a} is true. {b} is false.", "{b} is false. {a} is true."), "{asked}", "a", "b"),
    "negation": (("{a} is true. {b} is false.", "{b} is false. {a} is true."), "not {asked}", "b", "a"),
    "conjunction": (("{a} is true. {b} is true. {c} is false.",), "{known} and {asked}", "b", "c"),
    "disjunction": (("{a} is false. {b} is true. {c} is false.",), "{known} or {asked}", "b", "c"),
    "modus-ponens": (("If {a} then {b}. {a} is true. {c} is false.",), "{asked}", "b", "c"),
    "modus-tollens": (("If {a} then {b}. {b} is false. {c} is true.",), "{asked}", "c", "a"),
    "elimination": (("{a} or {b}. {a} is false. {c} is false.",), "{asked}", "b", "c"),
    "chain": (("If {a} then {b}. If {b} then {c}. {a} is true. {d} is false.",), "{asked}", "c", "d"),
    "backwards": (("If {a} then {b}. If {b} then {c}. {c} is false. {d} is true.",), "{asked}", "d", "a"),
    "two-rules": (("If {a} then {b}. If {c} then {d}. {a} is true. {d} is false.",), "{asked}", "b", "c"),
}
# Of every form, and two problems to each: the claim that is true and the one that is false.
_N_VALIDATION, _N_TRAINING = 25, 250


@cache
def premises(split: Split) -> tuple[Premises, ...]:
    """Return the premises of a split, dealt by their hash within each form."""
    start, end = {
        "validation": (0, _N_VALIDATION),
        "train": (_N_VALIDATION, _N_VALIDATION + _N_TRAINING),
    }.get(split, (0, _N_VALIDATION + _N_TRAINING))
    return tuple(found for form in _FORMS for found in _dealt(form)[start:end])


@cache
def _dealt(form: str) -> list[Premises]:
    return nsmallest(
        _N_VALIDATION + _N_TRAINING, _every(form), key=lambda found: digest(found.facts + found.claim)
    )


def _every(form: str) -> Iterator[Premises]:
    """Yield the premises of a form over all letters; one of the first two letters is kept back."""
    orders, claim, true_of, false_of = _FORMS[form]
    n_letters = 1 + max(index for index, slot in enumerate("abcd") if "{" + slot + "}" in orders[0])
    for letters in permutations(CAPITALS, n_letters):
        if letters[0] not in KEPT_BACK and (n_letters > 2 or letters[1] not in KEPT_BACK):
            continue
        named = dict(zip("abcd", letters, strict=False))
        known = claim.replace("{known}", named["a"])
        for order in orders:
            yield Premises(form, order.format(**named), known, named[true_of], named[false_of])


def draw(dice: Dice) -> Pair:
    """Return premises and a claim up to its truth value; the twin claims the same of another letter.

    The asked letter alone changes, and the premises settle both claims with opposite values (the query is
    replaced as in Hong et al. 2024, arXiv:2411.04105). By hash each form has 25 premises for `validation` and
    250 for `train`, which makes 500 and 5,000 problems; each has a letter that the text generator keeps back.
    """
    found = dice.rng.choice(premises(dice.split))
    holds = dice.rng.random() < 0.5
    asked, other = (found.true_of, found.false_of) if holds else (found.false_of, found.true_of)
    answer, distractor = (" true", " false") if holds else (" false", " true")
    template, name = dice.template(LOGIC)
    return dice.twins(
        (template.replace("{claim}", found.claim), f"{name}-{found.form}"),
        {"facts": found.facts, "asked": asked},
        {"asked": other},
        answer=answer,
        distractor=distractor,
    )


TASK = Task(
    name="logic",
    summary="Is a claim of propositional logic true or false?",
    draw=draw,
    source="Hong et al. 2024, arXiv:2411.04105",
    splits={
        split: 2 * n * len(_FORMS)
        for split, n in (
            ("unseen", _N_VALIDATION + _N_TRAINING),
            ("train", _N_TRAINING),
            ("validation", _N_VALIDATION),
        )
    },
)
