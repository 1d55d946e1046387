"""Which argument does the docstring describe next? The next one of the signature."""

from neuronscope.data.texts.pairs import MARKERS
from neuronscope.data.texts.words import ARGUMENTS, FUNCTIONS, MEANINGS

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return a function whose docstring is due to name its next argument; two arguments swap in the twin.

    The asked argument changes places in the signature with a later one, the distractor (after Heimersheim and
    Janiak 2023, "A circuit for Python docstrings in a 4-layer attention-only transformer", whose corruption
    draws the arguments anew: swapping changes fewer tokens and keeps the words).
    """
    marker, name = dice.template(MARKERS)
    n_arguments = dice.rng.randint(3, 5)
    arguments = dice.rng.sample(dice.words(ARGUMENTS, 0), n_arguments)
    meanings = dice.rng.sample(MEANINGS, n_arguments)
    asked = dice.rng.randrange(1, n_arguments - 1)
    other = dice.rng.randrange(asked + 1, n_arguments)
    slots = [f"{{argument_{index}}}" for index in range(n_arguments)]
    slots[asked], slots[other] = "{asked}", "{other}"
    described = [f"    {marker} {slots[index]}: {meanings[index]}\n" for index in range(asked)]
    template = "def {function}(" + ", ".join(slots) + '):\n    """Return {meaning}.\n\n'
    return dice.twins(
        (template + "".join(described) + f"    {marker}", f"{name}-{asked}"),
        {
            **{f"argument_{index}": argument for index, argument in enumerate(arguments)},
            "asked": arguments[asked],
            "other": arguments[other],
            "function": dice.rng.choice(FUNCTIONS),
            "meaning": dice.rng.choice(MEANINGS),
        },
        {"asked": arguments[other], "other": arguments[asked]},
        answer=f" {arguments[asked]}",
        distractor=f" {arguments[other]}",
    )


TASK = Task(
    name="docstring",
    summary="Which argument of the signature does a docstring describe next?",
    draw=draw,
    source="Heimersheim and Janiak 2023",
    splits={"unseen": None, "seen": None},
)
