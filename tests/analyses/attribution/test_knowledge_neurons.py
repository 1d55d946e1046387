"""Knowledge neurons, held to a neuron that was planted and to what the check must say of it."""

from typing import Any

import numpy as np
import pytest

from neuronscope import knowledge_neurons, open_model
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.attributing.planted import ANSWER, KNOWING, knowing_model

PLANTED = {"prompt": "a nook", "paraphrases": "the book\nlook\none hook\nthe cook\nrook", "target": ANSWER}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def knowing() -> Model:
    return knowing_model()


@pytest.mark.parametrize("method", ["integrated_gradients", "log_probability_increase"])
def test_the_planted_neuron_alone_is_found_and_the_answer_hangs_on_it(knowing: Model, method: str) -> None:
    found = knowledge_neurons(knowing, **PLANTED, method=method, baseline="zero")
    assert found.neuron_name.values.tolist() == [f"mlp_act.0.{KNOWING}"]
    assert found.shared.values.tolist() == [1]
    assert found.unrelated_shared.values.tolist() == [0]
    suppressed = found.sel(item="suppressed, wordings")
    assert float(suppressed.effect) < -4
    assert abs(float(suppressed.effect_null)) < 0.1
    assert float(suppressed.effect_p) == pytest.approx(1 / 21)
    assert float(found.effect.sel(item="doubled, wordings")) > 0
    assert abs(float(found.effect.sel(item="suppressed, unrelated prompts"))) < 0.01


def test_random_neurons_do_not_take_the_answer_away(knowing: Model) -> None:
    found = knowledge_neurons(knowing, **PLANTED, baseline="zero", random_sets=60)
    random = found.random_effect.sel(item="suppressed, wordings").values
    assert random.shape == (60,)
    assert np.abs(random).max() < 0.2


def test_scores_are_means_over_wordings_with_doubt(scribe: Model) -> None:
    found = knowledge_neurons(scribe, "capital", n_paraphrases=5, random_sets=3)
    assert found.sizes["prompt"] == 5
    assert (np.diff(found.score) <= 0).all()
    assert (found.score_low <= found.score).all()
    assert (found.score <= found.score_high).all()
    assert (found.shared > 0.5).all()
    assert (found.unrelated_shared <= 0.5).all()
    assert (found.score_p >= found.score_raw_p).all()


def test_on_scribe_the_found_neurons_matter_more_than_random_ones(scribe: Model) -> None:
    found = knowledge_neurons(scribe)
    suppressed = found.sel(item="suppressed, wordings")
    assert float(suppressed.effect_high) < float(suppressed.random_effect.min())
    assert float(suppressed.effect) < 3 * float(found.effect.sel(item="suppressed, unrelated prompts")) < 0


def test_the_result_says_whether_the_model_knows_the_fact(knowing: Model) -> None:
    assert knowledge_neurons(knowing, **PLANTED, baseline="zero", random_sets=1).attrs["right"] == 1
    wrong = PLANTED | {"target": "x"}
    found = knowledge_neurons(knowing, **wrong, baseline="zero", random_sets=1, threshold=0.01, shared_by=0.1)
    assert found.attrs["right"] == 0


def test_a_higher_threshold_finds_fewer(scribe: Model) -> None:
    loose, strict = (
        set(knowledge_neurons(scribe, threshold=t, random_sets=1, top_k=100).neuron_name.values)
        for t in (0.1, 0.3)
    )
    assert len(strict) < len(loose)


def test_probability_and_the_subject_by_name_are_taken(scribe: Model) -> None:
    found = knowledge_neurons(
        scribe, subject="Italy", metric="probability", baseline="zero", n_paraphrases=3, random_sets=2
    )
    assert all("Italy" in text for text in found.text.values)
    assert (found.score < 1.5).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"task": "capital"}, "brings its own prompts"),
        ({"subject": "France"}, "The prompt says nothing of 'France': leave subject out"),
        ({"threshold": 1.0}, "threshold=1.0 should be less"),
        ({"paraphrases": "nowhere.txt"}, "cannot be read as paraphrases"),
        ({"target": "xyz"}, "'xyz' is 4 tokens"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    knowing: Model, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        knowledge_neurons(**{"model": knowing, **PLANTED, **arguments})


def test_what_is_no_fact_and_what_is_not_found_are_refused_in_words(scribe: Model) -> None:
    with pytest.raises(BadInput, match="does not ask for facts about one subject"):
        knowledge_neurons(scribe, "indirect-object")
    with pytest.raises(BadInput, match="asks nothing about 'Atlantis'"):
        knowledge_neurons(scribe, "capital", subject="Atlantis")
    with pytest.raises(BadInput, match="no neuron counts in more than 90%"):
        knowledge_neurons(scribe, "capital", subject="France", threshold=0.99, shared_by=0.9)
