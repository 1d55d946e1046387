"""Every structure's answer is right, checked by a second way of finding it."""

import re
from itertools import product
from random import Random

import pytest

from neuronscope.data.texts import Problem
from neuronscope.data.texts.countries import COUNTRIES
from neuronscope.data.texts.facts import FACTS
from neuronscope.data.texts.mix import draw
from neuronscope.data.texts.words import ANTONYMS, BAD, GOOD, MEN, NOUNS, WOMEN, plural

BOTH = ["train", "unseen"]
several = pytest.mark.parametrize("split", BOTH)


def drawn(structure: str, split: str, count: int = 200) -> list[Problem]:
    rng = Random(f"{structure}/{split}/check")
    return [draw(structure, rng, split=split) for _ in range(count)]  # pyright: ignore[reportArgumentType]


@several
def test_the_receiver_is_the_one_who_does_not_give(split: str) -> None:
    for problem in drawn("indirect-object", split):
        assert problem.answer == f" {problem.span('recipient')}"
        assert problem.distractor == f" {problem.span('giver')}"
        assert problem.prompt.count(problem.span("recipient")) == 1
        assert len(re.findall(rf"\b{problem.span('giver')}\b", problem.prompt)) == 2


@several
@pytest.mark.parametrize(
    ("structure", "hers", "his"),
    [("pronoun", " she", " he"), ("gender", " woman", " man"), ("possession", " her", " his")],
)
def test_pronouns_follow_the_name(structure: str, hers: str, his: str, split: str) -> None:
    for problem in drawn(structure, split):
        assert (problem.span("name") in WOMEN) == (problem.answer == hers)
        assert (problem.span("name") in MEN) == (problem.answer == his)


@several
def test_verbs_agree_with_the_subject(split: str) -> None:
    plurals = {plural(noun) for noun in NOUNS}
    for problem in drawn("agreement", split):
        assert (problem.span("subject") in plurals) == (problem.answer in (" are", " were", " have"))
    apart = [
        (p.span("subject") in plurals) != (p.span("attractor") in plurals)
        for p in drawn("agreement", split, 1000)
    ]
    assert 0.6 < sum(apart) / len(apart) < 0.8


@several
def test_verbs_agree_across_a_relative_clause(split: str) -> None:
    for problem in drawn("relative", split):
        assert (problem.span("subject") in NOUNS) == (problem.answer == " is")


@several
def test_a_reply_goes_to_the_other_person(split: str) -> None:
    for problem in drawn("reply", split):
        assert problem.answer == f" {problem.span('one')}"
        assert problem.distractor == f" {problem.span('two')}"


@several
def test_at_a_meeting_one_turns_to_the_other(split: str) -> None:
    for problem in drawn("meeting", split):
        assert {problem.answer, problem.distractor} == {f" {problem.span('one')}", f" {problem.span('two')}"}
        assert problem.distractor == f" {problem.span('actor')}"


@several
def test_told_sums_come_out_right(split: str) -> None:
    for problem in drawn("story-sum", split):
        assert int(problem.answer) == int(problem.span("first")) + int(problem.span("second"))


@several
def test_quotations_repeat_what_was_said(split: str) -> None:
    for problem in drawn("quotation", split):
        assert problem.span("words") == problem.text.rstrip('".')[-len(problem.span("words")) :]
        assert problem.span("again") + problem.answer in problem.text
        assert problem.span("words").startswith(problem.span("again") + problem.answer)


@several
def test_plurals_and_back_references_are_right(split: str) -> None:
    for problem in drawn("plurals", split):
        assert problem.answer == f" {plural(problem.span('second'))}"
    for problem in drawn("number", split):
        assert (problem.span("noun") in NOUNS) == (problem.answer == " it")


def test_the_table_of_countries_states_known_facts() -> None:
    assert (
        len({row.country for row in COUNTRIES})
        == len({row.capital for row in COUNTRIES})
        == len(COUNTRIES)
        == 63
    )
    assert dict(FACTS["capital"]) | {"France": "Paris", "Japan": "Tokyo", "Kenya": "Nairobi"} == dict(
        FACTS["capital"]
    )
    assert dict(FACTS["language"])["Brazil"] == "Portuguese"
    assert "Belgium" not in dict(FACTS["language"])
    assert dict(FACTS["currency"])["Poland"] == "zloty"
    assert dict(FACTS["continent"])["Peru"] == "South America"
    assert not {"Turkey", "Russia"} & set(dict(FACTS["continent"]))


@several
@pytest.mark.parametrize("relation", ["capital", "language", "currency", "continent"])
def test_facts_are_those_of_the_table(relation: str, split: str) -> None:
    for problem in drawn(relation, split):
        assert problem.answer == f" {dict(FACTS[relation])[problem.span('country')]}"


@several
def test_a_capital_leads_back_to_its_country(split: str) -> None:
    capitals = {row.capital: row.country for row in COUNTRIES}
    for problem in drawn("country-of", split):
        assert problem.answer == f" {capitals[problem.span('capital')]}"


@several
def test_events_end_after_they_began(split: str) -> None:
    for problem in drawn("greater-than", split):
        start = int(problem.span("start"))
        assert problem.prompt.endswith(problem.span("century"))
        assert {int(year) for year in problem.answers} == set(range(start + 1, 100))
        assert problem.distractor is not None
        assert int(problem.distractor) < start


@several
def test_series_go_on_evenly_and_comparisons_find_the_larger(split: str) -> None:
    for problem in drawn("series", split):
        values = [int(value) for value in problem.span("series").split(", ")]
        assert int(problem.answer) - values[-1] == values[1] - values[0]
    for problem in drawn("comparison", split):
        assert int(problem.answer) == max(int(problem.span("first")), int(problem.span("second")))


def _follows(facts: str, claim: str) -> bool:
    """Return whether the claim holds wherever the facts do, after asserting that they settle it."""
    letters = sorted(set(re.findall(r"\b[A-Z]\b", facts + claim)))
    values = set()
    for world in (
        dict(zip(letters, bits, strict=True)) for bits in product((False, True), repeat=len(letters))
    ):
        if all(_holds(fact, world) for fact in facts.removeprefix("Given: ").rstrip(". ").split(". ")):
            values.add(_holds(claim, world))
    assert len(values) == 1
    return values.pop()


def _holds(sentence: str, world: dict[str, bool]) -> bool:
    if found := re.fullmatch(r"If (\w) then (\w)", sentence):
        return not world[found[1]] or world[found[2]]
    if found := re.fullmatch(r"(\w) is (true|false)", sentence):
        return world[found[1]] == (found[2] == "true")
    if found := re.fullmatch(r"(\w) (and|or) (\w)", sentence):
        pair = world[found[1]], world[found[3]]
        return all(pair) if found[2] == "and" else any(pair)
    if found := re.fullmatch(r"not (\w)", sentence):
        return not world[found[1]]
    return world[sentence]


@several
def test_logic_is_true_in_every_world_of_its_facts(split: str) -> None:
    for problem in drawn("logic", split):
        facts, claim = problem.span("facts"), problem.span("claim")
        assert problem.answer == (" true" if _follows(facts, claim) else " false")


@several
def test_implications_go_forward_and_back(split: str) -> None:
    for problem in drawn("implication", split):
        forward = problem.span("fact") == f"{problem.span('first')} is {problem.span('cause')}."
        assert problem.answer == (" yes" if forward else " no")
        asked = ("second", "effect") if forward else ("first", "cause")
        assert problem.span("asked") == f"{problem.span(asked[0])} {problem.span(asked[1])}"


@several
def test_brackets_close_in_order(split: str) -> None:
    for problem in drawn("brackets", split):
        text = (problem.span("open") + problem.answer).replace(" ", "")
        while (shorter := text.replace("()", "").replace("[]", "").replace("{}", "")) != text:
            text = shorter
        assert text == ""


@several
def test_acronyms_are_initials(split: str) -> None:
    for problem in drawn("acronym", split):
        assert problem.answer == "".join(problem.span(part)[0] for part in ("one", "two", "three"))


@several
@pytest.mark.parametrize("structure", ["repetition", "letter-repetition", "nonsense"])
def test_repeated_strings_have_the_period_they_name(structure: str, split: str) -> None:
    for problem in drawn(structure, split):
        period = int(problem.template.rsplit("-", 1)[1])
        begin = next(span.start for span in problem.spans if span.name == "string")
        tokens = re.findall(r"\w+", problem.text[begin:])
        shown = len(re.findall(r"\w+", problem.prompt[begin:]))
        assert all(tokens[place] == tokens[place % period] for place in range(len(tokens)))
        assert len(set(tokens)) == period < shown
        assert problem.answer.strip() == tokens[shown]


@several
def test_mappings_are_looked_up_in_the_context(split: str) -> None:
    for problem in drawn("mapping", split):
        words = re.findall(r"\w+", problem.prompt.replace(" is ", " "))
        words = words[:-1] if words[-1] == "is" else words
        assert words[words.index(words[-1]) + 1] == problem.answer.strip()


@several
def test_classes_are_labelled_by_sentiment(split: str) -> None:
    for problem in drawn("classification", split):
        words = [word for word in re.findall(r"\w+", problem.text) if word != "is"]
        labels = dict(zip(words[::2], words[1::2], strict=True))
        assert len({label for word, label in labels.items() if word in GOOD}) == 1
        assert len({label for word, label in labels.items() if word in BAD}) == 1
        assert len(set(labels.values())) == 2


@several
@pytest.mark.parametrize("structure", ["antonyms", "opposite"])
def test_opposites_are_those_of_the_list(structure: str, split: str) -> None:
    for problem in drawn(structure, split):
        asked = problem.distractor or ""
        pair = (asked.strip(), problem.answer.strip())
        assert pair in ANTONYMS or pair[::-1] in ANTONYMS


@several
def test_sentiment_follows_the_word(split: str) -> None:
    for problem in drawn("sentiment", split):
        assert (problem.span("word") in GOOD) == (problem.answer == " positive")
    for problem in drawn("opinion", split):
        assert (problem.span("word") in GOOD) == (problem.answer == " liked")


@several
def test_docstrings_name_the_next_argument(split: str) -> None:
    for problem in drawn("docstring", split):
        signature = problem.prompt.split("(")[1].split(")")[0].split(", ")
        named = len(problem.prompt.split('"""')[1].strip().splitlines()) - 3
        assert problem.answer == f" {signature[named]}"
        assert problem.distractor is not None
        assert problem.distractor.strip() in signature
