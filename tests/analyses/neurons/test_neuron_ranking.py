"""The ranking of neurons, held to what one run gives and to a neuron that was planted first."""

import numpy as np
import pytest
import torch
import xarray as xr

from neuronscope.analyses.neurons.neuron_ranking import neuron_ranking
from neuronscope.data.tasks import open_task
from neuronscope.instruments import run
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput
from tests.analyses.conftest import native

SCRIBE = "builtin:scribe"


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model(SCRIBE)


def test_a_neuron_that_leads_under_every_criterion_is_first(scribe: Model) -> None:
    model = open_model(SCRIBE)
    quiet = int(neuron_ranking(scribe, top_k=640, n_prompts=8, n_resamples=20).top_neuron[5, -1])
    mlp = native(model).transformer.h[5].mlp
    pairs = prompt_pairs(model, open_task("indirect-object"), n_prompts=8)
    head = native(model).lm_head.weight
    with torch.no_grad():
        mlp.c_fc.weight[:, quiet] *= -60  # it was silent, so that it is loud now
        mlp.c_proj.weight[quiet] = (head[pairs.target] - head[pairs.distractor]).mean(0)
    found = neuron_ranking(model, top_k=5, n_prompts=8, n_resamples=20).sel(layer=5)
    assert int(found.top_neuron[0]) == quiet
    assert float(found.mean_rank[0]) == 1
    assert float(found.kept_share[0]) == 1


def test_each_criterion_is_what_single_runs_give(model: Model) -> None:
    task = open_task("two-digit-arithmetic")
    found = neuron_ranking(model, task, n_prompts=3, n_resamples=20)
    pairs = prompt_pairs(model, task, n_prompts=3)
    active, effect = [], []
    for row, tokens in enumerate(pairs.clean):
        seen = run(model, tokens, get=["mlp_act.*", "final_norm@-1"])
        active.append(seen["mlp_act.*"][:, 0, 1:])
        anatomy = native(model)
        head = anatomy.get_output_embeddings().weight
        down = [model.anatomy.down(layer) for layer in range(model.n_layers)]
        rows = [w.weight if type(w).__name__ == "Conv1D" else w.weight.T for w in down]  # pyright: ignore
        norm = model.anatomy.final_norm
        u = norm.weight * (head[pairs.target[row]] - head[pairs.distractor[row]])  # pyright: ignore
        u = u - u.mean() if model.family != "llama" else u
        gains = torch.stack([one @ u for one in rows])
        effect.append(seen["mlp_act.*"][:, 0, -1] * gains / seen["final_norm@-1"][0])
    tokens = torch.cat(active, 1).detach().numpy()
    np.testing.assert_allclose(found.mean_magnitude, np.abs(tokens).mean(1), rtol=1e-6)
    np.testing.assert_allclose(found.variance, tokens.var(1), rtol=1e-6)
    np.testing.assert_allclose(
        found.direct_effect, torch.stack(effect).mean(0).detach().numpy(), rtol=1e-4, atol=1e-6
    )


def test_the_scale_of_a_criterion_is_of_no_matter(scribe: Model) -> None:
    values = np.random.default_rng(0).random((6, 640))
    given = [label({}, extra=("layer neuron", values * factor)) for factor in (1.0, -250.0)]
    one, other = (neuron_ranking(scribe, effects=one, n_prompts=8, n_resamples=20) for one in given)
    np.testing.assert_array_equal(one.top_neuron, other.top_neuron)
    np.testing.assert_array_equal(one.mean_rank, other.mean_rank)
    assert one.item.values.tolist() == ["mean_magnitude", "variance", "direct_effect", "extra"]


def test_another_result_ranks_as_one_criterion_more_in_its_own_layers(scribe: Model) -> None:
    values = np.random.default_rng(1).random((2, 640))
    given = label({"layer": [1, 4]}, variance=("layer neuron", values))
    found = neuron_ranking(scribe, effects=given, top_k=640, n_prompts=8, n_resamples=20)
    bare = neuron_ranking(scribe, n_prompts=8, n_resamples=20)
    assert found.layer.values.tolist() == [1, 4]
    np.testing.assert_allclose(found.variance, bare.variance.sel(layer=[1, 4]))
    places = np.stack(
        [
            640 - np.argsort(np.argsort(np.abs(found[name].sel(layer=4).values)))
            for name in ("mean_magnitude", "variance", "direct_effect", "given_variance")
        ]
    )
    best = int(found.top_neuron.sel(layer=4)[0])
    assert float(found.mean_rank.sel(layer=4)[0]) == pytest.approx(places[:, best].mean())


def test_the_list_runs_from_the_best_mean_rank_and_its_interval_is_in_order(scribe: Model) -> None:
    found = neuron_ranking(scribe, n_prompts=8)
    assert found.sizes["rank"] == 100
    assert (np.diff(found.mean_rank, axis=1) >= 0).all()
    assert (found.mean_rank_low <= found.mean_rank_high).all()
    assert (found.kept_share[:, 0] > found.kept_share[:, -1]).all()
    np.testing.assert_allclose(np.diagonal(found.spearman, axis1=1, axis2=2), 1)


def test_batches_of_prompts_change_no_number(scribe: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = neuron_ranking(scribe, n_prompts=10, n_resamples=20)
    monkeypatch.setattr("neuronscope.analyses.neurons.neuron_ranking._PROMPTS_AT_ONCE", 3)
    parts = neuron_ranking(scribe, n_prompts=10, n_resamples=20)
    for name in ("mean_magnitude", "variance", "direct_effect"):
        np.testing.assert_allclose(whole[name], parts[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("effects", "words"),
    [
        (label({}, x=("layer neuron", np.ones((6, 9)))), "9 neurons in layers"),
        (label({"layer": [7]}, x=("layer neuron", np.ones((1, 640)))), r"640 neurons in layers \[7\]"),
        (label({}, x=("layer head", np.ones((6, 5)))), "no variable over layer and neuron"),
    ],
)
def test_a_result_about_something_else_is_refused(scribe: Model, effects: xr.Dataset, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_ranking(scribe, effects=effects, n_prompts=2, n_resamples=20)


def test_a_model_whose_neurons_write_through_no_matrix_of_numbers_is_refused() -> None:
    model = open_model(SCRIBE)
    with pytest.raises(BadInput, match="needs neurons that write straight to the stream"):
        neuron_ranking(without_neurons(model), n_prompts=2, n_resamples=20)


def without_neurons(model: Model) -> Model:
    """Let the last MLP give something beside what its neurons write."""
    native(model).transformer.h[5].mlp.register_forward_hook(lambda _, __, out: out + 1.0)
    return Model(model.hf, name="changed", tokenizer=model.tokenizer)
