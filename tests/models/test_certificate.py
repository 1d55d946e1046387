import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import run
from neuronscope.models import SITES, Model, open_model
from neuronscope.models.certificate import EXACT, REDUCED, REFUSED
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, eager, lacked, opened, some_tokens

READ_ONLY = {"attn_norm", "mlp_norm", "final_norm", "result"}


FORMATS = [(family, dtype) for family in FAMILIES for dtype in (torch.float32, torch.float64, torch.bfloat16)]
FORMATS.remove(("gpt2 upcast", torch.float64))  # Hugging Face itself refuses this one


@pytest.mark.parametrize(("family", "dtype"), FORMATS, ids=str)
def test_every_site_of_a_family_is_certified_but_those_it_lacks(family: str, dtype: torch.dtype) -> None:
    certificate = opened(family, dtype=dtype).certificate
    assert set(certificate.of(REFUSED)) == lacked(family)
    assert set(certificate.of(REDUCED)) == READ_ONLY
    assert set(certificate.of(EXACT)) == set(SITES) - lacked(family) - READ_ONLY


@pytest.mark.parametrize("family", FAMILIES)
def test_every_site_answers_to_a_law_and_agrees_to_rounding(family: str) -> None:
    rows = [row for row in opened(family).certificate.rows if row.status != REFUSED]
    gaps = {row.site: row.worst for row in rows}
    assert all(gap is not None and gap < 2e-5 for gap in gaps.values()), gaps


@pytest.mark.parametrize("family", FAMILIES)
def test_a_site_that_is_not_there_has_no_difference(family: str) -> None:
    rows = [row for row in opened(family).certificate.rows if row.site in lacked(family)]
    assert [row.worst for row in rows] == [None] * len(rows)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "llama"])
def test_in_double_precision_what_a_block_adds_is_what_its_stream_gains(family: str) -> None:
    certificate = opened(family, dtype=torch.float64).certificate
    assert certificate.row("resid_post").worst == pytest.approx(0.0, abs=1e-14)
    assert certificate.row("z").worst == pytest.approx(0.0, abs=1e-12)


def test_a_refusal_gives_its_reason_and_the_site_to_ask_for_instead() -> None:
    parallel = opened("gpt_neox parallel").certificate.row("resid_mid")
    assert "side by side" in parallel.reason
    assert parallel.instead == "resid_pre"
    ungated = opened("gpt2").certificate.row("mlp_up")
    assert "no gate" in ungated.reason
    assert ungated.instead == "mlp_pre"


def _halved_mlp_block(block: Any) -> Callable[..., Tensor]:
    """Compute the block of GPT-NeoX, but let half of the MLP's output into the stream."""

    def forward(hidden_states: Tensor, **options: Any) -> Tensor:
        attended, _ = block.attention(block.input_layernorm(hidden_states), **options)
        attended = block.post_attention_dropout(attended)
        written = block.post_mlp_dropout(block.mlp(block.post_attention_layernorm(hidden_states)))
        return 0.5 * written + attended + hidden_states

    return forward


def test_what_a_block_adds_is_found_even_where_no_module_gives_it() -> None:
    network: Any = eager("gpt_neox parallel", dtype=torch.float64)
    network.gpt_neox.layers[1].forward = _halved_mlp_block(network.gpt_neox.layers[1])
    model, tokens = Model(network), some_tokens()
    assert model.certificate.row("mlp_add").status == EXACT
    seen = run(model, tokens, get=["mlp_out.1", "mlp_add.1", "mlp_out.2", "mlp_add.2"])
    assert torch.equal(0.5 * seen["mlp_out.1"], seen["mlp_add.1"])
    assert torch.equal(seen["mlp_out.2"], seen["mlp_add.2"])


def _mixing_block(block: Any) -> Callable[..., Tensor]:
    """Let the block's stream be mixed with itself by a gate, so that nothing is added to it."""

    def forward(hidden_states: Tensor, **options: Any) -> Tensor:
        attended, _ = block.attention(block.input_layernorm(hidden_states), **options)
        return torch.lerp(hidden_states, attended, 0.5)

    return forward


def test_the_probe_refuses_what_the_rules_propose_when_a_block_does_not_add() -> None:
    network: Any = eager("gpt_neox parallel")
    network.gpt_neox.layers[1].forward = _mixing_block(network.gpt_neox.layers[1])
    model = Model(network)
    row = model.certificate.row("attn_add")
    assert "in layers 0, 2 only" in row.reason
    with pytest.raises(BadInput, match=r"There is no attn_add\.1: its block does not add to its stream"):
        run(model, some_tokens(), get="attn_add.1")


def test_a_family_whose_modules_include_the_residual_is_seen_through() -> None:
    """BLOOM adds the stream inside its attention and MLP, and looks its attention up nowhere."""
    model = opened("bloom", dtype=torch.float64)
    heads = {"q", "k", "v", "scores", "pattern", "z"}
    assert {"attn_add", "mlp_add", "resid_mid", *heads} <= set(model.certificate.of(EXACT))
    seen = run(model, some_tokens(), get=["attn_out.1", "attn_add.1", "resid_pre.1", "resid_mid.1"])
    assert torch.equal(seen["resid_pre.1"] + seen["attn_add.1"], seen["resid_mid.1"])
    assert torch.equal(seen["attn_out.1"], seen["attn_add.1"])


def test_a_model_that_answers_differently_each_time_is_found_out() -> None:
    network: Any = eager("llama")
    network.model.layers[1].mlp.register_forward_hook(lambda *call: call[-1] + torch.randn_like(call[-1]))
    certificate = Model(network).certificate
    assert certificate.of(EXACT) == []
    assert "changes the logits by" in certificate.row("z").reason


def test_the_certificate_is_plain_data_and_sums_itself_up() -> None:
    certificate = opened("gpt2").certificate
    told = json.loads(json.dumps(certificate.to_dict()))
    assert told["architecture"] == "GPT2LMHeadModel"
    assert {row["site"] for row in told["rows"]} == set(SITES)
    summary = certificate.summary()
    assert "20 sites exact, 4 reduced, 3 refused" in summary
    assert "mlp_up is refused: this MLP has no gate" in summary


@pytest.mark.parametrize("name", ["stories260k", "slm4096", "nano_sort_gpt2", "babyllama105"])
def test_trained_models_are_certified(test_data: Callable[[str], Path], name: str) -> None:
    model = open_model(str(test_data(f"{name}/hf")))
    assert set(model.certificate.of(REFUSED)) <= {"mlp_up", "router", "expert_weight"}
    worst = max(row.worst for row in model.certificate.rows if row.worst is not None)
    assert worst < 1e-5


def test_a_norm_among_the_neurons_reduces_their_sites(test_data: Callable[[str], Path]) -> None:
    """BitNet normalises its neurons before the output matrix reads them."""
    certificate = open_model(str(test_data("bitstories1m/hf"))).certificate
    assert certificate.row("mlp_pre").status == REDUCED
    assert "the activated mlp_pre is mlp_act" in certificate.row("mlp_pre").reason


def test_a_context_shorter_than_the_probe_is_probed_as_long_as_it_is() -> None:
    certificate = open_model("builtin:grokking").certificate
    assert {"q", "z", "pattern", "attn_add", "mlp_add"} <= set(certificate.of(EXACT))
    assert "no norm stands after its last block" in certificate.row("final_norm").reason


@pytest.mark.parametrize("name", ["digits-cnn", "rnn-memory"])
def test_a_network_without_blocks_is_sent_to_its_modules(name: str) -> None:
    model = open_model(f"builtin:{name}")
    assert "read its modules, such as module.NAME:out" in model.certificate.row("resid_post").reason
    with pytest.raises(BadInput, match="and no tokens: choose a model that reads text"):
        model.tokenize("hello")
