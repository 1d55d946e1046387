"""Names and pronouns: who gives, who receives, who is meant by *she*."""

from random import Random

from .problem import Problem, Split, Templates, pool, stated
from .words import MEN, NAMES, PLACES, THINGS, WOMEN

INDIRECT_OBJECT = Templates(
    train=(
        "When {one} and {two} went to the {place}, {giver} gave a {thing} to",
        "Then {one} and {two} went to the {place}. {giver} gave a {thing} to",
        "After {one} and {two} met at the {place}, {giver} handed a {thing} to",
        "While {one} and {two} were working at the {place}, {giver} gave a {thing} to",
        "{one} and {two} were at the {place} when {giver} passed a {thing} to",
        "Then, {one} and {two} had a long talk, and {giver} gave a {thing} to",
        "Friends {one} and {two} found a {thing} at the {place}. {giver} gave it to",
        "Yesterday {one} and {two} visited the {place}, and {giver} brought a {thing} to",
        "{one} and {two} came to the {place} with a {thing}. {giver} decided to give it to",
        "At the {place}, {one} and {two} were talking. {giver} sold a {thing} to",
        "When {one} saw {two} at the {place}, {giver} gave a {thing} to",
        "{one} called {two} from the {place}. Later {giver} sent a {thing} to",
        "Because {one} and {two} were friends, {giver} offered a {thing} to",
        "Last week {one} and {two} went to the {place}. {giver} showed a {thing} to",
    ),
    unseen=(
        "Today {one} and {two} went to the {place}, where {giver} gave a {thing} to",
        "After {one} and {two} found a {thing} at the {place}, {giver} gave it to",
        "While {one} and {two} were talking at the {place}, {giver} sold a {thing} to",
        "When {one} and {two} were friends, {giver} sent a {thing} to",
    ),
)
PRONOUN = Templates(
    train=(
        "{name} went to the {place} because",
        "{name} lost the {thing}, and now",
        "{name} is at the {place}, but soon",
        "When {name} came to the {place},",
        "{name} said that",
        "{name} bought a {thing} when",
        "Everyone likes {name} because",
        "{name} forgot the {thing}, so",
        "If {name} finds the {thing},",
    ),
    unseen=(
        "{name} went to the {place} when",
        "When {name} lost the {thing},",
        "{name} forgot the {thing} because",
    ),
)
GENDER = Templates(
    train=(
        "{name} is a",
        "My friend {name} is a",
        "{name}, who lives near the {place}, is a",
        "I know that {name} is a",
        "{name} from the {place} is a",
    ),
    unseen=("My friend {name} from the {place} is a", "I know that my friend {name} is a"),
)
POSSESSION = Templates(
    train=(
        "{name} lost",
        "{name} went to the {place} with",
        "{name} gave away",
        "At the {place} {name} found",
        "{name} sold",
    ),
    unseen=("{name} went to the {place} and lost", "At the {place} {name} sold"),
)
REPLY = Templates(
    train=(
        "{one} wrote to {two}, and {two} answered",
        "{one} called {two}. Then {two} thanked",
        "{one} and {two} met, and {two} looked at",
        '"Hello, {two}," said {one}. "Hello,',
        "{one} asked {two} a question, and {two} told",
        "{two} waited for {one}. At the {place} {two} saw",
        "At the {place} {one} helped {two}. Later {two} gave a {thing} back to",
    ),
    unseen=(
        "{one} called {two}, and {two} answered",
        "{one} asked {two} a question. Then {two} thanked",
    ),
)
MEETING = Templates(
    train=(
        "Today {one} and {two} were in the {place}, where {actor} met",
        "{one} and {two} went to the {place}, where {actor} helped",
        "{one} and {two} lived near the {place}, where {actor} often saw",
        "This morning {one} and {two} walked to the {place}. There {actor} gave the {thing} back to",
        "While {one} and {two} were at the {place}, {actor} talked to",
    ),
    unseen=(
        "Today {one} and {two} walked to the {place}, where {actor} helped",
        "This morning {one} and {two} were in the {place}, where {actor} met",
    ),
)
SHE_ENDINGS = (" was tired.", " had time.", " was late.", " wanted to rest.", " needed help.", " felt happy.")


def indirect_object(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence in which one of two people gives something to the other.

    The answer is the recipient, the distractor the giver (Wang et al. 2022).
    """
    template, name = INDIRECT_OBJECT.pick(rng, split)
    recipient, giver = rng.sample(pool(NAMES, 0, split), 2)
    order = rng.choice(("abba", "baba"))
    one, two = ("{recipient}", "{giver}") if order == "abba" else ("{giver}", "{recipient}")
    slots = {
        "recipient": recipient,
        "giver": giver,
        "place": rng.choice(pool(PLACES, 0, split)),
        "thing": rng.choice(pool(THINGS, 0, split)),
    }
    chosen = template.replace("{one}", one).replace("{two}", two), f"{name}-{order}"
    return stated("indirect-object", chosen, split, slots, answer=f" {recipient}", distractor=f" {giver}")


def _person(rng: Random, fold: int, split: Split) -> tuple[str, bool]:
    woman = rng.random() < 0.5
    return rng.choice(pool(WOMEN if woman else MEN, fold, split)), woman


def pronoun(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence about one person that goes on with *he* or *she*."""
    name, woman = _person(rng, 1, split)
    slots = {
        "name": name,
        "place": rng.choice(pool(PLACES, 1, split)),
        "thing": rng.choice(pool(THINGS, 1, split)),
    }
    answer, distractor = (" she", " he") if woman else (" he", " she")
    chosen = PRONOUN.pick(rng, split)
    return stated(
        "pronoun", chosen, split, slots, answer=answer, distractor=distractor, rest=rng.choice(SHE_ENDINGS)
    )


def gender(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that says whether a person is a woman or a man."""
    name, woman = _person(rng, 2, split)
    slots = {"name": name, "place": rng.choice(pool(PLACES, 2, split))}
    answer, distractor = (" woman", " man") if woman else (" man", " woman")
    return stated("gender", GENDER.pick(rng, split), split, slots, answer=answer, distractor=distractor)


def possession(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence about something of *his* or *hers*."""
    name, woman = _person(rng, 3, split)
    slots = {"name": name, "place": rng.choice(pool(PLACES, 3, split))}
    answer, distractor = (" her", " his") if woman else (" his", " her")
    rest = f" {rng.choice(pool(THINGS, 3, split))}."
    return stated(
        "possession",
        POSSESSION.pick(rng, split),
        split,
        slots,
        answer=answer,
        distractor=distractor,
        rest=rest,
    )


def reply(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence in which the second of two people turns to the first, who is the answer."""
    one, two = rng.sample(pool(NAMES, 3, split), 2)
    slots = {
        "one": one,
        "two": two,
        "place": rng.choice(pool(PLACES, 4, split)),
        "thing": rng.choice(pool(THINGS, 4, split)),
    }
    return stated("reply", REPLY.pick(rng, split), split, slots, answer=f" {one}", distractor=f" {two}")


def meeting(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence about two people somewhere, one of whom turns to the other, who is the answer."""
    one, two = rng.sample(pool(NAMES, 4, split), 2)
    actor, other = rng.sample((one, two), 2)
    slots = {
        "one": one,
        "two": two,
        "actor": actor,
        "place": rng.choice(pool(PLACES, 5, split)),
        "thing": rng.choice(pool(THINGS, 5, split)),
    }
    return stated(
        "meeting", MEETING.pick(rng, split), split, slots, answer=f" {other}", distractor=f" {actor}"
    )
