"""Who receives? Two people are named, one of them gives, and the other is the answer."""

from neuronscope.data.texts.people import INDIRECT_OBJECT
from neuronscope.data.texts.words import NAMES, PLACES, THINGS

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return a sentence in which one of two people gives; in the twin the other one gives.

    The giver's second mention alone is replaced, by the recipient's name, which swaps answer and distractor
    (the task of Wang et al. 2022, arXiv:2211.00593, who replace it by a third name; swapped as in Zhang and
    Nanda 2024, arXiv:2309.16042, symmetric token replacement).
    """
    template, name = dice.template(INDIRECT_OBJECT)
    names = dice.words(NAMES, 0)
    recipient = dice.rng.choice(names)
    subject = dice.another(recipient, names)
    order = dice.rng.choice(("abba", "baba"))
    one, two = ("{recipient}", "{subject}") if order == "abba" else ("{subject}", "{recipient}")
    slots = {
        "recipient": recipient,
        "subject": subject,
        "giver": subject,
        "place": dice.filler(PLACES, 0),
        "thing": dice.filler(THINGS, 0),
    }
    return dice.twins(
        (template.replace("{one}", one).replace("{two}", two), f"{name}-{order}"),
        slots,
        {"giver": recipient},
        answer=f" {recipient}",
        distractor=f" {subject}",
    )


TASK = Task(
    name="indirect-object",
    summary="Who receives? The one of two people who was named once.",
    draw=draw,
    source="Wang et al. 2022, arXiv:2211.00593; Zhang and Nanda 2024, arXiv:2309.16042",
    splits={"unseen": None, "seen": None},
)
