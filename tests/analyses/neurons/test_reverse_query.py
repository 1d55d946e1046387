"""Reverse query, held to a neuron whose token is known, and to chance where there is nothing."""

import time
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.neurons.neuron_examples import neuron_examples
from neuronscope.analyses.neurons.reverse_query import reverse_query
from neuronscope.data.corpora import Corpus
from neuronscope.instruments import run
from neuronscope.instruments.neurons.answers import Record
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.neurons.detectors import LETTER, NEURON, corpus, detector


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Model]) -> Model:
    return detector(make_model)


@pytest.fixture(scope="module")
def record(model: Model) -> xr.Dataset:
    return neuron_examples(model, corpus(), n_tokens=0, context=32, min_count=1)


def best(found: xr.Dataset) -> tuple[int, int]:
    return int(found["top_layer"][0]), int(found["top_neuron"][0])


def test_its_token_finds_the_detector_first(model: Model, record: xr.Dataset) -> None:
    found = reverse_query(model, record, query=LETTER)
    assert best(found) == (0, NEURON)
    assert float(found["p"][0]) < 1e-3
    assert float(found["low"][0]) > 1


def test_an_ngram_and_a_pattern_are_answered_from_the_record_alone(model: Model, record: xr.Dataset) -> None:
    before, model.hf.forward = model.hf.forward, None
    try:
        assert best(reverse_query(model, record, query=" q", read_as="ngram")) == (0, NEURON)
        pattern = reverse_query(model, record, query="[qz]", read_as="pattern")
        assert best(pattern) == (0, NEURON)
        np.testing.assert_allclose(
            pattern["every_effect"], reverse_query(model, record, query=LETTER)["every_effect"], atol=1e-6
        )
    finally:
        model.hf.forward = before


def test_a_pattern_of_several_tokens_is_their_mean_by_count(model: Model, record: xr.Dataset) -> None:
    held = Record(model, record)
    one, two, both = held.ngram("a"), held.ngram("e"), held.matching("^[ae]$")
    assert one is not None
    assert two is not None
    assert both.count == one.count + two.count
    expected = (one.mean * one.count + two.mean * two.count) / both.count
    np.testing.assert_allclose(both.mean, expected, rtol=1e-6)


def test_a_new_text_is_run_through_the_model(model: Model, record: xr.Dataset) -> None:
    found = reverse_query(model, record, query="zqqqqz")
    assert float(found["every_effect"][0, NEURON]) > 2
    assert float(found["every_p"][0, NEURON]) < 0.05
    values = run(model, model.tokenize("zqqqqz")[None], get="mlp_act.2")["mlp_act.2"][0, 1:].mean(0)
    spread = np.sqrt(record["variance"].values[2])
    effect = (values.numpy() - record["mean"].values[2]) / spread
    np.testing.assert_allclose(found["every_effect"].values[2], effect, rtol=1e-5, atol=1e-6)


def test_one_set_of_neurons_is_taken_from_another(model: Model, record: xr.Dataset) -> None:
    def active(query: str) -> set[tuple[int, int]]:
        found = reverse_query(model, record, query=query)
        on = (found["every_effect"].values > 0) & (found["every_p"].values < 0.05)
        return set(zip(*np.nonzero(on), strict=True))

    def named(found: xr.Dataset) -> set[tuple[int, int]]:
        return set(zip(found["top_layer"].values, found["top_neuron"].values, strict=True))

    one, two = active(LETTER), active("e")
    assert one - two
    assert named(reverse_query(model, record, query=LETTER, unless="e", top_k=100)) == one - two
    assert named(reverse_query(model, record, query=LETTER, also="e", top_k=100)) == one & two
    assert not named(reverse_query(model, record, query=LETTER, unless=LETTER))


def test_texts_of_the_corpus_itself_are_no_more_surprising_than_chance(
    make_model: Callable[..., Model],
) -> None:
    """Texts of random letters: where there is nothing to find, p is as small as it says, as often."""
    model = make_model("gpt2", seed=2)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh"), 24)) for _ in range(300)]
    record = neuron_examples(model, Corpus("letters", lambda: texts), n_tokens=0, context=24)
    held = Record(model, record)
    p = np.stack([held.chance(held.text(text)) for text in texts[:100]])
    for level in (0.5, 0.2):
        assert (p < level).mean() == pytest.approx(level, rel=0.2)
    # Means cannot lie as far out on the short side of a skewed neuron as on the other.
    for level in (0.05, 0.01):
        assert level / 2 < (p < level).mean() < 1.2 * level


def test_looking_a_token_up_takes_less_than_a_tenth_of_a_second(model: Model, record: xr.Dataset) -> None:
    reverse_query(model, record, query=LETTER)
    begun = time.process_time()
    reverse_query(model, record, query=LETTER)
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"query": "(", "read_as": "pattern"}, "is no regular expression"),
        ({"query": "XYZ", "read_as": "pattern"}, "No token or n-gram of the record matches"),
        ({"query": "XYZ", "read_as": "ngram"}, "has no line for 'XYZ'"),
        ({"query": "X", "read_as": "text"}, "has no token that counts"),
    ],
)
def test_what_the_record_does_not_hold_is_refused_in_words(
    model: Model, record: xr.Dataset, arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        reverse_query(model, record, **arguments)
