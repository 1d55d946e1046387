"""Which brackets close what is open? The innermost first."""

from neuronscope.data.texts.problem import digest
from neuronscope.data.texts.symbols import BRACKETS, PAIRS

from .pair import Dice, Pair
from .task import Task

_SHORTEST, _LONGEST = 3, 8


def draw(dice: Dice) -> Pair:
    """Return opened brackets, some closed; in the twin the innermost open one is of another kind.

    The answer closes all that are open, innermost first, so one opening bracket changes and the first closing
    one with it (a stack of kinds, the Dyck language: Hewitt et al. 2020, arXiv:2010.07515). The strings of
    `unseen` are those that the text generator keeps back, in both prompts.
    """
    while True:
        written, stack = _opened(dice)
        if not stack:
            continue
        place = stack[-1]
        other = dice.rng.choice([bracket for bracket in PAIRS if bracket != written[place]])
        twin = [*written[:place], other, *written[place + 1 :]]
        unseen = dice.wording == "unseen"
        if _kept_back(written) == unseen and _kept_back(twin) == unseen:
            break
    closing = [PAIRS[written[index]] for index in reversed(stack)]
    named = [*written[:place], "{innermost}", *written[place + 1 :]]
    template, name = dice.template(BRACKETS)
    # Brackets of the string would read as slots, so that a slot stands for each part.
    before, after = named[:place], named[place + 1 :]
    string = " ".join(["{before}"] * bool(before) + ["{innermost}"] + ["{after}"] * bool(after))
    return dice.twins(
        (template.replace("{open}", string), f"{name}-{len(stack)}"),
        {"before": " ".join(before), "innermost": written[place], "after": " ".join(after)},
        {"innermost": other},
        answer=" " + " ".join(closing),
        distractor=" " + " ".join([PAIRS[other], *closing[1:]]),
    )


def _opened(dice: Dice) -> tuple[list[str], list[int]]:
    """Return brackets as they are written, and where those stand that are still open."""
    written: list[str] = []
    stack: list[int] = []
    for _ in range(dice.rng.randint(_SHORTEST, _LONGEST)):
        if stack and dice.rng.random() < 0.35:
            written.append(PAIRS[written[stack.pop()]])
        else:
            stack.append(len(written))
            written.append(dice.rng.choice(list(PAIRS)))
    return written, stack


def _kept_back(written: list[str]) -> bool:
    return int(digest(" ".join(written))[:8], 16) % 7 == 0


TASK = Task(
    name="brackets",
    summary="Which brackets close what is open, innermost first?",
    draw=draw,
    source="Hewitt et al. 2020, arXiv:2010.07515",
    splits={"unseen": None, "seen": None},
)
