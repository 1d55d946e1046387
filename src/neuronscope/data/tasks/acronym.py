"""What is the last letter of an acronym? The initial of the third word."""

from neuronscope.data.texts.symbols import ACRONYMS
from neuronscope.data.texts.words import NAMES, TITLE_WORDS

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return an institution with two letters of its acronym; the twin has another third word.

    The third word alone changes, to one with another initial (García-Carrasco et al. 2024, arXiv:2405.04156).
    Tokenizers that join two capital letters and the third are drawn around.
    """
    template, name = dice.template(ACRONYMS)
    words = dice.words(TITLE_WORDS, 0)
    one, two, three = dice.rng.sample(words, 3)
    other = dice.another(three, [word for word in words if word[0] != three[0] and word not in (one, two)])
    return dice.twins(
        (template + "{letters}", name),
        {
            "one": one,
            "two": two,
            "three": three,
            "letters": one[0] + two[0],
            "name": dice.filler(NAMES, 4),
        },
        {"three": other},
        answer=three[0],
        distractor=other[0],
    )


TASK = Task(
    name="acronym",
    summary="What is the third letter of an institution's acronym?",
    draw=draw,
    source="García-Carrasco et al. 2024, arXiv:2405.04156",
    splits={"unseen": None, "seen": None},
)
