"""A task of single letters, for small random models that read bytes."""

from neuronscope.data.tasks import Pair, Task
from neuronscope.data.tasks.pair import Dice


def draw(dice: Dice) -> Pair:
    """Return a word whose first letter is asked for; the wrong answer begins its twin."""
    first, second = dice.rng.sample("abcdefgh", 2)
    body = "".join(dice.rng.choices("mnopq", k=dice.rng.choice([2, 4, 5])))
    return Pair(
        task=dice.task,
        template="one",
        seed=dice.seed,
        clean=first + body,
        corrupt=second + body,
        answer=first,
        distractor=second,
    )


LETTERS = Task(name="letters", summary="Which letter came first?", draw=draw, splits={"unseen": None})
