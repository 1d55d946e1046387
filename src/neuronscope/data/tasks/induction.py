"""What comes next in a string that repeats? What came next the first time."""

from neuronscope.data.texts.words import LEXICON

from .pair import Dice, Pair
from .task import Task

# What stands before the words and what between them.
_STYLES = {"unseen": ("Words: | ", "The list is |, "), "train": ("| ", "|, ", "| - ")}
_LONGEST_PERIOD = 16


def draw(dice: Dice) -> Pair:
    """Return random words that begin to repeat; in the twin another word stood first where the answer did.

    The period varies from 3 to 16 words, so that a position cannot be copied (Olsson et al. 2022,
    arXiv:2209.11895). One word changes, at the first occurrence of the answer; nothing else mentions it.
    """
    styles = _STYLES[dice.wording]
    style = dice.rng.randrange(len(styles))
    opening, separator = styles[style].split("|")
    pool = dice.words(LEXICON, 0)
    words = dice.rng.sample(pool, dice.rng.randint(3, _LONGEST_PERIOD))
    known = dice.rng.randint(1, len(words) - 1)
    source = words[known]
    other = dice.another(source, [word for word in pool if word not in words])
    named = [*words, *words[:known]]
    named[known - 1], named[known], named[-1] = "{previous}", "{source}", "{last}"
    glue = separator[len(separator.rstrip()) :]
    return dice.twins(
        (opening + separator.join(named) + separator.rstrip(), f"{dice.wording}/{style}-period-{len(words)}"),
        {"previous": words[known - 1], "source": source, "last": words[known - 1]},
        {"source": other},
        answer=glue + source,
        distractor=glue + other,
    )


TASK = Task(
    name="induction",
    summary="What comes next in a string of words that repeats after a varying period?",
    draw=draw,
    source="Olsson et al. 2022, arXiv:2209.11895",
    splits={"unseen": None, "seen": None},
)
