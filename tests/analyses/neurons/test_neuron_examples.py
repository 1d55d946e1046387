"""Neuron examples, held to a neuron whose token is known."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.neurons.neuron_examples import neuron_examples
from neuronscope.data.corpora import Corpus
from neuronscope.models import Model
from neuronscope.results import kind_of
from neuronscope.views import figure
from neuronscope.words import BadInput
from tests.analyses.neurons.detectors import LETTER, NEURON, corpus, detector


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Model]) -> Model:
    return detector(make_model)


@pytest.fixture(scope="module")
def record(model: Model) -> xr.Dataset:
    return neuron_examples(model, corpus(), n_tokens=0, context=32, min_count=1)


def test_the_top_token_of_a_detector_is_its_token(model: Model, record: xr.Dataset) -> None:
    token = int(model.tokenize(LETTER)[0])
    mine = record.isel(layer=0, neuron=NEURON)
    active = mine["top_activation"].values > 0.1
    assert active.sum() >= 15
    assert (mine["token"].sel(position=0).values[active] == token).all()


def test_the_share_of_active_tokens_is_that_of_its_token(model: Model, record: xr.Dataset) -> None:
    texts = list(corpus().documents())
    ids = [model.tokenizer(text)["input_ids"] for text in texts]
    stretches = [row[start : start + 32] for row in ids for start in range(0, len(row), 32)]
    counted = [token for one in stretches for token in one[1:]]
    token = int(model.tokenize(LETTER)[0])
    assert record.attrs["n_tokens"] == len(counted)
    share = float(record["active"].isel(layer=0, neuron=NEURON))
    assert share == pytest.approx(counted.count(token) / len(counted))


def test_its_examples_are_drawn_as_lines_of_text_with_the_peaks_below_each_other(record: xr.Dataset) -> None:
    assert kind_of(record) == "tokens"
    drawn = figure(record, select={"neuron": NEURON})
    (words,) = drawn["data"]
    assert len(set(words["y"])) == record.sizes["rank"]
    mine = record.isel(layer=0, neuron=NEURON)
    tallest = [
        x
        for x, text, value in zip(words["x"], words["text"], words["marker"]["color"], strict=True)
        if text == LETTER and value == pytest.approx(float(mine["top_activation"].max()), rel=0.5)
    ]
    assert len(tallest) >= 15
    boxes = [shape["x0"] for shape in drawn["layout"]["shapes"]]
    peak = record["activation"].isel(layer=0, neuron=NEURON).sel(position=0)
    assert np.isfinite(peak).all()
    assert min(boxes) >= 0


def test_the_order_of_the_documents_changes_nothing(model: Model, record: xr.Dataset) -> None:
    texts = list(corpus().documents())[::-1]
    other = neuron_examples(model, Corpus("words", lambda: texts), n_tokens=0, context=32, min_count=1)
    np.testing.assert_array_equal(other["histogram"], record["histogram"])
    np.testing.assert_array_equal(other["sample_key"], record["sample_key"])
    np.testing.assert_allclose(other["top_activation"], record["top_activation"], rtol=1e-6, atol=1e-9)


def test_fewer_tokens_are_drawn_when_asked(model: Model) -> None:
    found = neuron_examples(model, corpus(60), n_tokens=600, context=32)
    assert 300 < found.attrs["n_tokens"] < 1000


def test_a_model_without_a_tokenizer_is_refused(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    model.tokenizer = None
    with pytest.raises(BadInput, match="has no tokenizer, so it cannot read"):
        neuron_examples(model, corpus())
