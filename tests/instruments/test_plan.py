import copy
from importlib import import_module
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, MixtralConfig, MixtralForCausalLM

from neuronscope.instruments import plan, put, run
from neuronscope.instruments.live_bytes import LiveBytes, held_bytes
from neuronscope.instruments.plan import Plan
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, N_TOKENS, shared, some_tokens

REQUESTS: dict[str, dict[str, Any]] = {
    "slices": {"get": ["resid_post.*@-1", "z.1.2", "mlp_act.0@2:4", "logits@-1"]},
    "whole sites": {"get": ["resid_post.*", "pattern.*", "embed"]},
    "nothing read": {},
    "stopped": {"get": "resid_post.1", "stop": True},
    "changed": {"get": "resid_post.2@-1", "do": put("z.1.0", 0.5)},
    "gradient": {"get": "resid_post.*@-1", "grad": lambda logits: logits[:, -1, 5].sum()},
}


def held(model: Model, tokens: Any, request: dict[str, Any]) -> tuple[dict[str, int], int]:
    """Run for real, and count what the readings hold and the most that was held."""
    _ = model.certificate
    with LiveBytes() as live:
        seen = run(model, tokens, **request)
    parts = [seen, seen.grad] if "grad" in request else [seen]
    return {site: sum(held_bytes(part[site]) for part in parts) for site in seen.sites}, live.peak


@pytest.mark.parametrize(
    ("family", "request_of"),
    [*((family, "slices") for family in FAMILIES), *(("llama", request) for request in REQUESTS)],
)
def test_the_bytes_planned_are_the_bytes_held(family: str, request_of: str) -> None:
    model, request = shared(family), REQUESTS[request_of]
    expected = plan(model, (2, N_TOKENS), **request)
    sites, peak = held(model, some_tokens().tolist(), request)
    assert expected.sites == sites
    assert expected.total == sum(sites.values())
    assert expected.peak == peak


def test_a_mixture_of_experts_is_planned_to_the_byte() -> None:
    torch.manual_seed(0)
    config = MixtralConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=96,
        vocab_size=97,
        num_local_experts=4,
    )
    model = Model(MixtralForCausalLM(config))
    request: dict[str, Any] = {"get": "resid_post.*@-1"}
    expected = plan(model, (2, N_TOKENS), **request)
    assert (expected.sites, expected.peak) == held(model, some_tokens().tolist(), request)


def test_planning_leaves_the_model_as_it_was() -> None:
    model = shared("llama")
    before = copy.deepcopy(model.hf.state_dict())
    plan(model, (1, 4), get="resid_post.*", grad=True)
    after = model.hf.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.hf.modules())


@pytest.fixture(scope="module")
def ten_billion() -> Model:
    config = LlamaConfig(
        hidden_size=4608,
        num_hidden_layers=40,
        num_attention_heads=36,
        num_key_value_heads=4,
        intermediate_size=13824,
        vocab_size=65536,
        dtype="bfloat16",
    )
    with torch.device("meta"):
        return Model(LlamaForCausalLM._from_config(config), name="ten billion")


def test_the_last_position_of_ten_billion_parameters_costs_what_was_asked_and_no_more(
    ten_billion: Model,
) -> None:
    assert ten_billion.n_parameters > 10e9
    nothing = plan(ten_billion, (1, 512))
    last = plan(ten_billion, (1, 512), get="resid_post.*@-1")
    asked = 40 * 4608 * 2
    assert last.total == asked
    assert nothing.peak <= last.peak <= nothing.peak + asked
    assert last.weights == 2 * ten_billion.n_parameters + held_bytes(*ten_billion.hf.buffers())


def test_twice_the_positions_take_twice_the_bytes_of_a_whole_site_and_none_of_a_slice() -> None:
    get = ["resid_post.1", "resid_post.2@-1"]
    short, long = (plan(shared("llama"), (1, positions), get=get).sites for positions in (8, 16))
    assert long["resid_post.1"] == 2 * short["resid_post.1"]
    assert long["resid_post.2@-1"] == short["resid_post.2@-1"]


def test_a_run_that_cannot_fit_is_refused_with_both_numbers() -> None:
    over = Plan({}, 0, peak=3_000_000_000, weights=20_000_000_000, free=4_500_000_000, device="cuda:0")
    assert not over.fits
    message = "This run needs 23 GB at its peak, but cuda:0 has 4.5 GB free: ask for fewer sites"
    with pytest.raises(BadInput, match=message):
        over.check()


def test_a_run_that_fits_is_let_through() -> None:
    exact = Plan({}, 0, peak=10, weights=0, free=10, device="cpu")
    assert exact.check() is exact
    assert Plan({}, 0, peak=10, weights=0, free=None, device="mps").fits


def test_what_runs_here_fits_here() -> None:
    assert plan(shared("gpt2"), (1, 4), get="resid_post.*").check().fits


def test_weights_that_are_not_loaded_yet_count(ten_billion: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("neuronscope.instruments.plan"), "free_bytes", lambda _: 20_000_000_000)
    over = plan(ten_billion, (1, 4), get="resid_post.*@-1")
    with pytest.raises(BadInput, match=r"needs 20\.\d GB at its peak, but cpu has 20 GB free"):
        over.check()


def test_a_shape_without_tokens_is_refused() -> None:
    with pytest.raises(BadInput, match=r"rows and positions, each at least 1, not \(0, 4\)"):
        plan(shared("gpt2"), (0, 4))


def test_a_plan_refuses_what_a_run_refuses() -> None:
    with pytest.raises(BadInput, match="layers run from 0 to 2"):
        plan(shared("gpt2"), (1, 4), get="resid_post.9")
