"""When did it end? After it began: every later year of the century is right."""

from neuronscope.data.texts.ordering import GREATER_THAN
from neuronscope.data.texts.words import EVENTS

from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return an event with its first year and the century of its last; the twin begins in the year 01.

    After the year 01 nearly every year is right, so what the twin loses is the bound (Hanna et al. 2023,
    arXiv:2305.00586). The distractor is a year that only the twin allows.
    """
    century, start = str(dice.rng.randint(11, 19)), dice.rng.randint(12, 89)
    later, earlier = ([f"{year:02d}" for year in years] for years in (range(start + 1, 100), range(2, start)))
    answer, distractor = dice.rng.choice(later), dice.rng.choice(earlier)
    return dice.twins(
        dice.template(GREATER_THAN),
        {"event": dice.filler(EVENTS, 0), "century": century, "start": f"{start:02d}"},
        {"start": "01"},
        answer=answer,
        distractor=distractor,
        accepted=tuple(year for year in later if year != answer),
        rejected=tuple(year for year in (*earlier, "00", "01", f"{start:02d}") if year != distractor),
    )


TASK = Task(
    name="greater-than",
    summary="In which year did an event end? In one after it began.",
    draw=draw,
    source="Hanna et al. 2023, arXiv:2305.00586",
    metric="probability_difference",
    splits={"unseen": None, "seen": None},
)
