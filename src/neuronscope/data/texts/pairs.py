"""Things learned from the context or the lexicon: mappings, opposites, sentiment, argument names."""

from random import Random

from .problem import Problem, Split, Templates, pool, stated
from .words import ANTONYMS, ARGUMENTS, BAD, CAPITALS, FUNCTIONS, GOOD, LETTERS, MEANINGS, NAMES, NOUNS, SHOWS

# How a pair is written, and what stands between pairs.
MAPPING = Templates(
    train=("{key}:|, ", "{key} ->|, ", "{key} =|\n", "{key} is|; "), unseen=("{key} ->|\n", "{key}:|; ")
)
OPPOSITE = Templates(
    train=("The opposite of {word} is", "{word} is not", "Question: What is the opposite of {word}? Answer:"),
    unseen=("{name} says that the opposite of {word} is",),
)
SENTIMENT = Templates(
    train=(
        "Review: the {show} was {word}. Sentiment:",
        "The {show} was {word}. This review is",
        "Comment: this {word} {show}. Sentiment:",
        "Review: {name} saw this {word} {show}. Sentiment:",
    ),
    unseen=("Comment: the {show} was {word}. Sentiment:", "Review: this {word} {show}. This review is"),
)
OPINION = Templates(
    train=(
        "The {show} was {word}, so {name}",
        "{name} found the {show} {word} and",
        "It was that {word} {show}, and {name}",
    ),
    unseen=("It was that {word} {show}, so {name}", "{name} thought it was that {word} {show} and"),
)
MARKERS = Templates(
    train=(":param", "@param", "arg", "Parameter", "- the argument"),
    unseen=("@arg", ":argument", "the param"),
)


def _shown(pairs: list[tuple[str, str]], style: str, asked: str) -> str:
    """Return the pairs written out, followed by the key that is asked."""
    pair, separator = style.split("|")
    return separator.join(
        [*(pair.replace("{key}", key) + " " + value for key, value in pairs), pair.replace("{key}", asked)]
    )


def mapping(rng: Random, *, split: Split = "train") -> Problem:
    """Return arbitrary pairs, one of them asked again; the answer stands in the context."""
    style, name = MAPPING.pick(rng, split)
    keys = rng.sample(pool(NOUNS, 3, split), rng.randint(2, 6))
    values = rng.sample(rng.choice((LETTERS, CAPITALS, tuple("0123456789"))), len(keys))
    pairs = list(zip(keys, values, strict=True))
    asked, answer = rng.choice(pairs[:-1])
    other = rng.choice([value for value in values if value != answer])
    chosen = "{context}", f"{name}-{len(keys)}"
    return stated(
        "mapping",
        chosen,
        split,
        {"context": _shown(pairs, style, asked)},
        answer=f" {answer}",
        distractor=f" {other}",
        rest="",
    )


def classification(rng: Random, *, split: Split = "train") -> Problem:
    """Return good and bad words with arbitrary labels; the answer is the label of a new word."""
    style, name = MAPPING.pick(rng, split)
    labels = rng.sample(CAPITALS, 2)
    sides = [rng.random() < 0.5 for _ in range(rng.randint(3, 6))]
    sides = [True, False, *sides] if rng.random() < 0.5 else [False, True, *sides]
    good, bad = (
        rng.sample(pool(words, 0, split), min(len(sides), len(pool(words, 0, split))))
        for words in (GOOD, BAD)
    )
    sides = sides[: min(len(good), len(bad)) + 1]
    words = [(good if side else bad).pop() for side in sides]
    pairs = [(word, labels[side]) for word, side in zip(words, sides, strict=True)]
    answer = pairs[-1][1]
    context = _shown(pairs[:-1], style, words[-1])
    other = labels[not sides[-1]]
    return stated(
        "classification",
        ("{context}", name),
        split,
        {"context": context},
        answer=f" {answer}",
        distractor=f" {other}",
        rest="",
    )


def antonyms(rng: Random, *, split: Split = "train") -> Problem:
    """Return pairs of opposites; the answer is the opposite of the last word (Todd et al. 2024)."""
    chosen = rng.sample(pool(ANTONYMS, 0, split), rng.randint(2, 4))
    pairs = [pair if rng.random() < 0.5 else pair[::-1] for pair in chosen]
    separator = rng.choice((" | ", ", ", "\n") if split == "train" else ("; ",))
    asked, answer = pairs[-1]
    context = separator.join([*(f"{one} {two}" for one, two in pairs[:-1]), asked])
    name = f"{split}/{len(pairs)}"
    return stated(
        "antonyms",
        ("{context}", name),
        split,
        {"context": context},
        answer=f" {answer}",
        distractor=f" {asked}",
        rest="",
    )


def opposite(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with a word's opposite."""
    pair = rng.choice(pool(ANTONYMS, 1, split))
    word, answer = pair if rng.random() < 0.5 else pair[::-1]
    slots = {"word": word, "name": rng.choice(pool(NAMES, 5, split))}
    return stated(
        "opposite", OPPOSITE.pick(rng, split), split, slots, answer=f" {answer}", distractor=f" {word}"
    )


def sentiment(rng: Random, *, split: Split = "train") -> Problem:
    """Return a short review whose sentiment is positive or negative."""
    good = rng.random() < 0.5
    slots = {
        "word": rng.choice(pool(GOOD if good else BAD, 1, split)),
        "show": rng.choice(pool(SHOWS, 0, split)),
        "name": rng.choice(pool(NAMES, 6, split)),
    }
    answer, distractor = (" positive", " negative") if good else (" negative", " positive")
    return stated("sentiment", SENTIMENT.pick(rng, split), split, slots, answer=answer, distractor=distractor)


def opinion(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence about something good or bad that somebody liked or hated."""
    good = rng.random() < 0.5
    slots = {
        "word": rng.choice(pool(GOOD if good else BAD, 2, split)),
        "show": rng.choice(pool(SHOWS, 1, split)),
        "name": rng.choice(pool(NAMES, 0, split)),
    }
    answer, distractor = (" liked", " hated") if good else (" hated", " liked")
    return stated(
        "opinion", OPINION.pick(rng, split), split, slots, answer=answer, distractor=distractor, rest=" it."
    )


def docstring(rng: Random, *, split: Split = "train") -> Problem:
    """Return a function whose docstring names its arguments in order; the answer is the next one."""
    marker, name = MARKERS.pick(rng, split)
    arguments = rng.sample(pool(ARGUMENTS, 0, split), rng.randint(3, 5))
    meanings = rng.sample(MEANINGS, len(arguments))
    asked = rng.randrange(1, len(arguments))
    lines = [f"    {marker} {{argument_{i}}}: {meanings[i]}\n" for i in range(asked)]
    head = (
        "def {function}("
        + ", ".join(f"{{argument_{i}}}" for i in range(len(arguments)))
        + '):\n    """Return {meaning}.\n\n'
    )
    template = head + "".join(lines) + f"    {marker}"
    slots = {f"argument_{i}": argument for i, argument in enumerate(arguments)}
    slots |= {"function": rng.choice(FUNCTIONS), "meaning": rng.choice(MEANINGS)}
    other = rng.choice([argument for argument in arguments if argument != arguments[asked]])
    return stated(
        "docstring",
        (template, f"{name}-{asked}"),
        split,
        slots,
        answer=f" {arguments[asked]}",
        distractor=f" {other}",
        rest=f": {meanings[asked]}\n",
    )
