"""Shares of neurons, held to closed forms: completeness, linear layers, and the loop of single ablations."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from neuronscope.instruments import put, run
from neuronscope.instruments.attributing import neurons as room
from neuronscope.instruments.attributing.neurons import missed, neuron_scores
from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.instruments.metrics import LastMetric
from tests.analyses.conftest import native
from tests.instruments.attributing.planted import N_NEURONS, plain_model
from tests.models.tiny import LAYERS, shared, some_tokens


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def for_all(rows: Sequence[int]) -> LastMetric:
    return difference


def baselines(neurons: PatchedNeurons) -> dict[int, Tensor]:
    return {layer: 0.1 * torch.ones_like(neurons.actual(layer)[0, 0]) for layer in neurons.layers}


@pytest.mark.parametrize("positions", ["last", "all"])
@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "llama"])
def test_integrated_gradients_sum_to_what_the_layer_does(family: str, positions: str) -> None:
    model = shared(family, dtype=torch.float64)
    tokens = some_tokens(rows=2)
    neurons = PatchedNeurons(model, tokens, layers=range(LAYERS), positions=positions)
    found = neuron_scores(
        neurons, for_all, baselines(neurons), rule="gauss_legendre", n_steps=48, most_error=1
    )
    # The softmax of these families is taken in single precision.
    allowed = 1e-6 if family == "gpt2" else 2e-5
    np.testing.assert_allclose(found.scores.sum(-1), found.whole, rtol=0, atol=allowed)
    assert np.abs(found.whole).min() > 1e-3


def test_the_middle_of_a_step_errs_less_than_a_quarter_of_its_end() -> None:
    neurons = PatchedNeurons(shared("gpt2", dtype=torch.float64), some_tokens(rows=2), layers=range(LAYERS))
    errors = [
        neuron_scores(
            neurons, for_all, baselines(neurons), rule=rule, n_steps=8, most_error=9
        ).error.mean()
        for rule in ("midpoint", "right")
    ]  # fmt: skip
    assert 0 < errors[0] < errors[1] / 4


def test_steps_are_doubled_until_little_is_missed() -> None:
    neurons = PatchedNeurons(shared("gpt2", dtype=torch.float64), some_tokens(rows=2), layers=range(LAYERS))
    coarse, fine = (
        neuron_scores(neurons, for_all, baselines(neurons), rule="right", n_steps=1, most_error=most)
        for most in (np.inf, 0.2)
    )
    assert coarse.n_steps == (1,) * LAYERS
    assert coarse.error.max() > 0.2
    for steps, error in zip(fine.n_steps, fine.error, strict=True):
        assert error <= 0.2 or steps == 2**room.MOST_DOUBLINGS
    assert max(fine.n_steps) > 1


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_activation", "ablation"])
def test_where_the_answer_is_linear_in_the_neurons_all_methods_agree(method: str) -> None:
    model = plain_model()
    neurons = PatchedNeurons(model, model.tokenize("some words")[None], layers=[0])
    base = torch.linspace(-1, 1, N_NEURONS, dtype=torch.float64)
    found = neuron_scores(neurons, for_all, {0: base}, method=method)
    read = native(model).lm_head.weight[7] - native(model).lm_head.weight[8]
    slope = native(model).h[0].mlp.down_proj.weight.T @ read
    expected = (neurons.actual(0)[0, -1] - base) * slope
    np.testing.assert_allclose(found.scores[0, 0], expected.numpy(), rtol=0, atol=1e-12)
    assert np.abs(found.scores).max() > 0.01


def test_ablation_is_the_loop_over_single_neurons() -> None:
    model, tokens = shared("gpt2", dtype=torch.float64), some_tokens(rows=2)
    neurons = PatchedNeurons(model, tokens, layers=[1])
    found = neuron_scores(neurons, for_all, baselines(neurons), method="ablation")
    plain = difference(run(model, tokens).logits[:, -1])
    for neuron in (0, 3, 77):
        changed = run(model, tokens, do=put(f"mlp_act.1.{neuron}@-1", 0.1)).logits[:, -1]
        np.testing.assert_allclose(found.scores[:, 0, neuron], plain - difference(changed), atol=1e-10)


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_activation", "ablation"])
def test_neither_the_size_of_passes_nor_the_company_changes_a_score(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    model, tokens = shared("gpt2", dtype=torch.float64), some_tokens(rows=1)[0]
    prompts = [tokens, tokens[:5]]

    def scores(inputs: list[Tensor]) -> np.ndarray:
        neurons = PatchedNeurons(model, inputs, layers=[0, 2], positions="all")
        return neuron_scores(neurons, for_all, baselines(neurons), method=method, most_error=9).scores

    together = scores(prompts)
    np.testing.assert_allclose(np.concatenate([scores([one]) for one in prompts]), together, atol=1e-9)
    monkeypatch.setattr(room, "_TOKENS_PER_PASS", 200)
    np.testing.assert_allclose(scores(prompts), together, rtol=0, atol=1e-10)


def test_what_is_missed_is_a_share_of_what_is_there() -> None:
    assert missed([[1.1], [2.2]], np.array([[1.0], [2.0]])).tolist() == pytest.approx([0.1])
    assert missed([0.0], np.array([0.0])).tolist() == 0
