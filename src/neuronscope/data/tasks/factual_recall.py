"""What is known of a country? Its language, its currency or its continent."""

from neuronscope.data.texts.facts import FACTS, TEMPLATES

from .pair import Dice, Pair
from .task import Task

_RELATIONS = ("continent", "currency", "language")


def draw(dice: Dice) -> Pair:
    """Return a sentence that ends with a fact about a country; the twin names a country of another fact.

    The subject is replaced by one of equal token length rather than blurred with noise (Meng et al. 2022,
    arXiv:2202.05262; Zhang and Nanda 2024, arXiv:2309.16042, symmetric token replacement). The facts
    themselves stand in the text generator: only the wording is unseen.
    """
    relation = dice.rng.choice(_RELATIONS)
    known = dict(FACTS[relation])
    country = dice.rng.choice(list(known))
    other = dice.another(country, [name for name, value in known.items() if value != known[country]])
    template, name = dice.template(TEMPLATES[relation])
    return dice.twins(
        (template, f"{relation}/{name}"),
        {"country": country},
        {"country": other},
        answer=f" {known[country]}",
        distractor=f" {known[other]}",
    )


TASK = Task(
    name="factual-recall",
    summary="What is the language, the currency or the continent of a country?",
    draw=draw,
    source="Meng et al. 2022, arXiv:2202.05262; Zhang and Nanda 2024, arXiv:2309.16042",
    splits={"unseen": None, "seen": None},
)
