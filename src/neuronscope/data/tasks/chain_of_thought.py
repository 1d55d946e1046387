"""Does a worked sum come out right? Two-digit problems, worked out digit by digit."""

from neuronscope.data.texts.arithmetic import STEPS, steps

from .arithmetic import TWO_DIGIT_SPLITS, drawn_two_digit
from .pair import Dice, Pair
from .task import Task


def draw(dice: Dice) -> Pair:
    """Return a two-digit problem whose answer is worked out in steps; one number differs in the twin.

    The problems and their splits are those of two-digit arithmetic, the steps those of the text generator
    (after the scratchpads of Nye et al. 2021, arXiv:2112.00114; one operand replaced as in Stolfo et al.
    2023, arXiv:2305.15054). The first token of the answer copies a ones digit: only the whole answer shows
    whether the result is right.
    """
    asked, other = drawn_two_digit(dice)
    while asked.first % 10 == other.first % 10:
        asked, other = drawn_two_digit(dice)
    template, name = dice.template(STEPS)
    slots, twin = ({"first": str(problem.first), "second": str(problem.second)} for problem in (asked, other))
    return dice.twins(
        (template.replace("{sum}", "{first} {sign} {second}"), name),
        {**slots, "sign": asked.sign},
        twin,
        answer=f" {steps(asked)}",
        distractor=f" {steps(other)}",
    )


TASK = Task(
    name="chain-of-thought",
    summary="What do two two-digit numbers come to, worked out digit by digit?",
    draw=draw,
    source="Nye et al. 2021, arXiv:2112.00114; Stolfo et al. 2023, arXiv:2305.15054",
    splits=TWO_DIGIT_SPLITS,
)
