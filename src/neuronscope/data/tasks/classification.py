"""Can a rule be learned from the examples in the prompt? Words are labelled, and a new word is asked."""

from neuronscope.data.texts.pairs import MAPPING
from neuronscope.data.texts.words import BAD, CAPITALS, GOOD

from .pair import Dice, Pair
from .task import Task

_FEWEST, _MOST = 2, 5


def draw(dice: Dice) -> Pair:
    """Return words with arbitrary labels and a word to label; the twin asks a word of the other kind.

    Only the asked word changes, so the labels that stand in the prompt are the same (the examples carry the
    mapping: Min et al. 2022, arXiv:2202.12837; Wang et al. 2023, arXiv:2305.14160). No word is asked that was
    an example.
    """
    style, name = dice.template(MAPPING)
    pair, separator = style.split("|")
    good, bad = (list(dice.words(words, 0)) for words in (GOOD, BAD))
    labels = dice.rng.sample(CAPITALS, 2)
    n_examples = dice.rng.randint(_FEWEST, min(_MOST, len(good), len(bad)))
    sides = [index % 2 == 0 for index in range(n_examples)]
    dice.rng.shuffle(sides)
    asked_good = dice.rng.random() < 0.5
    for words in (good, bad):
        dice.rng.shuffle(words)
    shown = [((good if side else bad).pop(), labels[side]) for side in sides]
    asked = dice.rng.choice(good if asked_good else bad)
    other = dice.another(asked, bad if asked_good else good)
    lines = [f"{pair.replace('key', f'example_{index}')} {{label_{index}}}" for index in range(n_examples)]
    slots = {f"example_{index}": word for index, (word, _) in enumerate(shown)}
    slots |= {f"label_{index}": label for index, (_, label) in enumerate(shown)}
    return dice.twins(
        (separator.join([*lines, pair.replace("{key}", "{asked}")]), f"{name}-{n_examples}"),
        {**slots, "asked": asked},
        {"asked": other},
        answer=f" {labels[asked_good]}",
        distractor=f" {labels[not asked_good]}",
    )


TASK = Task(
    name="classification",
    summary="Which of two labels, given by examples, does a new word get?",
    draw=draw,
    source="Min et al. 2022, arXiv:2202.12837; Wang et al. 2023, arXiv:2305.14160",
    splits={"unseen": None, "seen": None},
)
