"""Neuron statistics, held to activations that are all there at once."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope.analyses.neurons.neuron_examples import neuron_examples
from neuronscope.analyses.neurons.neuron_statistics import neuron_statistics
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.neurons.detectors import corpus, detector


def activations(model: Model, context: int) -> np.ndarray:
    """Return the activations of layer 1 at all tokens that count [token neuron]."""
    rows = [model.tokenizer(text)["input_ids"] for text in corpus().documents()]
    stretches = [row[at : at + context] for row in rows for at in range(0, len(row), context)]
    seen = [run(model, torch.tensor([one]), get="mlp_act.1")["mlp_act.1"][0, 1:] for one in stretches]
    return torch.cat(seen).numpy()


def test_every_measure_is_that_of_all_activations(model: Model) -> None:
    found = neuron_statistics(model, corpus(), n_tokens=0, context=24, threshold=0.2).sel(layer=1)
    values = activations(model, 24)
    gap = (values - values.mean(0)) / values.std(0)
    close = {"rtol": 2e-5, "atol": 1e-6}  # two families take the softmax in float32
    np.testing.assert_allclose(found["mean"], values.mean(0), **close)
    np.testing.assert_allclose(found["variance"], values.var(0), **close)
    np.testing.assert_allclose(found["skewness"], (gap**3).mean(0), **close)
    np.testing.assert_allclose(found["kurtosis"], (gap**4).mean(0), **close)
    np.testing.assert_allclose(found["active"], (values > 0.2).mean(0), atol=1.1 / len(values))
    np.testing.assert_allclose(found["maximum"], values.max(0), **close)
    assert (found["active_low"] <= found["active"]).all()
    assert (found["active_high"] >= found["active"]).all()


def test_a_neuron_that_nothing_reaches_is_dead(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    mlp = model.hf.transformer.h[2].mlp
    mlp.act = torch.nn.ReLU().eval()
    with torch.no_grad():
        mlp.c_fc.weight[:, :12] = 0.0
        mlp.c_fc.bias[:12] = -1.0
    found = neuron_statistics(model, corpus(), n_tokens=0, context=24)
    assert found["dead"].values[2, :12].all()
    assert float(found["dead_share"][2]) >= 0.25
    assert float(found["dead_share_low"][2]) < float(found["dead_share"][2])
    assert not found["dead"].values[0].any()


def test_a_record_gives_the_same_answer_without_the_model(make_model: Callable[..., Model]) -> None:
    model = detector(make_model)
    record = neuron_examples(model, corpus(), n_tokens=0, context=24)
    direct = neuron_statistics(model, corpus(), n_tokens=0, context=24)
    model.hf.forward = None
    looked_up = neuron_statistics(model, None, record)
    for name in direct.data_vars:
        np.testing.assert_array_equal(looked_up[name], direct[name], err_msg=str(name))


def test_a_corpus_and_a_record_together_are_refused(make_model: Callable[..., Model]) -> None:
    model = detector(make_model)
    record = neuron_examples(model, corpus(), context=24)
    with pytest.raises(BadInput, match="takes a corpus or a record, not both"):
        neuron_statistics(model, corpus(), record)


def test_the_record_of_another_model_is_refused(make_model: Callable[..., Model]) -> None:
    record = neuron_examples(detector(make_model), corpus(), context=24)
    with pytest.raises(BadInput, match="This record is of another model"):
        neuron_statistics(make_model("gpt2", seed=3), None, record)
    with pytest.raises(BadInput, match="is no record of all neurons"):
        neuron_statistics(make_model("gpt2"), None, record[["mean"]])
