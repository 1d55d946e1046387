"""Number: verbs that agree with a subject across a distractor, and plurals."""

from random import Random

from .problem import Problem, Split, Templates, pool, stated
from .words import NAMES, NOUNS, plural

AGREEMENT = Templates(
    train=(
        "The {subject} near the {attractor}",
        "The {subject} behind the {attractor}",
        "The {subject} of the {attractor}",
        "The {subject} to the {attractor}",
        "The {subject} beside the {attractor}",
        "I think that the {subject} near the {attractor}",
        "The {subject} that {name} saw near the {attractor}",
        "The {subject} that the {attractor} found",
        "The {subject} with the {attractor}",
        "{name} says that the {subject} with the {attractor}",
        "The {subject} under the {attractor}",
        "Now the {subject} near the {attractor}",
    ),
    unseen=(
        "{name} says that the {subject} behind the {attractor}",
        "The {subject} that {name} saw beside the {attractor}",
        "I think that the {subject} of the {attractor}",
        "Now the {subject} that the {attractor} found",
    ),
)
RELATIVE = Templates(
    train=(
        "Now the {subject} that the {attractor} liked",
        "Today the {subject} that the {attractor} found",
        "Then the {subject} that {name} found",
        "Here the {subject} that the {attractor} saw",
        "The {subject} that the {attractor} helped",
    ),
    unseen=("Now the {subject} that the {attractor} saw", "Today the {subject} that {name} liked"),
)
# The word before the sentence settles the tense, and with it the pair of verb forms.
CUES = (("", "is", "are"), ("", "is", "are"), ("Yesterday, ", "was", "were"), ("For years, ", "has", "have"))
ENDINGS = {
    "is": (" here.", " old.", " new."), "are": (" here.", " old.", " new."),
    "was": (" there.", " lost.", " old."), "were": (" there.", " lost.", " old."),
    "has": (" been here.", " been lost."), "have": (" been here.", " been lost."),
}  # fmt: skip

PLURALS = Templates(
    train=(
        "one {first}, two {firsts}; one {second}, two",
        "one {first}, many {firsts}, one {second}, many",
        "This {first}, these {firsts}. This {second}, these",
        "{name} has one {second}, but I have three",
        "A {second} and another {second} make two",
    ),
    unseen=("{name} has one {second}, but we need two", "one {second}, many"),
)
NUMBER = Templates(
    train=(
        "Where {be} the {noun}? I cannot see",
        "Look at the {noun}, {name} found",
        "The {noun} {be} here, and I like",
    ),
    unseen=("The {noun} {be} here, and {name} found", "Where {be} the {noun}? I like"),
)


def agreement(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence whose verb agrees with the subject, not the noun between (Linzen et al. 2016)."""
    template, name = AGREEMENT.pick(rng, split)
    cue, singular, several = rng.choice(CUES)
    if cue:
        template = cue + (
            template if template.startswith(("I ", "{name}")) else template[0].lower() + template[1:]
        )
    subject, attractor = rng.sample(pool(NOUNS, 0, split), 2)
    many = rng.random() < 0.5
    attractor_many = (not many) if rng.random() < 0.7 else many
    slots = {
        "subject": plural(subject) if many else subject,
        "attractor": plural(attractor) if attractor_many else attractor,
        "name": rng.choice(pool(NAMES, 4, split)),
    }
    verb, other = (several, singular) if many else (singular, several)
    chosen = template, f"{name}-{singular}"
    return stated(
        "agreement",
        chosen,
        split,
        slots,
        answer=f" {verb}",
        distractor=f" {other}",
        rest=rng.choice(ENDINGS[verb]),
    )


def relative(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence whose subject is described by a relative clause before its verb."""
    subject, attractor = rng.sample(pool(NOUNS, 4, split), 2)
    many = rng.random() < 0.5
    slots = {
        "subject": plural(subject) if many else subject,
        "attractor": plural(attractor) if rng.random() < 0.5 else attractor,
        "name": rng.choice(pool(NAMES, 1, split)),
    }
    answer, distractor = (" are", " is") if many else (" is", " are")
    rest = rng.choice(ENDINGS[answer.strip()])
    return stated(
        "relative", RELATIVE.pick(rng, split), split, slots, answer=answer, distractor=distractor, rest=rest
    )


def plurals(rng: Random, *, split: Split = "train") -> Problem:
    """Return a counting text that ends with a noun's plural."""
    first, second = rng.sample(pool(NOUNS, 1, split), 2)
    slots = {
        "first": first,
        "firsts": plural(first),
        "second": second,
        "name": rng.choice(pool(NAMES, 5, split)),
    }
    chosen = PLURALS.pick(rng, split)
    return stated("plurals", chosen, split, slots, answer=f" {plural(second)}", distractor=f" {second}")


def number(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that refers back to one thing as *it* and to several as *them*."""
    noun = rng.choice(pool(NOUNS, 2, split))
    many = rng.random() < 0.5
    slots = {
        "noun": plural(noun) if many else noun,
        "be": "are" if many else "is",
        "name": rng.choice(pool(NAMES, 6, split)),
    }
    answer, distractor = (" them", " it") if many else (" it", " them")
    return stated("number", NUMBER.pick(rng, split), split, slots, answer=answer, distractor=distractor)
