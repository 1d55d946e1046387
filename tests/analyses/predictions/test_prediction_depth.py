"""Prediction depth, held to models whose mind is made up at a known depth."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from neuronscope import logit_lens, prediction_depth
from neuronscope.data.corpora import Corpus
from neuronscope.instruments import residual_stream
from neuronscope.learned.lenses import Lens, new_translators
from neuronscope.models import Model
from neuronscope.models.layouts.configuration import PlainConfig
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.words import BadInput
from tests.analyses.conftest import byte_tokenizer, native

PROMPT = "the cat sat"
CORPUS = Corpus("letters", lambda: [f"{start} words to read, one after another " * 8 for start in "abcdefgh"])
N_LAYERS = 4


@pytest.fixture(scope="module")
def decided() -> Model:
    """Make a model that says 'x' from depth 2 on, after 'y' at depth 1 and 'z' at depth 0."""
    choices: dict[str, Any] = {"norm": "none", "positions": "none", "biases": ["mlp.down_proj"]}
    network = PlainTransformer(
        PlainConfig(vocab_size=256, hidden_size=4, num_hidden_layers=N_LAYERS, num_attention_heads=1,
                    max_position_embeddings=64, activation="relu", **choices)
    )  # fmt: skip
    letters = [ord(letter) for letter in "zyxx"]
    model = Model(network.double(), name="decided", tokenizer=byte_tokenizer())
    ids = [int(model.tokenize(chr(letter))[0]) for letter in letters]
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        native(model).get_input_embeddings().weight[:, 0] = 1
        for depth, letter in enumerate(ids[:3]):
            native(model).get_output_embeddings().weight[letter, depth] = 2.0 + depth
        for layer in range(2):
            named = dict(network.named_parameters())
            bias = next(w for n, w in named.items() if f".{layer}." in n and n.endswith("mlp.down_proj.bias"))
            bias[layer + 1] = 1
    return model


def test_the_depth_is_that_from_which_the_answer_stays(decided: Model) -> None:
    found = prediction_depth(decided, prompt=PROMPT)
    assert set(found.answer.values) == {"x"}
    np.testing.assert_array_equal(found.prediction_depth, 2)
    np.testing.assert_array_equal(found.settled, [0, 0, 1, 1, 1])
    assert found.attrs["mean_depth"] == 2


def test_divergence_and_convergence_are_those_of_the_closed_form(decided: Model) -> None:
    logits = np.zeros((N_LAYERS + 1, 256))
    logits[:, 0], logits[1:, 1], logits[2:, 2] = 2, 3, 4
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    apart = (np.exp(log_p[-1]) * (log_p[-1] - log_p)).sum(1)
    assert apart[0] > apart[1] > 0
    found = prediction_depth(decided, prompt=PROMPT, threshold=float(apart[1]) + 1e-9)
    np.testing.assert_allclose(found.divergence, apart, atol=1e-12)
    np.testing.assert_array_equal(found.convergence_depth, 1)
    np.testing.assert_array_equal(found.converged, [0, 1, 1, 1, 1])
    np.testing.assert_allclose(found.area, (apart[0] / 2 + apart[1]) / N_LAYERS, atol=1e-12)


def test_an_answer_that_is_lost_again_has_not_been_settled(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2", seed=3)
    top = model.unembed(residual_stream(model, PROMPT)).argmax(-1)
    agrees = (top == top[-1]).numpy()
    assert (agrees[:-1] & ~agrees[1:]).any()
    first = [
        min(depth for depth in range(len(agrees)) if agrees[depth:, place].all())
        for place in range(agrees.shape[1])
    ]
    found = prediction_depth(model, prompt=PROMPT)
    np.testing.assert_array_equal(found.prediction_depth, first)
    lens = logit_lens(model, PROMPT)
    np.testing.assert_allclose(found.divergence, lens.divergence[:, 1:].mean("position"), atol=1e-12)


def test_every_answer_is_settled_at_the_last_depth_and_none_is_lost_on_the_way(model: Model) -> None:
    found = prediction_depth(model, CORPUS, n_passages=5, n_tokens=12)
    for name in ("settled", "converged"):
        assert float(found[name][-1]) == 1
        assert (found[name].diff("depth") >= 0).all()
        assert (found[f"{name}_low"] <= found[name]).all()
        assert (found[name] <= found[f"{name}_high"]).all()
    np.testing.assert_allclose(found.divergence[-1], 0, atol=1e-12)
    assert found.sizes["prompt"] == 5
    assert found.settled.attrs["n_unit"] == "passages"


def test_a_prompt_and_a_corpus_of_it_agree(make_model: Callable[..., Model]) -> None:
    model = make_model("llama")
    corpus = prediction_depth(model, CORPUS, n_passages=4, n_tokens=10)
    means = corpus.prediction_depth[:, 1:].mean("position")
    assert corpus.attrs["mean_depth"] == pytest.approx(float(means.mean()))
    depths = np.arange(corpus.sizes["depth"])
    shares = (corpus.prediction_depth.values[:, 1:, None] <= depths).mean((0, 1))
    np.testing.assert_allclose(corpus.settled, shares, atol=1e-12)


def test_later_tokens_settle_nothing_that_came_before(model: Model) -> None:
    short, long = prediction_depth(model, prompt=PROMPT), prediction_depth(model, prompt=PROMPT + " on")
    xr.testing.assert_equal(
        long.prediction_depth.isel(position=slice(0, len(PROMPT))), short.prediction_depth
    )


def test_a_lens_that_speaks_for_the_last_depth_settles_everything_at_once(decided: Model) -> None:
    translators = new_translators(N_LAYERS, 4, dtype=torch.float64)
    for depth, translator in enumerate(translators):
        assert isinstance(translator, nn.Linear)
        translator.bias.data = torch.tensor([0.0, depth < 1, depth < 2, 0.0], dtype=torch.float64)
    found = prediction_depth(decided, None, Lens("right", translators, {}), prompt=PROMPT)
    np.testing.assert_array_equal(found.prediction_depth, 0)
    np.testing.assert_allclose(found.divergence, 0, atol=1e-12)
    np.testing.assert_array_equal(prediction_depth(decided, prompt="a").prediction_depth, [2])


def test_what_cannot_be_is_refused_in_words(decided: Model) -> None:
    with pytest.raises(BadInput, match="made for 1 layers of width 4, but decided has 4"):
        prediction_depth(decided, None, Lens("small", new_translators(1, 4), {}), prompt=PROMPT)
    with pytest.raises(BadInput, match=r"threshold=0\.0 should be greater than 0"):
        prediction_depth(decided, prompt=PROMPT, threshold=0.0)
    with pytest.raises(BadInput, match="fewer than 500"):
        prediction_depth(decided, CORPUS, n_passages=500)


@pytest.mark.parametrize("asked", [{}, {"prompt": "the cat sat"}])
def test_a_model_that_reads_both_ways_is_refused(reader: Model, asked: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="reader reads both ways, so nothing follows a prompt"):
        prediction_depth(reader, **asked)
