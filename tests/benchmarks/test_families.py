"""The benchmark of families finds what is wrong, and confirms what is right."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedModel

from benchmarks.truth.families import classes, main, row_of
from benchmarks.truth.graph import Recorder
from benchmarks.truth.oracle import Oracle, blocks_of, observe, record
from benchmarks.truth.tiny import CannotBuild, Tiny, build
from neuronscope.models import Model
from neuronscope.models.attention import Place, Taps
from neuronscope.models.parts import experts

FAMILIES = [
    "GPT2LMHeadModel",
    "LlamaForCausalLM",
    "GPTNeoXForCausalLM",
    "Gemma2ForCausalLM",
    "GraniteForCausalLM",
    "BloomForCausalLM",
    "MixtralForCausalLM",
]


def observed(tiny: Tiny) -> tuple[Oracle, Callable[[Any], Any], list[Any]]:
    def call(network: Any) -> Any:
        return network(input_ids=tiny.inputs["input_ids"], use_cache=False)

    blocks = blocks_of(tiny.network, call)[0]
    return observe(tiny.network, call, blocks, len(tiny.inputs["input_ids"])), call, blocks


def miswired(names: dict[str, str]) -> Callable[[PreTrainedModel], Model]:
    """Open a model that shows one site under the name of another, after its certificate was drawn up."""

    def opened(network: PreTrainedModel) -> Model:
        model = Model(network)
        assert model.certificate
        anatomy: Any = model.anatomy
        tap = anatomy.tap
        anatomy.tap = lambda name, *place, **more: tap(names.get(name, name), *place, **more)
        return model

    return opened


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_that_is_certified_is_confirmed(name):
    row = row_of(name, classes()[name])
    assert row["wrong"] == []
    assert row["residual"] == "exact"
    assert row["checks"]["outcome unchanged by reading"]
    assert row["checks"]["oracle has hidden_states"]
    assert row["checks"]["oracle has attentions"]


@pytest.mark.parametrize(
    ("names", "site"),
    [
        ({"attn_add": "mlp_add"}, "attn_add"),
        ({"attn_add": "mlp_add", "mlp_add": "attn_add"}, "mlp_add"),
        ({"resid_pre": "resid_post"}, "resid_pre"),
        ({"mlp_act": "mlp_pre"}, "mlp_act"),
    ],
)
def test_a_site_taken_from_the_wrong_place_is_reported_as_wrong(names, site):
    name = "GPTNeoXForCausalLM"
    row = row_of(name, classes()[name], open_model=miswired(names))
    assert any(found.startswith(f"{site}.") for found in row["wrong"])


@pytest.mark.parametrize(
    ("name", "wrong", "site"),
    [
        ("_halves", lambda experts, both: both.chunk(2, dim=-1)[::-1], "mlp_pre"),
        ("_IN_ORDER_OF_EXPERTS", {"grouped_mm": False}, "mlp_act"),
    ],
)
def test_neurons_of_the_wrong_half_or_token_are_reported_as_wrong(name, wrong, site, monkeypatch):
    def opened(network: PreTrainedModel) -> Model:
        model = Model(network)
        assert "mlp_act" in model.certificate.of("exact")
        monkeypatch.setattr(experts, name, wrong)
        return model

    family = "MixtralForCausalLM"
    row = row_of(family, classes()[family], open_model=opened)
    assert any(found.startswith(f"{site}.") for found in row["wrong"])


def test_heads_in_the_wrong_order_are_reported_as_wrong(monkeypatch):
    visit = Taps.visit

    def rolled(taps: Taps, place: Place, tensor: torch.Tensor) -> torch.Tensor:
        if place.name != "pattern":
            return visit(taps, place, tensor)
        return visit(taps, place, tensor.roll(1, dims=1)).roll(-1, dims=1)

    def opened(network: PreTrainedModel) -> Model:
        model = Model(network)
        assert model.certificate
        monkeypatch.setattr(Taps, "visit", rolled)
        return model

    row = row_of("LlamaForCausalLM", LlamaForCausalLM, open_model=opened)
    assert row["attention"] == "WRONG"
    assert any(found.startswith("pattern.") and "as read" in found for found in row["wrong"])


def test_a_write_that_is_dropped_is_reported_as_wrong(monkeypatch):
    visit = Taps.visit

    def deaf(taps: Taps, place: Place, tensor: torch.Tensor) -> torch.Tensor:
        changed = visit(taps, place, tensor)
        return tensor if place.name == "z" else changed

    def opened(network: PreTrainedModel) -> Model:
        model = Model(network)
        assert model.certificate
        monkeypatch.setattr(Taps, "visit", deaf)
        return model

    row = row_of("LlamaForCausalLM", LlamaForCausalLM, open_model=opened)
    assert any(found.startswith("z.") and "as written" in found for found in row["wrong"])


def test_a_wrong_class_makes_the_exit_status_one(capsys):
    faulty = partial(row_of, open_model=miswired({"attn_add": "mlp_add"}))
    assert main(["--json", "--only", "GPTNeoXForCausalLM"], faulty) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["totals"]["wrong"] == ["GPTNeoXForCausalLM"]
    assert said["totals"]["residual"] == {"WRONG": 1}


def test_a_class_that_crashes_is_a_row_and_not_the_end(capsys):
    def crashing(network: PreTrainedModel) -> Model:
        raise RuntimeError("no such thing\nand more")

    assert main(["--json", "--only", "LlamaForCausalLM"], partial(row_of, open_model=crashing)) == 0
    (row,) = json.loads(capsys.readouterr().out)["classes"]
    assert (row["opened"], row["error"]) == (False, "RuntimeError: no such thing")


def test_the_table_names_each_class_and_its_verdicts(capsys):
    assert main(["--only", "GPT2LMHeadModel"]) == 0
    said = capsys.readouterr().out
    assert "built: 1" in said
    assert "residual: {'exact': 1}" in said
    assert "GPT2LMHea" in said


def test_the_oracle_finds_what_the_modules_of_a_llama_give():
    tiny = build(LlamaForCausalLM)
    oracle, call, _ = observed(tiny)
    seen: dict[str, torch.Tensor] = {}
    layer: Any = tiny.network.model.layers[1]
    hooks = [
        layer.self_attn.o_proj.register_forward_hook(lambda *what: seen.update(attention=what[2])),
        layer.mlp.down_proj.register_forward_hook(lambda *what: seen.update(mlp=what[2])),
        layer.register_forward_hook(lambda *what: seen.update(post=what[2])),
    ]
    call(tiny.network)
    assert all(hook.remove() is None for hook in hooks)
    block = oracle.blocks[1]
    ((attention,), (mlp,)) = block.attention, block.mlp
    torch.testing.assert_close(
        attention.value.reshape(seen["attention"].shape), seen["attention"], rtol=0, atol=0
    )
    torch.testing.assert_close(mlp.value.reshape(seen["mlp"].shape), seen["mlp"], rtol=0, atol=0)
    torch.testing.assert_close(oracle.value(block.leaves), seen["post"], rtol=0, atol=0)


def test_replaying_with_an_outcome_changed_changes_what_follows_and_nothing_before():
    tiny = build(LlamaForCausalLM)
    oracle, call, blocks = observed(tiny)
    (term,) = oracle.blocks[1].attention
    same, _, output = record(tiny.network, call, blocks, {term.step: lambda tensor: tensor})
    assert torch.equal(output.logits, oracle.output.logits)
    moved, _, output = record(tiny.network, call, blocks, {term.step: lambda tensor: tensor + 1})
    assert not torch.equal(output.logits, oracle.output.logits)
    before = oracle.blocks[1].enters
    assert all(
        torch.equal(ours.value, theirs.value)
        for ours, theirs in zip(moved.graph.nodes[:before], same.graph.nodes[:before], strict=True)
    )
    assert torch.equal(moved.graph.nodes[term.index].value, same.graph.nodes[term.index].value + 1)


def test_the_oracle_sees_a_tensor_change_under_another_name():
    base = torch.zeros(4, 3)
    with Recorder() as recorder:
        row = base[1]
        row.add_(2.0)
        total = base.sum()
    node = recorder.graph.nodes[recorder.index_of(total)]
    assert "written" in {recorder.graph.nodes[parent].op for parent in node.parents}


def test_every_multiplier_of_a_granite_and_a_gemma_is_moved():
    granite = build(classes()["GraniteForCausalLM"]).moved
    assert {
        "embedding_multiplier",
        "residual_multiplier",
        "attention_multiplier",
        "logits_scaling",
    } <= granite.keys()
    gemma = build(classes()["Gemma2ForCausalLM"]).moved
    assert {"query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping"} <= gemma.keys()


def test_no_gain_is_one_and_no_bias_nought_in_a_tiny_model():
    network = build(classes()["GPT2LMHeadModel"]).network
    flat = [parameter for parameter in network.parameters() if parameter.dim() == 1]
    assert flat
    assert all(parameter.unique().numel() > 1 for parameter in flat)


def test_a_class_that_cannot_be_built_says_why():
    class Unready(LlamaForCausalLM):
        def forward(self, *_: Any, **__: Any) -> Any:
            raise ArithmeticError("this trunk has no forward")

    with pytest.raises(CannotBuild, match="ArithmeticError: this trunk has no forward"):
        build(Unready)
