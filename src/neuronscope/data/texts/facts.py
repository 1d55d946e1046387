"""Real facts about countries, to be remembered: only the wording can be unseen."""

from random import Random

from .countries import COUNTRIES
from .problem import Problem, Split, Templates, stated

TEMPLATES = {
    "capital": Templates(
        train=(
            "The capital of {country} is",
            "{country} has a capital city called",
            "Question: What is the capital of {country}? Answer:",
            "The name of the capital of {country} is",
            "The people of {country} know that their capital is",
            "The government of {country} sits in",
            "If you travel to {country}, visit the capital,",
        ),
        unseen=("I know that the capital of {country} is", "The capital city of {country} is called"),
    ),
    "language": Templates(
        train=(
            "The language of {country} is",
            "The people of {country} speak",
            "Question: What is the language of {country}? Answer:",
            "The official language of {country} is",
            "If you travel to {country}, learn some",
            "In {country} most people speak",
        ),
        unseen=("I know that the language of {country} is", "The people who live in {country} speak"),
    ),
    "currency": Templates(
        train=(
            "The currency of {country} is the",
            "The people of {country} pay with the",
            "Question: What is the currency of {country}? Answer: the",
            "The official currency of {country} is the",
            "If you travel to {country}, you need the",
            "In {country} most people pay with the",
        ),
        unseen=(
            "I know that the currency of {country} is the",
            "The people who live in {country} pay with the",
        ),
    ),
    "continent": Templates(
        train=(
            "{country} is in",
            "{country} lies on the continent of",
            "Question: On which continent is {country}? Answer:",
            "The country of {country} is in",
            "If you travel to {country}, you travel to",
            "The continent of {country} is",
        ),
        unseen=("I know that the continent of {country} is", "The country called {country} is in"),
    ),
}
COUNTRY_OF = Templates(
    train=(
        "{capital} is the capital of",
        "{capital} is a city in",
        "The city of {capital} is in",
        "{capital} is in",
    ),
    unseen=("I know that {capital} is the capital of", "The city called {capital} is in"),
)


def _stating(relation: str) -> tuple[tuple[str, str], ...]:
    return tuple((row.country, value) for row in COUNTRIES if (value := getattr(row, relation)) is not None)


FACTS = {relation: _stating(relation) for relation in TEMPLATES}


def _fact(relation: str, rng: Random, split: Split) -> Problem:
    country, value = rng.choice(FACTS[relation])
    others = sorted({other for _, other in FACTS[relation]} - {value})
    return stated(
        relation,
        TEMPLATES[relation].pick(rng, split),
        split,
        {"country": country},
        answer=f" {value}",
        distractor=f" {rng.choice(others)}",
    )


def capital(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with a country's capital."""
    return _fact("capital", rng, split)


def language(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with a country's only official language."""
    return _fact("language", rng, split)


def currency(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with a country's currency."""
    return _fact("currency", rng, split)


def continent(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with a country's continent."""
    return _fact("continent", rng, split)


def country_of(rng: Random, *, split: Split = "train") -> Problem:
    """Return a sentence that ends with the country of a capital."""
    country, city = rng.choice(FACTS["capital"])
    other = rng.choice([name for name, _ in FACTS["capital"] if name != country])
    return stated(
        "country-of",
        COUNTRY_OF.pick(rng, split),
        split,
        {"capital": city},
        answer=f" {country}",
        distractor=f" {other}",
    )
