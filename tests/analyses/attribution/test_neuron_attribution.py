"""Neuron attribution, held to a neuron that is known to matter and to sums that must come out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neuronscope import neuron_attribution, open_model
from neuronscope.data.tasks import open_task
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.attributing.planted import ANSWER, KNOWING, knowing_model

WORDS = {"prompt": "the cat sat on", "target": "x", "distractor": "y"}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_activation", "ablation"])
def test_the_neuron_that_knows_comes_first(method: str) -> None:
    found = neuron_attribution(
        knowing_model(), prompt="a nook", target=ANSWER, distractor="x", method=method, baseline="zero"
    )
    assert found.top_neuron.values[0] == f"mlp_act.0.{KNOWING}"
    assert float(found.top_score[0]) == pytest.approx(12)
    assert abs(float(found.top_score[1])) < 1


def test_scores_sum_to_what_the_layer_does(model: Model, rounding: float) -> None:
    found = neuron_attribution(model, **WORDS, steps=64, rule="gauss_legendre")
    np.testing.assert_allclose(found.score.sum("neuron"), found.whole, atol=max(1e-6, 20 * rounding))
    assert (found.completeness_error < 1e-3).all()


def test_ranks_are_by_size_and_speak_of_the_same_scores(scribe: Model) -> None:
    found = neuron_attribution(scribe, n_prompts=4, top_k=30)
    sizes = np.abs(found.top_score.values)
    assert (np.diff(sizes) <= 0).all()
    assert sizes[0] == pytest.approx(float(np.abs(found.score).max()))
    for rank, name in enumerate(found.top_neuron.values):
        _, layer, neuron = name.split(".")
        cell = {"layer": int(layer), "neuron": int(neuron)}
        for part in ("", "_low", "_high", "_p", "_raw_p", "_effect_size"):
            assert found[f"top_score{part}"].values[rank] == found[f"score{part}"].sel(cell).values
    np.testing.assert_allclose(found.prompt_score.mean("prompt"), found.top_score, atol=1e-12)
    assert (found.top_score_low <= found.top_score).all()
    assert (found.top_score <= found.top_score_high).all()


def test_a_prompt_of_a_task_has_the_scores_that_it_has_alone(scribe: Model) -> None:
    task, asked = open_task("capital"), {"baseline": "zero", "metric": "log_probability", "steps": 32}
    together = neuron_attribution(scribe, task, n_prompts=3, **asked)
    first = task.pairs(3, scribe.tokenizer)[0]
    answer = scribe.tokenize(first.clean + first.answer)[len(scribe.tokenize(first.clean))]
    alone = neuron_attribution(scribe, prompt=first.clean, target=scribe.token_text(int(answer)), **asked)
    for rank, name in enumerate(together.top_neuron.values):
        _, layer, neuron = name.split(".")
        cell = float(alone.score.sel(layer=int(layer), neuron=int(neuron)))
        assert float(together.prompt_score[0, rank]) == pytest.approx(cell, abs=2e-4)


def test_one_layer_alone_has_the_scores_that_it_has_among_all(model: Model) -> None:
    every = neuron_attribution(model, **WORDS)
    one = neuron_attribution(model, **WORDS, layer=1)
    np.testing.assert_allclose(one.score[0], every.score.sel(layer=1), atol=1e-10)
    assert one.layer.values.tolist() == [1]


def test_one_prompt_has_scores_and_no_doubt(make_model: Callable[..., Model]) -> None:
    found = neuron_attribution(make_model("gpt2"), **WORDS)
    assert "top_score_p" not in found
    assert found.sizes["rank"] == 20


def test_a_metric_of_ones_own_gives_what_the_named_one_gives(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    x, y = (int(model.tokenize(text)[0]) for text in "xy")
    own = neuron_attribution(model, **WORDS, metric=lambda logits: logits[:, x] - logits[:, y])
    np.testing.assert_allclose(own.score, neuron_attribution(model, **WORDS).score, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layer": 3}, "layer=3 has no neurons here; layers with neurons are 0, 1, 2"),
        ({"task": "capital"}, "brings its own prompts"),
        ({"target": "xyz"}, "'xyz' is 4 tokens"),
        ({"steps": 0}, "steps=0 should be greater"),
        ({"method": "guess"}, "method='guess' should be"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_attribution(**{"model": make_model("gpt2"), **WORDS, **arguments})


def test_a_model_without_neurons_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="mlp_act"):
        neuron_attribution("builtin:handmade-induction", prompt="a b c a b")


@pytest.mark.parametrize("prompt", ["The", "The cat"])
def test_a_mean_over_the_one_token_that_is_asked_about_is_refused(scribe: Model, prompt: str) -> None:
    asked: dict[str, Any] = {"model": scribe, "prompt": prompt, "layer": 3}
    with pytest.raises(BadInput, match="mean over this prompt would be over its last token alone"):
        neuron_attribution(**asked)
    for other in ({"baseline": "zero"}, {"reference": "common_prompts"}, {"prompt": "The cat sat"}):
        assert float(abs(neuron_attribution(**asked | other).score).max()) > 0
