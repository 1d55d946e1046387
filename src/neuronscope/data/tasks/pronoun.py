"""She or he? A person is named, and the sentence goes on with the pronoun."""

from neuronscope.data.texts.people import PRONOUN
from neuronscope.data.texts.words import MEN, PLACES, THINGS, WOMEN

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return a sentence about one person up to the pronoun; the twin is about a person of the other gender.

    The name alone changes (Vig et al. 2020, arXiv:2004.12265; Mathwin et al. 2023, "Identifying a preliminary
    circuit for predicting gendered pronouns in GPT-2 small").
    """
    woman = dice.rng.random() < 0.5
    name = dice.rng.choice(dice.words(WOMEN if woman else MEN, 1))
    answer, distractor = (" she", " he") if woman else (" he", " she")
    return dice.twins(
        dice.template(PRONOUN),
        {
            "name": name,
            "place": dice.filler(PLACES, 1),
            "thing": dice.filler(THINGS, 1),
        },
        {"name": dice.another(name, dice.words(MEN if woman else WOMEN, 1))},
        answer=answer,
        distractor=distractor,
    )


TASK = Task(
    name="pronoun",
    summary="Does a sentence about a person go on with she or with he?",
    draw=draw,
    source="Vig et al. 2020, arXiv:2004.12265; Mathwin et al. 2023",
    splits={"unseen": None, "seen": None},
)
