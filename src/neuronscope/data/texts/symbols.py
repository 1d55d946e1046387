"""Puzzles over symbols: logic, brackets, acronyms, repeated strings."""

from random import Random

from .problem import Problem, Split, Templates, digest, pool, stated
from .words import ADJECTIVES, CAPITALS, LETTERS, LEXICON, NAMES, SYLLABLES, TITLE_WORDS

LOGIC = Templates(
    train=("{facts} So {claim} is", "Given: {facts} Then {claim} is", "{facts} Therefore {claim} is"),
    unseen=("Given: {facts} So {claim} is", "Given: {facts} Therefore {claim} is"),
)
IMPLICATION = Templates(
    train=(
        "If {first} is {cause} then {second} is {effect}. {fact} Is {asked}?",
        "{second} is {effect} if {first} is {cause}. {fact} Is {asked}?",
        "Whenever {first} is {cause}, {second} is {effect}. {fact} Question: is {asked}?",
    ),
    unseen=(
        "If {first} is {cause} then {second} is {effect}. {fact} Question: is {asked}?",
        "Whenever {first} is {cause}, {second} is {effect}. {fact} Is {asked}?",
    ),
)
BRACKETS = Templates(
    train=("Close the brackets: {open}", "{open}", "Brackets: {open}"), unseen=("Close: {open}",)
)
ACRONYMS = Templates(
    train=(
        "The {one} {two} {three} (",
        "We visited the {one} {two} {three} (",
        "{name} works for the {one} {two} {three} (",
    ),
    unseen=("{name} visited the {one} {two} {three} (", "We know the {one} {two} {three} ("),
)
QUOTATIONS = Templates(
    train=(
        '{name} said "{words}" and {other} said "{again}',
        '"{words}" is what {name} wrote, so {other} wrote "{again}',
        "{name}: {words}. {other}: {again}",
        "The sign says {words}, and the book says {again}",
        "{name} wrote {words}. Then {other} wrote {again}",
    ),
    unseen=(
        '{name} wrote "{words}" and {other} said "{again}',
        "{name} says {words}. Then {other} says {again}",
    ),
)
PAIRS = {"(": ")", "[": "]", "{": "}"}


def _truth(value: bool) -> tuple[str, str]:
    return (" true", " false") if value else (" false", " true")


def logic(rng: Random, *, split: Split = "train") -> Problem:
    """Return facts in propositional logic and a claim that is true or false."""
    a, b, c = rng.sample(pool(CAPITALS, 0, split), 3)
    p, q = rng.random() < 0.5, rng.random() < 0.5
    word = {True: "true", False: "false"}
    given = f"{a} is {word[p]}. {b} is {word[q]}."
    facts, claim, value = rng.choice(
        (
            (f"If {a} then {b}. {a} is true.", b, True),
            (f"If {a} then {b}. {b} is false.", a, False),
            (f"If {a} then {b}. If {b} then {c}. {a} is true.", c, True),
            (f"If {a} then {b}. If {b} then {c}. {c} is false.", a, False),
            (given, f"{a} and {b}", p and q),
            (given, f"{a} or {b}", p or q),
            (f"{a} is {word[p]}.", f"not {a}", not p),
            (given, rng.choice((a, a)), p),
            (f"{a} or {b}. {a} is false.", b, True),
        )
    )
    answer, distractor = _truth(value)
    return stated(
        "logic",
        LOGIC.pick(rng, split),
        split,
        {"facts": facts, "claim": claim},
        answer=answer,
        distractor=distractor,
    )


def implication(rng: Random, *, split: Split = "train") -> Problem:
    """Return an if-then sentence about two people, a fact, and a question with the answer yes or no."""
    first, second = rng.sample(pool(NAMES, 3, split), 2)
    cause, effect = rng.sample(pool(ADJECTIVES, 0, split), 2)
    forward = rng.random() < 0.5
    slots = {"first": first, "second": second, "cause": cause, "effect": effect}
    slots["fact"] = f"{first} is {cause}." if forward else f"{second} is not {effect}."
    slots["asked"] = f"{second} {effect}" if forward else f"{first} {cause}"
    answer, distractor = (" yes", " no") if forward else (" no", " yes")
    return stated(
        "implication", IMPLICATION.pick(rng, split), split, slots, answer=answer, distractor=distractor
    )


def brackets(rng: Random, *, split: Split = "train") -> Problem:
    """Return opened brackets, some already closed; the answer closes the others in order."""
    while True:
        stack: list[str] = []
        written: list[str] = []
        for _ in range(rng.randint(2, 8)):
            if stack and rng.random() < 0.35:
                written.append(PAIRS[stack.pop()])
            else:
                stack.append(rng.choice(list(PAIRS)))
                written.append(stack[-1])
        opened = " ".join(written)
        if stack and (int(digest(opened)[:8], 16) % 7 == 0) == (split == "unseen"):
            break
    closing = [PAIRS[bracket] for bracket in reversed(stack)]
    wrong = rng.choice([bracket for bracket in PAIRS.values() if bracket != closing[0]])
    return stated(
        "brackets",
        BRACKETS.pick(rng, split),
        split,
        {"open": opened},
        answer=" " + " ".join(closing),
        distractor=" " + " ".join([wrong, *closing[1:]]),
        rest="",
    )


def acronym(rng: Random, *, split: Split = "train") -> Problem:
    """Return the name of an institution followed by its acronym (García-Carrasco et al. 2024)."""
    words = rng.sample(pool(TITLE_WORDS, 0, split), 3)
    slots = {
        **dict(zip(("one", "two", "three"), words, strict=True)),
        "name": rng.choice(pool(NAMES, 4, split)),
    }
    initials = "".join(word[0] for word in words)
    wrong = initials[:-1] + rng.choice([letter for letter in CAPITALS if letter != initials[-1]])
    return stated(
        "acronym", ACRONYMS.pick(rng, split), split, slots, answer=initials, distractor=wrong, rest=")."
    )


def quotation(rng: Random, *, split: Split = "train") -> Problem:
    """Return words that one person says and another repeats; the answer is the next word."""
    separator = rng.choice((" ", " ", ", ", "; ", " / "))
    words = rng.sample(pool(LEXICON, 3, split), rng.randint(2, 8))
    known = rng.randint(1, len(words) - 1)
    name, other = rng.sample(pool(NAMES, 5, split), 2)
    glue = separator[len(separator.rstrip()) :]
    slots = {"name": name, "other": other, "words": separator.join(words)}
    slots["again"] = separator.join(words[:known]) + separator.rstrip()
    template, place = QUOTATIONS.pick(rng, split)
    end = '".' if '"' in template else "."
    wrong = rng.choice([word for word in words if word != words[known]])
    return stated(
        "quotation",
        (template, f"{place}-{known}"),
        split,
        slots,
        answer=glue + words[known],
        distractor=glue + wrong,
        rest="".join(separator + word for word in words[known + 1 :]) + end,
    )


def _repeated(structure: str, tokens: list[str], style: str, rng: Random, split: Split, name: str) -> Problem:
    """Return the tokens written twice or more and cut where the next token can be known.

    The style is what stands before the string and what stands between its tokens, split by `|`.
    """
    opening, separator = style.split("|")
    period = len(tokens)
    cut = rng.randint(period + 1, 3 * period - 1)
    shown = [tokens[index % period] for index in range(cut)]
    left = [tokens[index % period] for index in range(cut + 1, 3 * period)]
    glue = separator[len(separator.rstrip()) :]
    answer = tokens[cut % period]
    other = rng.choice([token for token in tokens if token != answer])
    return stated(
        structure,
        (opening + "{string}" + separator.rstrip(), f"{name}-period-{period}"),
        split,
        {"string": separator.join(shown)},
        answer=glue + answer,
        distractor=glue + other,
        rest="".join(separator + token for token in left),
    )


def repetition(rng: Random, *, split: Split = "train") -> Problem:
    """Return random words repeated with a variable period; the answer comes next (Olsson et al. 2022)."""
    styles = ("| ", "|, ", "|\n", "| - ") if split == "train" else ("Words: | ", "The list is |, ")
    index = rng.randrange(len(styles))
    words = rng.sample(pool(LEXICON, 0, split), rng.randint(3, 16))
    return _repeated("repetition", words, styles[index], rng, split, f"{split}/{index}")


def nonsense(rng: Random, *, split: Split = "train") -> Problem:
    """Return words that do not exist, repeated with a variable period; the answer comes next."""
    styles = ("| ", "|, ", "Say: | ") if split == "train" else ("Say |, ",)
    index = rng.randrange(len(styles))
    syllables = pool(SYLLABLES, 0, split)
    tokens = list(
        dict.fromkeys("".join(rng.choices(syllables, k=rng.randint(1, 2))) for _ in range(rng.randint(4, 8)))
    )
    return _repeated("nonsense", tokens, styles[index], rng, split, f"{split}/{index}")


def letter_repetition(rng: Random, *, split: Split = "train") -> Problem:
    """Return random letters and digits repeated with a variable period; the answer is the next one."""
    symbols = tuple(LETTERS + CAPITALS + tuple("0123456789"))
    styles = ("| ", "|, ") if split == "train" else ("Letters: | ",)
    index = rng.randrange(len(styles))
    chosen = pool(symbols, 1, split)
    tokens = rng.sample(chosen, rng.randint(3, min(16, len(chosen))))
    return _repeated("letter-repetition", tokens, styles[index], rng, split, f"{split}/{index}")
