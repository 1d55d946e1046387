"""The generator keeps its promises: seeded, split, spanned."""

import re
import subprocess
import sys
from random import Random

import pytest

from neuronscope.data.texts import Problem, Span
from neuronscope.data.texts.mix import DOCUMENTATION_SHARE, STRUCTURES, document, draw, problems
from neuronscope.data.texts.problem import FOLDS, Templates, fill, pool
from neuronscope.data.texts.words import LEXICON, NAMES

# The spans of each structure whose fillers are held out.
HELD_OUT = {
    "indirect-object": ("recipient", "giver", "place", "thing"),
    "pronoun": ("name", "place", "thing"),
    "gender": ("name",),
    "possession": ("name", "place"),
    "agreement": ("subject", "attractor", "name"),
    "plurals": ("second", "name"),
    "number": ("noun",),
    "greater-than": ("event",),
    "implication": ("first", "second", "cause", "effect"),
    "acronym": ("one", "two", "three"),
    "opposite": ("word",),
    "sentiment": ("word", "show"),
    "opinion": ("word", "show", "name"),
    "docstring": ("argument_0", "argument_1", "argument_2"),
    "brackets": ("open",),
    "quotation": ("name", "other"),
    "reply": ("one", "two"),
    "relative": ("subject", "attractor"),
    "meeting": ("one", "two"),
}


def drawn(structure: str, split: str, count: int = 300) -> list[Problem]:
    rng = Random(f"{structure}/{split}")
    return [draw(structure, rng, split=split) for _ in range(count)]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_same_seed_draws_the_same_problem(structure: str) -> None:
    assert draw(structure, Random(5)) == draw(structure, Random(5))
    assert len({draw(structure, Random(seed)).text for seed in range(30)}) > 5


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("split", ["train", "unseen"])
def test_a_text_is_prompt_answer_and_rest_and_its_spans_lie_inside(structure: str, split: str) -> None:
    for problem in drawn(structure, split, 100):
        assert problem.structure == structure
        assert problem.split == split
        assert problem.text == problem.prompt + problem.answer + problem.rest
        assert not problem.prompt.endswith(" ")
        assert problem.answer.strip()
        assert problem.span("answer") == problem.answer.strip()
        assert all(0 <= span.start < span.end <= len(problem.text) for span in problem.spans)
        assert problem.distractor not in problem.answers


@pytest.mark.parametrize("structure", STRUCTURES)
def test_unseen_templates_are_never_used_in_training(structure: str) -> None:
    trained = {problem.template for problem in drawn(structure, "train")}
    unseen = {problem.template for problem in drawn(structure, "unseen")}
    assert not trained & unseen


@pytest.mark.parametrize("structure", HELD_OUT)
def test_unseen_fillers_are_never_used_in_the_structure_s_training(structure: str) -> None:
    for span in HELD_OUT[structure]:
        trained = {
            p.span(span) for p in drawn(structure, "train", 1500) if any(s.name == span for s in p.spans)
        }
        unseen = {p.span(span) for p in drawn(structure, "unseen") if any(s.name == span for s in p.spans)}
        assert unseen
        assert not trained & unseen


def test_every_word_of_the_lexicon_is_trained_somewhere() -> None:
    rng = Random(0)
    seen = {word for _ in range(20_000) for word in re.findall(r"\w+", document(rng))}
    assert set(LEXICON) <= seen


@pytest.mark.parametrize("words", [NAMES, LEXICON])
def test_folds_share_the_words_among_them(words: tuple[str, ...]) -> None:
    folds = [set(pool(words, fold, "unseen")) for fold in range(FOLDS)]
    assert set.union(*folds) == set(words)
    assert sum(map(len, folds)) == len(set(words)) == len(words)
    for fold, unseen in enumerate(folds):
        assert set(pool(words, fold, "train")) == set(words) - unseen


def test_a_slot_used_again_gets_a_numbered_span() -> None:
    text, spans = fill("{who} and {what}, {who}", {"who": "Ann", "what": "tea"})
    assert text == "Ann and tea, Ann"
    assert spans == (Span("who", 0, 3), Span("what", 8, 11), Span("who_2", 13, 16))


def test_a_span_that_a_problem_lacks_is_named_in_the_error() -> None:
    with pytest.raises(KeyError, match="no span 'verb' in a problem of capital; it has"):
        draw("capital", Random(0)).span("verb")


def test_templates_are_named_by_split_and_place() -> None:
    templates = Templates(train=("a", "b"), unseen=("c",))
    assert templates.pick(Random(0), "unseen") == ("c", "unseen/0")
    assert {templates.pick(Random(seed), "train") for seed in range(20)} == {
        ("a", "train/0"),
        ("b", "train/1"),
    }


def test_problems_are_different_and_a_function_of_the_seed() -> None:
    asked = problems("capital", 40, seed=3)
    assert asked == problems("capital", 40, seed=3)
    assert asked != problems("capital", 40, seed=4)
    assert len({problem.prompt for problem in asked}) == 40
    assert all(problem.split == "unseen" for problem in asked)


def test_a_split_with_fewer_problems_gives_those_it_has() -> None:
    few = problems("opposite", 500, seed=0)
    assert 0 < len(few) < 500
    assert len({problem.prompt for problem in few}) == len(few)


def test_documents_follow_the_weights_of_a_phase() -> None:
    rng = Random(1)
    only = dict.fromkeys(STRUCTURES, 0.0) | {"greater-than": 1.0}
    texts = [document(rng, only) for _ in range(50)]
    assert all("from" in text.lower() or "began" in text for text in texts)
    assert any("\n" in text for text in texts)


def test_the_mix_is_fixed() -> None:
    assert DOCUMENTATION_SHARE == 0.35
    assert sum(weight for _, weight in STRUCTURES.values()) == 135.0


def test_the_generator_needs_no_torch() -> None:
    code = (
        "import sys, neuronscope.data.texts.mix, neuronscope.data.documentation, neuronscope.data.packing; "
    )
    code += (
        "import neuronscope.data.prompts; assert not {'torch', 'transformers', 'xarray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
