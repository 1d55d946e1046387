"""Components as an answer, held to effects written out, to wiring with one direction, and to its own null."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.second_order.second_order_components import second_order_components
from neuronscope.data.tasks import open_task
from neuronscope.instruments import logit_direction
from neuronscope.instruments.second_order import (
    held_passes,
    neuron_effects,
    paths,
    problems_of,
    strengths,
    vectors,
)
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput
from tests.analyses.conftest import native

TASK = "two-digit-arithmetic"
FEW = {"n_prompts": 20, "n_null": 19, "n_resamples": 20}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def found(scribe: Model) -> xr.Dataset:
    return second_order_components(scribe, task=open_task(TASK), top_k=3, **FEW)


def test_components_are_those_of_the_effects_written_out(model: Model) -> None:
    task = open_task(TASK)
    found = second_order_components(model, task=task, top_k=2, n_examples=6, **FEW)
    problems = problems_of(model, evaluation=None, task=task, n_prompts=20)
    ((_, seen),) = held_passes(model, problems)
    atol = 1e-10 if model.family == "gpt2" else 1e-6
    for item in found.item.values.tolist():
        layer, neuron = map(int, item.split("."))
        one = found.sel(item=item)
        number = torch.tensor([neuron])
        effect = (strengths(seen, layer)[..., neuron] @ vectors(model, layer, number)[0]).detach().numpy()
        off = effect - effect.mean(0)
        longest = np.argsort(-np.linalg.norm(off, axis=1))[:6]
        sizes, right = np.linalg.svd(off[longest])[1:]
        np.testing.assert_allclose(one.mean_vector, effect.mean(0), atol=atol)
        np.testing.assert_allclose(abs(one.component.values @ right[0]), 1, atol=1e-5)
        np.testing.assert_allclose(one.explained, sizes[0] ** 2 / (sizes**2).sum(), atol=1e-5)
        np.testing.assert_allclose(one.threshold, np.linalg.norm(off[longest[-1]]), atol=atol)
        assert str(one.strongest.values[0]) == problems.texts[longest[0]]
        read = logit_direction(model, problems.target, problems.distractor)
        wanted = neuron_effects(seen, read)[:, layer, neuron]
        np.testing.assert_allclose(one.prompt_effect, wanted.detach(), atol=atol)


def test_neurons_that_every_head_carries_alike_keep_to_one_direction_beyond_chance(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_attn.weight[:, : 2 * model.width] = 0  # queries and keys of nothing: even patterns
            block.attn.c_attn.bias[: 2 * model.width] = 0
    found = second_order_components(model, task=open_task(TASK), top_k=4, **FEW)
    last = found.where(found.neuron_layer == model.n_layers - 2, drop=True)
    np.testing.assert_allclose(last.explained, 1, atol=1e-8)
    np.testing.assert_allclose(last.explained_all, 1, atol=1e-8)
    assert (last.explained_p < 0.06).all()
    assert (last.explained_null < 0.95).all()


def test_one_head_makes_rank_one_and_its_chance_says_so(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_proj.weight[8:] = 0  # all heads but the first write nothing
    found = second_order_components(model, task=open_task(TASK), top_k=4, **FEW)
    last = found.where(found.neuron_layer == model.n_layers - 2, drop=True)
    np.testing.assert_allclose(last.explained, 1, atol=1e-8)
    np.testing.assert_allclose(last.explained_null, 1, atol=1e-8)
    assert (last.explained_p > 0.05).all()


def test_directions_are_of_length_one_and_on_the_side_of_most(found: xr.Dataset) -> None:
    np.testing.assert_allclose(np.linalg.norm(found.component, axis=1), 1, rtol=1e-5)
    assert (found.positive_share >= 0.5).all()
    aligned = np.einsum("irw,iw->ir", found.component_resampled, found.component)
    assert (aligned >= 0).all()
    assert ((found.explained > 0) & (found.explained <= 1)).all()
    assert ((found.explained_p > 0) & (found.explained_p <= 1)).all()
    assert (np.diff(found.norm_quantile, axis=1) <= 0).all()


def test_the_best_neurons_come_first_and_layers_share_all_variance(found: xr.Dataset, scribe: Model) -> None:
    assert (np.diff(found.magnitude) <= 0).all()
    assert found.sizes["item"] == 3 * 5
    assert float(found.layer_share.sum()) == pytest.approx(1)
    assert (found.layer_share_low <= found.layer_share_high).all()
    heads = [len(paths(scribe, layer)) for layer in range(6)]
    np.testing.assert_allclose(found.layer_share_null, np.array(heads) / sum(heads))
    np.testing.assert_allclose(np.abs(found.prompt_effect).mean("prompt"), found.magnitude, rtol=1e-3)


def test_neurons_may_be_named_or_come_from_effects(scribe: Model) -> None:
    named = second_order_components(scribe, neurons="1.7, 0.3", **FEW)
    assert set(named.item.values) == {"1.7", "0.3"}
    magnitude = np.zeros((2, 640))
    magnitude[0, 5], magnitude[1, 9] = 1.0, 2.0
    effects = label({"layer": [1, 3]}, magnitude=("layer neuron", magnitude))
    found = second_order_components(scribe, effects, top_k=1, **FEW)
    assert found.item.values.tolist() == ["3.9", "1.5"]


def test_an_evaluation_brings_prompts_and_outcomes(scribe: Model, found: xr.Dataset) -> None:
    problems = problems_of(scribe, evaluation=None, task=open_task(TASK), n_prompts=20)
    words = {"clean": problems.texts, "answer": problems.answers, "distractor": problems.wrong}
    evaluation = label(
        {},
        **{name: ("prompt", list(texts)) for name, texts in words.items()},
        correct=("prompt", np.arange(20) % 2 == 0),
    )
    again = second_order_components(scribe, evaluation=evaluation, top_k=3, **FEW)
    np.testing.assert_allclose(again.explained, found.explained, rtol=1e-4)
    outcome = dict(zip(problems.texts, np.arange(20) % 2 == 0, strict=True))
    for text, said in zip(again.strongest.values.flat, again.strongest_outcome.values.flat, strict=True):
        assert said == ("right" if outcome[text] else "wrong")
    assert set(found.strongest_outcome.values.flat) == {"unknown"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n_examples": 30}, "30 longest effects needs as many prompts, not 20"),
        ({"neurons": "5.3"}, r"No head reads after neuron 5\.3"),
        ({"effects": label({}, x=("layer neuron", np.ones((6, 640))))}, "no magnitude over layer and neuron"),
        ({"effects": label({}, magnitude=("layer neuron", np.ones((6, 9))))}, "9 neurons in layers"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(scribe: Model, given: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        second_order_components(scribe, **{**FEW, **given})
