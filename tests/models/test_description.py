import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPTNeoXForCausalLM

from neuronscope.instruments import run
from neuronscope.models import Model, describe, open_model
from tests.models.tiny import FAMILIES, eager, opened, some_tokens

EQUATIONS = {
    "gpt2": [
        "x(0)_i = W_E[token_i] + W_pos[i]",
        "LayerNorm(x) = γ ⊙ (x − mean(x)) / √(var(x) + 1e-05) + β",
        "u = LayerNorm₁(x(l))",
        "q(h) = u W_Q(h) + b_Q(h)",
        "k(h) = u W_K(h) + b_K(h)",
        "v(h) = u W_V(h) + b_V(h)",
        "A(h)_ij = softmax over j of q(h)_i · k(h)_j / √12, for j ≤ i",
        "z(h)_i = Σ_j A(h)_ij v(h)_j",
        "a = Σ_h z(h) W_O(h) + b_O",
        "y = x(l) + a",
        "w = LayerNorm₂(y)",
        "n = GELU_tanh(w W_in + b_in)",
        "GELU_tanh(a) = a/2 (1 + tanh(√(2/π) (a + 0.044715 a³)))",
        "m = n W_out + b_out",
        "x(l+1) = y + m",
        "logits = LayerNorm_final(x(3)) W_Eᵀ",
        "p = softmax(logits)",
    ],
    "qwen3": [
        "x(0)_i = W_E[token_i]",
        "RMSNorm(x) = γ ⊙ x / √(mean(x²) + 1e-06)",
        "u = RMSNorm₁(x(l))",
        "q(h) = R_i (RMSNorm_Q(u W_Q(h)))",
        "k(⌊h/2⌋) = R_i (RMSNorm_K(u W_K(⌊h/2⌋)))",
        "v(⌊h/2⌋) = u W_V(⌊h/2⌋)",
        "R_i turns entries d and d + 6 of a head by the angle i · 10000^(−2d/12) for d < 6",
        "A(h)_ij = softmax over j of q(h)_i · k(⌊h/2⌋)_j / √12, for j ≤ i",
        "z(h)_i = Σ_j A(h)_ij v(⌊h/2⌋)_j",
        "a = Σ_h z(h) W_O(h)",
        "y = x(l) + a",
        "w = RMSNorm₂(y)",
        "n = SiLU(w W_gate) ⊙ (w W_up)",
        "SiLU(a) = a / (1 + exp(−a))",
        "m = n W_out",
        "x(l+1) = y + m",
        "logits = RMSNorm_final(x(3)) W_U",
        "p = softmax(logits)",
    ],
}


@pytest.mark.parametrize("family", EQUATIONS)
def test_the_equations_of_a_family_are_written_out(family: str) -> None:
    assert describe(opened(family)).equations == EQUATIONS[family]


def test_a_parallel_block_reads_one_stream_and_adds_once() -> None:
    parallel = describe(opened("gpt_neox parallel")).equations
    assert "w = LayerNorm₂(x(l))" in parallel
    assert "x(l+1) = x(l) + a + m" in parallel
    assert "y = x(l) + a" not in parallel
    sequential = describe(opened("gpt_neox sequential")).equations
    assert "x(l+1) = y + m" in sequential


def test_a_partial_rotation_turns_as_many_entries_as_the_model_turns() -> None:
    equations = describe(opened("gpt_neox parallel")).equations
    assert "R_i turns entries d and d + 2 of a head by the angle i · 10000^(−2d/3) for d < 2" in equations


@pytest.mark.parametrize(("family", "half", "over"), [("llama", 6, 12), ("gpt_neox parallel", 2, 3)])
def test_the_rotation_that_is_described_is_the_rotation_that_acts(family: str, half: int, over: int) -> None:
    model, tokens = opened(family), some_tokens(rows=1)
    described = (
        f"R_i turns entries d and d + {half} of a head by the angle i · 10000^(−2d/{over}) for d < {half}"
    )
    assert described in describe(model).equations
    seen = run(model, tokens, get=["q.1", "attn_in.1"])
    attention: Any = model.anatomy.attention[1]
    if family == "llama":
        flat = attention.q_proj(seen["attn_in.1"]).unflatten(-1, (4, 12))
    else:
        flat = attention.query_key_value(seen["attn_in.1"]).unflatten(-1, (4, 36))[..., :12]
    angle = torch.arange(9.0)[:, None, None] * 10000.0 ** (-2 * torch.arange(half) / over)
    first, second, rest = flat[..., :half], flat[..., half : 2 * half], flat[..., 2 * half :]
    turned = [first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin(), rest]
    torch.testing.assert_close(torch.cat(turned, dim=-1), seen["q.1"], rtol=1e-4, atol=1e-5)


def test_sliding_windows_are_said_where_they_are() -> None:
    everywhere = describe(opened("mistral"))
    assert any(row.endswith("for i − 4 < j ≤ i") for row in everywhere.equations)
    assert everywhere.facts["attention"].endswith("window of 4 tokens in 3 of 3 layers")
    some = describe(opened("qwen2"))
    assert any(row.endswith("for j ≤ i, and i − 4 < j in layers 1, 2") for row in some.equations)


@pytest.mark.parametrize(("family", "layer"), [("mistral", 0), ("qwen2", 0), ("qwen2", 2)])
def test_the_window_that_is_described_is_the_window_that_acts(family: str, layer: int) -> None:
    network = eager(family)
    with torch.no_grad():
        seen = network(torch.arange(9)[None], output_attentions=True, use_cache=False).attentions[layer][0, 0]
    query, key = torch.meshgrid(torch.arange(9), torch.arange(9), indexing="ij")
    windowed = family == "mistral" or layer >= 1
    allowed = (key <= query) & ((query - 4 < key) | torch.tensor(not windowed))
    assert torch.equal(seen > 0, allowed)


def test_a_scale_that_is_not_the_usual_one_is_told() -> None:
    equations = describe(opened("gpt2 upcast")).equations
    assert any("k(h)_j · a factor of the layer" in row for row in equations)


def test_biases_stand_where_the_model_has_them() -> None:
    equations = describe(opened("qwen2")).equations
    assert "q(h) = R_i (u W_Q(h) + b_Q(h))" in equations
    assert "a = Σ_h z(h) W_O(h)" in equations


@pytest.mark.parametrize("family", FAMILIES)
def test_the_facts_are_plain_data(family: str) -> None:
    facts = describe(opened(family)).facts
    assert json.loads(json.dumps(facts)) == facts
    assert facts["layers"] == 3
    assert facts["tied embedding"] is family.startswith("gpt2")


def test_a_head_of_its_own_is_not_called_tied() -> None:
    network = eager("gpt_neox parallel")
    assert isinstance(network, GPTNeoXForCausalLM)
    assert describe(Model(network)).equations[-2] == "logits = LayerNorm_final(x(3)) W_U"


def test_a_family_whose_equations_are_unknown_gets_none(test_data: Callable[[str], Path]) -> None:
    described = describe(open_model(str(test_data("bitstories1m/hf"))))
    assert described.equations == []
    assert described.facts["layers"] == 8


def test_a_trained_model_is_described(test_data: Callable[[str], Path]) -> None:
    facts = describe(open_model(str(test_data("stories260k/hf")))).facts
    assert facts["parameters"] == 260_032
    assert facts["attention"] == "grouped, 2 query heads share a key head"
    assert facts["positions"] == "rotary, 8 entries of a head"
