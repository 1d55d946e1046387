"""Order: years that come later, numbers that count on, the larger of two."""

from random import Random

from .problem import Problem, Split, Templates, pool, stated
from .words import EVENTS, NAMES

GREATER_THAN = Templates(
    train=(
        "The {event} lasted from the year {century}{start} to {century}",
        "The {event} lasted from {century}{start} to {century}",
        "The {event} began in {century}{start} and ended in {century}",
        "A {event} took place from {century}{start} until {century}",
        "The {event} went on from {century}{start} to the year {century}",
        "From {century}{start} the {event} continued to {century}",
    ),
    unseen=(
        "The {event} took place from the year {century}{start} to {century}",
        "The {event} began in {century}{start} and lasted until {century}",
    ),
)
SERIES = Templates(
    train=("{series},", "Count: {series},", "{name} counted {series},"),
    unseen=("Now {name} counted {series},",),
)
COMPARISON = Templates(
    train=(
        "Which is larger, {first} or {second}?",
        "The larger of {first} and {second} is",
        "{name} has {first} coins, and a friend has {second} coins. The larger number is",
        "Of {first} and {second}, the larger is",
    ),
    unseen=(
        "Of {first} and {second}, the larger number is",
        "{name} asks: Which is larger, {first} or {second}?",
    ),
)


def greater_than(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence about an event whose last year is later than its first (Hanna et al. 2023).

    Every later year of the century is accepted; the distractor is an earlier one.
    """
    century, start = rng.randint(11, 19), rng.randint(2, 97)
    slots = {"event": rng.choice(pool(EVENTS, 0, split)), "century": str(century), "start": f"{start:02d}"}
    return stated(
        "greater-than",
        GREATER_THAN.pick(rng, split),
        split,
        slots,
        answer=f"{rng.randint(start + 1, 99):02d}",
        distractor=f"{rng.randint(0, start - 1):02d}",
        accepted=tuple(f"{year:02d}" for year in range(start + 1, 100)),
    )


def series(rng: Random, *, split: Split = "train") -> Problem:
    """Return numbers or years in even steps; the answer is the next one."""
    step = rng.choice((1, 1, 2, 5, 10) if split == "train" else (1, 2))
    years = rng.random() < 0.3
    start = rng.randint(1100, 1990) if years else rng.randint(0, 60)
    length = rng.randint(3, 5)
    values = [start + step * index for index in range(length + 2)]
    slots = {"series": ", ".join(map(str, values[:length])), "name": rng.choice(pool(NAMES, 0, split))}
    return stated(
        "series",
        SERIES.pick(rng, split),
        split,
        slots,
        answer=f" {values[length]}",
        distractor=f" {values[length - 1]}",
        rest=f", {values[length + 1]}.",
    )


def comparison(rng: Random, *, split: Split = "train") -> Problem:
    """Return a question that asks for the larger of two numbers."""
    first, second = rng.sample(range(100), 2)
    slots = {"first": str(first), "second": str(second), "name": rng.choice(pool(NAMES, 1, split))}
    larger, smaller = max(first, second), min(first, second)
    return stated(
        "comparison", COMPARISON.pick(rng, split), split, slots, answer=f" {larger}", distractor=f" {smaller}"
    )
