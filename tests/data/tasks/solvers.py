"""Every task solved a second way: from the words of the prompt alone, without what drew it."""

import re
from itertools import product

from neuronscope.data.texts.countries import COUNTRIES
from neuronscope.data.texts.words import BAD, GOOD, MEN, NAMES, NOUNS, WOMEN, plural

PLURALS = {plural(noun) for noun in NOUNS}
CLOSING = {"(": ")", "[": "]", "{": "}"}


def acronym(prompt: str, answer: str) -> bool:
    words, letters = re.fullmatch(r".*?((?:\w+ ){3})\((\w\w)", prompt).groups()  # pyright: ignore[reportOptionalMemberAccess]
    initials = [word[0] for word in words.split()]
    return initials == [*letters, answer]


def agreement(prompt: str, answer: str) -> bool:
    subject = re.search(r"\b[Tt]he (\w+)", prompt)[1]  # pyright: ignore[reportOptionalSubscript]
    assert (subject in PLURALS) != (subject in NOUNS)
    past, perfect = prompt.startswith("Yesterday"), prompt.startswith("For years")
    forms = ("was", "were") if past else ("has", "have") if perfect else ("is", "are")
    return answer == forms[subject in PLURALS]


def brackets(prompt: str, answer: str) -> bool:
    stack = []
    for sign in re.sub(r"[^\]\[(){}]", "", prompt):
        if sign in CLOSING:
            stack.append(CLOSING[sign])
        else:
            assert stack.pop() == sign
    return answer.split() == stack[::-1]


def capital(prompt: str, answer: str) -> bool:
    return {row.capital for row in COUNTRIES if re.search(rf"\b{row.country}\b", prompt)} == {answer}


def worked(prompt: str, answer: str) -> bool:
    for left, right in re.findall(r"(\d[\d +-]*) = (\d+)", answer):
        assert eval(left) == int(right)
    ones = [number[-1] for number in re.findall(r"\d\d", prompt)]
    shown = [number[-1] for number in re.findall(r"\d+", answer)[:2]]
    return calculated(prompt, answer.rpartition("result ")[2]) and ones == shown


def calculated(prompt: str, answer: str) -> bool:
    first, sign, second = re.search(r"(\d+) (\+|-|plus|minus) (\d+)", prompt).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return int(answer) == (int(first) + int(second) if sign in ("+", "plus") else int(first) - int(second))


def classification(prompt: str, answer: str) -> bool:
    lines = re.findall(r"(\w+)(?: ->|:| =| is)(?: (\w))?(?=[\n,;]|$)", prompt.rstrip())
    labels = {word in GOOD: label for word, label in lines[:-1]}
    assert len(labels) == 2
    assert all((word in GOOD) != (word in BAD) for word, _ in lines)
    return labels[lines[-1][0] in GOOD] == answer


def docstring(prompt: str, answer: str) -> bool:
    signature = re.search(r"\((.*)\):", prompt)[1].split(", ")  # pyright: ignore[reportOptionalSubscript]
    described = prompt.rstrip().count("\n") - 3
    return signature[described] == answer


def factual_recall(prompt: str, answer: str) -> bool:
    row = next(row for row in COUNTRIES if re.search(rf"\b{row.country}\b", prompt))
    if "language" in prompt or "speak" in prompt:
        return row.language == answer
    if "currency" in prompt or "pay" in prompt:
        return row.currency == answer
    assert " in" in prompt or "continent" in prompt
    return row.continent == answer


def greater_than(prompt: str, answer: str) -> bool:
    first, century = re.search(r"(\d{4}).*\b(\d\d)$", prompt).groups()  # pyright: ignore[reportOptionalMemberAccess]
    assert first.startswith(century)
    return int(century + answer) > int(first)


def indirect_object(prompt: str, answer: str) -> bool:
    named = [word for word in re.findall(r"\w+", prompt) if word in NAMES]
    assert len(named) == 3
    return [name for name in named if named.count(name) == 1] == [answer]


def induction(prompt: str, answer: str) -> bool:
    words = re.findall(r"\w+", prompt.rpartition("is ")[2] if prompt.startswith("The list") else prompt)
    before = words.index(words[-1])
    assert before < len(words) - 1
    return words[before + 1] == answer


def logic(prompt: str, answer: str) -> bool:
    """Check every valuation that makes the premises true: the claim must be what the answer says in each."""
    facts, claim = re.fullmatch(r"Given: (.*)\. (?:So|Therefore) (.*) is", prompt).groups()  # pyright: ignore[reportOptionalMemberAccess]
    letters = sorted(set(re.findall(r"\b[A-Z]\b", facts)))
    values = set()
    for truth in product((False, True), repeat=len(letters)):
        valuation = dict(zip(letters, truth, strict=True))
        if all(_holds(fact, valuation) for fact in facts.split(". ")):
            values.add(_holds(claim, valuation))
    return values == {answer == "true"}


def _holds(sentence: str, truth: dict[str, bool]) -> bool:
    if rule := re.fullmatch(r"If (\w) then (\w)", sentence):
        return not truth[rule[1]] or truth[rule[2]]
    if fact := re.fullmatch(r"(\w) is (true|false)", sentence):
        return truth[fact[1]] == (fact[2] == "true")
    first, *rest = sentence.split()
    if first == "not":
        return not truth[rest[0]]
    join = {"and": all, "or": any}[rest[0]] if rest else all
    return join(truth[letter] for letter in sentence.split()[::2])


def pronoun(prompt: str, answer: str) -> bool:
    name = next(word for word in re.findall(r"\w+", prompt) if word in NAMES)
    return (name in WOMEN, name in MEN) == (answer == "she", answer == "he")


def sentiment(prompt: str, answer: str) -> bool:
    opinions = [word for word in re.findall(r"\w+", prompt) if word in GOOD + BAD]
    assert len(opinions) == 1
    return (opinions[0] in GOOD) == (answer == "positive")


SOLVERS = {
    "acronym": acronym,
    "agreement": agreement,
    "brackets": brackets,
    "capital": capital,
    "chain-of-thought": worked,
    "classification": classification,
    "docstring": docstring,
    "factual-recall": factual_recall,
    "greater-than": greater_than,
    "indirect-object": indirect_object,
    "induction": induction,
    "logic": logic,
    "one-digit-arithmetic": calculated,
    "pronoun": pronoun,
    "sentiment": sentiment,
    "two-digit-arithmetic": calculated,
}

CHANGED = {
    "acronym": ["three"],
    "agreement": ["subject"],
    "brackets": ["innermost"],
    "capital": ["country"],
    "classification": ["asked"],
    "docstring": ["asked", "other"],
    "factual-recall": ["country"],
    "greater-than": ["start"],
    "indirect-object": ["giver"],
    "induction": ["source"],
    "logic": ["asked"],
    "pronoun": ["name"],
    "sentiment": ["word"],
}
"""The spans that differ between the prompts of a task; in arithmetic it is one of two."""

NAMED = {
    "acronym": {"letters": r"[A-Z]{2}", "one|two|three|name": r"[A-Z][a-z]+"},
    "agreement": {"subject|attractor": "|".join([*NOUNS, *PLURALS]), "name": "|".join(NAMES)},
    "brackets": {"innermost": r"[\[({]", "before|after": r"[\]\[(){} ]+"},
    "capital": {"country": "|".join(row.country for row in COUNTRIES)},
    "chain-of-thought": {"first|second": r"\d\d", "sign": r"[+-]"},
    "classification": {r"asked|example_\d": "|".join(GOOD + BAD), r"label_\d": "[A-Z]"},
    "docstring": {r"asked(_\d)?|other|argument_\d(_\d)?|function": r"[a-z]+", "meaning": r"[a-z ]+"},
    "factual-recall": {"country": "|".join(row.country for row in COUNTRIES)},
    "greater-than": {"start": r"\d\d", "century|century_2": "1[1-9]", "event": r"[a-z]+"},
    "indirect-object": {"recipient|subject|giver": "|".join(NAMES), "place|thing": r"[a-z]+"},
    "induction": {"previous|source|last": r"\w+"},
    "logic": {"facts": r"[A-Z].*\.", "asked": "[A-Z]"},
    "one-digit-arithmetic": {"first|second": r"\d", "sign|word": r"[+-]|plus|minus", "name": r"[A-Z]\w+"},
    "pronoun": {"name": "|".join(NAMES), "place|thing": r"[a-z]+"},
    "sentiment": {"word": "|".join(GOOD + BAD), "show": r"[a-z]+", "name": r"[A-Z]\w+"},
    "two-digit-arithmetic": {"first|second": r"\d\d", "sign|word": r"[+-]|plus|minus", "name": r"[A-Z]\w+"},
}
"""What the spans of a task may hold, by their names."""
