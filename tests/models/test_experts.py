"""The neurons and weights of experts are those of the network's own modules, and writes to them count."""

from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import add, put, run, scale, zero
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.models.tiny import eager, opened, shared, some_tokens

ROUTED = ["mixtral", "qwen2_moe", "gpt_oss"]
DOUBLE = torch.float64
LAST = 2


def experts_of(model: Model, layer: int = LAST) -> Any:
    network: Any = model.hf
    return network.model.layers[layer].mlp.experts


def by_expert(neurons: Tensor, weight: Tensor) -> Tensor:
    return neurons.unflatten(-1, (weight.shape[-1], -1))


def dense(experts: Any, given: Tensor) -> tuple[Tensor, Tensor]:
    """What every expert would make of every token: its gates, and its neurons."""
    turned = experts.gate_up_proj if experts.is_transposed else experts.gate_up_proj.transpose(1, 2)
    both = torch.einsum("bpw,ewn->bpen", given, turned)
    both = both + experts.gate_up_proj_bias if experts.has_bias else both
    gate = both.chunk(2, -1)[0] if experts.is_concatenated else both[..., ::2]
    return gate, experts._apply_gate(both)


@pytest.mark.parametrize("family", ROUTED)
def test_chosen_experts_show_their_neurons_and_the_others_zeros(family: str) -> None:
    model = shared(family, DOUBLE)
    names = ("mlp_in", "expert_weight", "mlp_pre", "mlp_act")
    seen = run(model, some_tokens(), get=[f"{name}.{LAST}" for name in names])
    given, weight, pre, act = (seen[f"{name}.{LAST}"] for name in names)
    chosen = weight != 0
    assert bool((chosen.sum(-1) == 2).all())
    for shown, truth in zip((pre, act), dense(experts_of(model), given), strict=True):
        torch.testing.assert_close(by_expert(shown, weight)[chosen], truth[chosen])
        assert not by_expert(shown, weight)[~chosen].any()


@pytest.mark.parametrize("family", ROUTED)
def test_silencing_a_neuron_is_silencing_its_column_of_the_output_matrix(family: str) -> None:
    model, tokens = opened(family, dtype=DOUBLE), some_tokens()
    experts = experts_of(model)
    weight = run(model, tokens, get=f"expert_weight.{LAST}")[f"expert_weight.{LAST}"]
    expert, width = int(weight.sum((0, 1)).argmax()), model.n_neurons // weight.shape[-1]
    silenced = run(model, tokens, do=zero(f"mlp_act.{LAST}.{expert * width + 5}")).logits
    before = run(model, tokens).logits
    matrix = experts.down_proj[expert]
    (matrix[5] if experts.is_transposed else matrix[:, 5]).zero_()
    torch.testing.assert_close(silenced, run(model, tokens).logits)
    assert not torch.allclose(silenced, before)


def test_an_expert_that_is_given_a_weight_works_though_no_token_chose_it() -> None:
    model, tokens = shared("mixtral", DOUBLE), some_tokens()
    even = torch.full((*tokens.shape, 5), 0.2, dtype=DOUBLE)
    sites = [f"{name}.{LAST}" for name in ("mlp_in", "mlp_act", "mlp_out")]
    seen = run(model, tokens, get=sites, do=put(f"expert_weight.{LAST}", even))
    given, act, out = (seen[site] for site in sites)
    experts = experts_of(model)
    truth = dense(experts, given)[1]
    torch.testing.assert_close(by_expert(act, even), truth)
    torch.testing.assert_close(torch.einsum("bpen,ewn->bpw", 0.2 * truth, experts.down_proj), out)


@pytest.mark.parametrize("family", ROUTED)
def test_half_the_weight_is_half_of_what_the_expert_adds(family: str) -> None:
    model, tokens = shared(family, DOUBLE), some_tokens()
    site = f"mlp_out.{LAST}"
    outs = [
        run(model, tokens, get=site, do=scale(f"expert_weight.{LAST}.1", factor))[site]
        for factor in (0.0, 0.5, 1.0)
    ]
    torch.testing.assert_close(2 * outs[1], outs[0] + outs[2])
    assert not torch.allclose(outs[0], outs[2])


def test_what_is_written_to_an_expert_that_was_not_chosen_counts_for_nothing() -> None:
    model, tokens = shared("mixtral", DOUBLE), some_tokens()
    weight = run(model, tokens, get=f"expert_weight.{LAST}")[f"expert_weight.{LAST}"]
    expert = int((weight[0, 4] == 0).nonzero()[0])
    neuron = f"mlp_act.{LAST}.{expert * 80 + 3}@4"
    moved = run(model, tokens, do=add(neuron, 9.0)).logits - run(model, tokens).logits
    assert not moved[0].any()


@pytest.mark.parametrize("site", ["expert_weight", "mlp_pre", "mlp_up", "mlp_act"])
def test_gradients_reach_into_the_experts(site: str) -> None:
    model, tokens = shared("qwen2_moe", DOUBLE), some_tokens()
    address = f"{site}.{LAST}"

    def score(logits: Tensor) -> Tensor:
        return (logits[:, -1, 7] - logits[:, 2, 5]).sum()

    seen = run(model, tokens, get=[address, f"expert_weight.{LAST}"], grad=score)
    chosen = (seen[f"expert_weight.{LAST}"] != 0).to(DOUBLE)
    way = torch.randn(seen[address].shape, generator=torch.Generator().manual_seed(3)).to(DOUBLE)
    way = (
        way * chosen if site == "expert_weight" else (by_expert(way, chosen) * chosen[..., None]).flatten(-2)
    )
    step = 1e-3
    up, down = (score(run(model, tokens, do=add(address, size * way)).logits) for size in (step, -step))
    torch.testing.assert_close(
        (up - down) / (2 * step), (seen.grad[address] * way).sum(), rtol=1e-3, atol=1e-6
    )


def test_experts_that_run_one_by_one_show_no_neurons_and_say_what_to_do() -> None:
    network: Any = eager("mixtral")
    network.set_experts_implementation("eager")
    model = Model(network)
    with pytest.raises(BadInput, match=r"one by one \(eager\).*experts_implementation='grouped_mm'"):
        run(model, some_tokens(), get="mlp_act.1")
    tokens = some_tokens()
    assert not torch.equal(run(model, tokens, do=zero("expert_weight.1.2")).logits, run(model, tokens).logits)


def test_a_neuron_beyond_the_last_expert_is_out_of_range() -> None:
    with pytest.raises(BadInput, match="its neurons run from 0 to 399"):
        run(shared("mixtral"), some_tokens(), get="mlp_act.1.400")


def test_nothing_stays_on_the_experts_when_a_visit_fails() -> None:
    model = opened("mixtral")
    held = set(experts_of(model, 1).__dict__)
    with pytest.raises(BadInput):
        run(model, some_tokens(), do=put("mlp_act.1", torch.zeros(3)))
    assert set(experts_of(model, 1).__dict__) == held
