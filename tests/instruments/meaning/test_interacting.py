"""What neurons do together, held to gates whose insides are known and to single runs."""

from functools import cache

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from torch import Tensor

from neuronscope.instruments import run, zero
from neuronscope.instruments.meaning.interacting import (
    activations,
    coactivation,
    compositions,
    most_effective,
    pairwise_effects,
)
from neuronscope.instruments.meaning.weights import neuron_inputs, neuron_outputs
from neuronscope.models import Model, open_model
from neuronscope.models.sites import Site


@cache
def gates() -> Model:
    return open_model("builtin:gates")


def yes(logits: Tensor) -> Tensor:
    return logits[:, 2] - logits[:, 1]


def beyond(addresses: list[str], texts: list[str]) -> np.ndarray:
    sites = [Site.parse(address) for address in addresses]
    prompts = [gates().tokenize(text) for text in texts]
    single, joint = pairwise_effects(gates(), {site: zero(site) for site in sites}, prompts, yes)
    return joint - single[:, None] - single[None, :]


def test_the_two_bits_of_an_and_gate_do_together_what_each_does_alone() -> None:
    # Either bit's loss turns the answer from 10 to -10, and the loss of both does no more.
    sites = [Site.parse("mlp_act.0.0"), Site.parse("mlp_act.0.2")]
    prompts = [gates().tokenize("1 1 and")]
    single, joint = pairwise_effects(gates(), {site: zero(site) for site in sites}, prompts, yes)
    np.testing.assert_allclose(single[:, 0], joint[0, 1, 0])
    assert beyond(["mlp_act.0.0", "mlp_act.0.2"], ["1 1 and"])[0, 1, 0] == pytest.approx(-single[0, 0])
    assert abs(single[0, 0]) >= 20


def test_neurons_that_only_add_up_do_nothing_beyond() -> None:
    # No norm stands after the last block, so that its neurons go into the logits by a sum.
    found = beyond(["mlp_act.1.0", "mlp_act.1.1", "mlp_act.1.2"], ["1 1 or", "1 0 or", "1 1 and"])
    one, other = np.triu_indices(3, 1)
    assert (found[one, other] == 0).all()


def test_each_pair_is_one_run_with_both_changes(model: Model) -> None:
    sites = [Site("mlp_act", 0, 3), Site("mlp_act", 1, 7), Site("mlp_act", 1, 20)]
    prompts = [model.tokenize(text) for text in ("the cat", "a dog sat")]

    def metric(logits: Tensor) -> Tensor:
        return logits[:, 5] - logits[:, 9]

    single, joint = pairwise_effects(model, {site: zero(site) for site in sites}, prompts, metric)
    for row, tokens in enumerate(prompts):
        base = metric(run(model, tokens).logits[:, -1])
        for one, other in ((0, 1), (1, 2), (0, 2)):
            changed = run(model, tokens, do=[zero(sites[one]), zero(sites[other])])
            assert joint[one, other, row] == pytest.approx(
                float(metric(changed.logits[:, -1]) - base), abs=1e-6
            )
        alone = run(model, tokens, do=zero(sites[1]))
        assert single[1, row] == pytest.approx(float(metric(alone.logits[:, -1]) - base), abs=1e-6)


def test_a_neuron_composes_with_later_layers_by_the_product_of_their_vectors(model: Model) -> None:
    sites = [Site("mlp_act", 2, 1), Site("mlp_act", 0, 3), Site("mlp_act", 1, 7), Site("mlp_act", 1, 8)]
    for branch, found in compositions(model, sites).items():
        expected = neuron_outputs(model, 0)[3] @ neuron_inputs(model, 1, branch)[7]
        assert found["product"][1, 2] == pytest.approx(float(expected))
        later = [[reader > writer for reader in (2, 0, 1, 1)] for writer in (2, 0, 1, 1)]
        np.testing.assert_array_equal(~np.isnan(found["product"]), later)
        assert np.nanmax(np.abs(found["cosine"])) <= 1


def test_the_gradient_finds_the_neurons_that_ablation_finds() -> None:
    model = open_model("builtin:scribe")
    prompts = [model.tokenize("The capital of France is"), model.tokenize("The capital of Italy is")]
    likes = run(model, prompts).logits[:, -1].argmax(-1)

    def metric(logits: Tensor) -> Tensor:
        return logits.gather(-1, likes[:, None])[:, 0]

    found = most_effective(model, prompts, metric, 4)
    few = [Site("mlp_act", site.layer, (site.unit or 0) + 1) for site in found]
    sites = [*found, *(Site("mlp_act", site.layer, min(site.unit or 0, 639)) for site in few)]
    ops = {site: zero(site) for site in dict.fromkeys(sites)}
    single, _ = pairwise_effects(model, ops, prompts, metric)
    assert np.abs(single[:4]).mean() > 3 * np.abs(single[4:]).mean()


def test_activations_are_those_of_single_runs_without_the_first_token(model: Model) -> None:
    passages = [model.tokenize(text) for text in ("abcdef", "ghijkl", "mnopqr")]
    found = activations(model, [Site("mlp_act", 1, 4)], passages)
    alone = run(model, passages[1], get="mlp_act.1.4")["mlp_act.1.4"][0, 1:]
    assert found.shape == (1, 3, 5)
    np.testing.assert_allclose(found[0, 1], alone, atol=1e-6)


def test_coactivation_is_the_correlation_over_all_tokens() -> None:
    active = np.random.default_rng(0).normal(size=(3, 8, 10))
    active[1] = 3 * active[0] + 1
    found = coactivation(active)
    np.testing.assert_allclose(found["estimate"], np.corrcoef(active.reshape(3, -1)), atol=1e-12)
    assert found["estimate"][0, 1] == pytest.approx(1)
    assert found["p"][0, 1] == pytest.approx(1 / 201)
    assert (found["low"] <= found["high"] + 1e-12).all()


def test_a_steady_neuron_correlates_with_nothing() -> None:
    active = np.random.default_rng(1).normal(size=(2, 6, 5))
    active[1] = 0.0
    assert np.isnan(coactivation(active)["estimate"][0, 1])


def test_the_p_of_neurons_without_a_link_is_uniform_though_neighbours_are_alike() -> None:
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(200):
        active = np.repeat(rng.normal(size=(2, 10, 4)), 6, axis=-1)
        drawn.append(coactivation(active, n_resamples=99)["p"][0, 1])
    assert kstest(drawn, "uniform").pvalue > 0.01


def test_a_gradient_of_padded_prompts_is_that_of_each_alone(model: Model) -> None:
    texts = [model.tokenize(text) for text in ("abcdefgh", "xyz")]

    def metric(logits: Tensor) -> Tensor:
        return logits[:, 3] - logits[:, 4]

    order = most_effective(model, texts, metric, 3)
    swapped = most_effective(model, texts[::-1], metric, 3)
    assert order == swapped
    assert torch.is_grad_enabled()
