"""Is a short review positive or negative? One word decides."""

from neuronscope.data.texts.pairs import SENTIMENT
from neuronscope.data.texts.words import BAD, GOOD, NAMES, SHOWS

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return a review up to its sentiment; in the twin its one word of opinion is of the other kind.

    The opinion word comes from a lexicon and is replaced by one of the other side, the rest stays (Tigges et
    al. 2023, arXiv:2310.15154).
    """
    good = dice.rng.random() < 0.5
    word = dice.rng.choice(dice.words(GOOD if good else BAD, 1))
    answer, distractor = (" positive", " negative") if good else (" negative", " positive")
    return dice.twins(
        dice.template(SENTIMENT),
        {
            "word": word,
            "show": dice.filler(SHOWS, 0),
            "name": dice.filler(NAMES, 6),
        },
        {"word": dice.another(word, dice.words(BAD if good else GOOD, 1))},
        answer=answer,
        distractor=distractor,
    )


TASK = Task(
    name="sentiment",
    summary="Is a short review positive or negative?",
    draw=draw,
    source="Tigges et al. 2023, arXiv:2310.15154",
    splits={"unseen": None, "seen": None},
)
