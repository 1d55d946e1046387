"""Neuron query, held to a neuron whose token is known and to means by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.neurons.neuron_examples import neuron_examples
from neuronscope.analyses.neurons.neuron_query import neuron_query
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.neurons.detectors import LETTER, NEURON, corpus, detector


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Model]) -> Model:
    return detector(make_model)


@pytest.fixture(scope="module")
def record(model: Model) -> xr.Dataset:
    return neuron_examples(model, corpus(), n_tokens=0, context=32, min_count=1)


def test_a_detector_is_most_active_at_its_token(model: Model, record: xr.Dataset) -> None:
    found = neuron_query(model, record, layer=0, neuron=NEURON)
    assert all(str(text).endswith(LETTER) for text in found["ngram_text"].values[:5])
    single = neuron_query(model, record, layer=0, neuron=NEURON, longest=1)
    assert single["ngram_text"].values[0] == LETTER
    assert float(single["p"][0]) < 1e-3
    assert float(single["mean_activation"][0]) > float(single["null"][0])
    assert float(single["mean_activation"][1]) < 0.1


def test_means_counts_and_errors_are_those_of_the_occurrences(model: Model, record: xr.Dataset) -> None:
    found = neuron_query(model, record, layer=1, neuron=3, longest=1, top_k=100, min_count=1)
    token = int(model.tokenize("a")[0])
    held = []
    for text in corpus().documents():
        ids = model.tokenizer(text)["input_ids"]
        for one in (ids[at : at + 32] for at in range(0, len(ids), 32)):
            values = run(model, torch.tensor([one]), get="mlp_act.1")["mlp_act.1"][0, :, 3].numpy()
            held.append([values[place] for place in range(1, len(one)) if one[place] == token])
    held = [stretch for stretch in held if stretch]
    every = np.concatenate(held)
    line = found["ngram_text"].values.tolist().index("a")
    assert int(found["count"][line]) == len(every)
    assert int(found["stretches"][line]) == len(held)
    assert float(found["mean_activation"][line]) == pytest.approx(every.mean(), rel=1e-5)
    left = sum((sum(stretch) - every.mean() * len(stretch)) ** 2 for stretch in held)
    error = np.sqrt(left * len(held) / (len(held) - 1)) / len(every)
    low, high = float(found["low"][line]), float(found["high"][line])
    assert (high - low) / 2 == pytest.approx(error * 2.0, rel=0.1)


def test_only_what_occurs_often_enough_is_listed(model: Model, record: xr.Dataset) -> None:
    found = neuron_query(model, record, layer=1, neuron=3, min_count=12, top_k=100)
    assert (found["count"] >= 12).all()
    with pytest.raises(BadInput, match="No n-gram occurs 100000 times"):
        neuron_query(model, record, min_count=100_000)


def test_left_to_itself_it_takes_the_neuron_that_a_token_tells_best(model: Model, record: xr.Dataset) -> None:
    found = neuron_query(model, record)
    layer, neuron = map(int, found.attrs["neuron"].split(".")[1:])
    table = record["ngram_mean"].values[record["ngram_count"].values >= 5]
    effect = (table.max(0) - record["mean"].values) / np.sqrt(record["variance"].values)
    assert (layer, neuron) == np.unravel_index(effect.argmax(), effect.shape)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [({"layer": 3}, "layer=3 is beyond the model's last, 2"), ({"neuron": 48}, "neuron=48 is beyond")],
)
def test_a_neuron_that_is_not_there_is_refused(
    model: Model, record: xr.Dataset, chosen: dict[str, int], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_query(model, record, **chosen)
