"""Measures of polysemanticity, held to neurons whose answers were planted in a model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.analyses.neurons.polysemanticity import polysemanticity
from neuronscope.data.corpora import Corpus
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

WORDS = ["cat", "table", "ocean", "sky", "lamp", "river"]
CORPUS = Corpus(
    "words", lambda: (f"{one} and {one[::-1]} are {n} words. " * 40 for n, one in enumerate(WORDS))
)
SMALL: dict[str, Any] = {"n_passages": 8, "n_tokens": 16, "n_examples": 6, "n_null": 30}


def detector(model: Model, neuron: int, letter: str) -> None:
    """Let a neuron of the first layer answer to one letter: its stream is the embedding alone."""
    block = native(model).transformer.h[0]
    token = model.tokenize(letter)[0]
    with torch.no_grad():
        native(model).transformer.wpe.weight.zero_()
        block.attn.c_proj.weight.zero_()
        block.attn.c_proj.bias.zero_()
        block.ln_2.weight.fill_(1.0)
        block.ln_2.bias.zero_()
        vector = native(model).transformer.wte.weight[token]
        unit = vector - vector.mean()
        block.mlp.c_fc.weight[:, neuron] = 8 * unit / unit.norm()
        block.mlp.c_fc.bias[neuron] = -30.0


def test_a_neuron_of_one_letter_is_the_most_selective_by_every_measure_of_it(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    detector(model, 5, "w")
    found = polysemanticity(model, CORPUS, layer=0, order_by="kurtosis", **{**SMALL, "n_tokens": 36})
    one = found.isel(neuron=5, layer=0)
    assert one.token_entropy == 0
    assert one.class_entropy == 0
    assert one.class_selectivity == pytest.approx(1, abs=1e-3)
    for name in ("kurtosis", "hoyer", "gini"):
        assert int(found[name].values[0].argmax()) == 5
    assert int(found.participation.values[0].argmin()) == 5
    assert found.item[0] == "0.5"
    assert found.example[0].values.tolist() == ["w"] * 5
    assert found.percentile.sel(measure="kurtosis", item="0.5") == pytest.approx(100 * 47.5 / 48)


def test_the_list_is_ordered_by_the_measure_asked_for_and_shows_its_values(model: Model) -> None:
    found = polysemanticity(model, CORPUS, order_by="gini", top_k=7, **SMALL)
    best = np.sort(found.gini.values.ravel())[::-1][:7]
    np.testing.assert_array_equal(found.shown.sel(measure="gini"), [f"{value:.3g}" for value in best])
    layer, neuron = map(int, str(found.item[0].values).split("."))
    assert float(found.gini.sel(layer=layer, neuron=neuron)) == best[0]
    has_bias = model.family != "llama"
    np.testing.assert_allclose(np.diag(found.rank_correlation), [*[1] * 9, 1 if has_bias else np.nan])


def test_a_louder_neuron_has_the_same_measures_of_its_activity(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    before = polysemanticity(model, CORPUS, layer=2, **SMALL)
    with torch.no_grad():
        native(model).model.layers[2].mlp.up_proj.weight.mul_(3)
    after = polysemanticity(model, CORPUS, layer=2, **SMALL)
    for name in ("kurtosis", "hoyer", "gini", "participation", "token_entropy", "context_silhouette"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_examples": 9}, "n_examples=9 needs as many passages, not 8"),
        ({"n_null": 0, "order_by": "context_clusters"}, "there is no context_clusters here"),
        ({"layer": 3}, "layer=3 is beyond the model's last, 2"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        polysemanticity(make_model("gpt2"), CORPUS, **{**SMALL, **arguments})
