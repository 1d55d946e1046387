"""What is the capital? A country is named, its capital is the answer."""

from neuronscope.data.texts.facts import FACTS, TEMPLATES

from .pair import Dice, Pair
from .task import Task

_CAPITALS = dict(FACTS["capital"])


def draw(dice: Dice) -> Pair:
    """Return a sentence that ends with a country's capital; the twin names another country.

    The subject is replaced by one of equal token length (Zhang and Nanda 2024, arXiv:2309.16042, symmetric
    token replacement). All countries stand in the text generator: only the wording is unseen.
    """
    country = dice.rng.choice(list(_CAPITALS))
    other = dice.another(country, list(_CAPITALS))
    return dice.twins(
        dice.template(TEMPLATES["capital"]),
        {"country": country},
        {"country": other},
        answer=f" {_CAPITALS[country]}",
        distractor=f" {_CAPITALS[other]}",
    )


TASK = Task(
    name="capital",
    summary="What is the capital of a country?",
    draw=draw,
    source="symmetric token replacement: Zhang and Nanda 2024, arXiv:2309.16042",
    splits={"unseen": None, "seen": None},
)
