from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import path_patch, put, run
from neuronscope.models import Model
from neuronscope.models.parts.matrices import head_rows
from neuronscope.words import BadInput
from tests.models.test_forward import traces
from tests.models.tiny import HEADS, LAYERS, opened, shared, some_tokens

BASE, SOURCE = some_tokens(seed=1), some_tokens(seed=2)
SENDER = "z.0.1"


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def gpt2() -> Model:
    return shared("gpt2", torch.float64)


def sent_by_head(model: Model) -> Tensor:
    """What head 1 of block 0 writes more on the source prompts, by hand."""
    z = [run(model, tokens, get=SENDER)[SENDER] for tokens in (SOURCE, BASE)]
    output: Any = model.anatomy.output(0)
    return (z[0] - z[1]) @ head_rows(output, HEADS)[1]


def carried_to(model: Model, layer: int, change: Tensor, *, mlps: str) -> Tensor:
    """The stream that enters a block, by hand: heads write what they wrote, MLPs may answer."""
    seen = run(model, BASE, get=["resid_pre.*", "resid_post.*", "attn_add.*", "mlp_add.*"])
    stream = seen["resid_pre.0"]
    for block in range(layer):
        mid = stream + seen[f"attn_add.{block}"] + (change if block == 0 else 0)
        norm, mlp = model.anatomy.second_norm(block), model.anatomy.mlp[block]
        assert norm is not None
        added = seen[f"mlp_add.{block}"] if mlps == "frozen" else mlp(norm(mid))  # pyright: ignore[reportOptionalCall]
        stream = mid + added
    return stream


@pytest.mark.parametrize("mlps", ["free", "frozen"])
def test_the_path_to_the_logits_is_the_direct_effect_worked_out_by_hand(mlps: Any) -> None:
    model = gpt2()
    with torch.no_grad():
        stream = carried_to(model, LAYERS, sent_by_head(model), mlps=mlps)
        expected = difference(model.unembed(stream)[:, -1])
    found = path_patch(model, BASE, SOURCE, SENDER, "logits", difference, mlps=mlps)
    torch.testing.assert_close(found.values, expected, rtol=0, atol=1e-11)
    assert (found.effect.abs() > 1e-6).all()


@pytest.mark.parametrize("mlps", ["free", "frozen"])
@pytest.mark.parametrize("receivers", [["q.2.3"], ["k.2.0", "v.2.2"]])
def test_the_path_to_queries_keys_and_values_is_that_worked_out_by_hand(
    mlps: Any, receivers: Sequence[str]
) -> None:
    model = gpt2()
    block: Any = model.anatomy.blocks[2]
    with torch.no_grad():
        stream = carried_to(model, 2, sent_by_head(model), mlps=mlps)
        projected = block.attn.c_attn(block.ln_1(stream)).unflatten(-1, (3, HEADS, -1))
        ops = []
        for site in receivers:
            name, _, head = site.split(".")
            ops.append(put(site, projected[:, :, "qkv".index(name), int(head)]))
        expected = difference(run(model, BASE, do=ops).logits[:, -1])
    found = path_patch(model, BASE, SOURCE, [SENDER], receivers, difference, mlps=mlps)
    torch.testing.assert_close(found.values, expected, rtol=0, atol=1e-11)
    assert not torch.equal(found.values, found.base)


def test_the_path_to_an_mlp_is_that_worked_out_by_hand() -> None:
    model = gpt2()
    norm: Any = model.anatomy.second_norm(1)
    with torch.no_grad():
        attention = run(model, BASE, get="attn_add.1")["attn_add.1"]
        stream = carried_to(model, 1, sent_by_head(model), mlps="free") + attention
        expected = difference(run(model, BASE, do=put("mlp_in.1", norm(stream))).logits[:, -1])
    found = path_patch(model, BASE, SOURCE, SENDER, "mlp_in.1", difference)
    torch.testing.assert_close(found.values, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox sequential", "llama", "qwen3"])
def test_with_nothing_held_the_path_to_the_logits_is_activation_patching(family: str) -> None:
    model = shared(family, torch.float64)
    for sender in ("z.1.2", "mlp_out.0", "resid_pre.1@4"):
        found = path_patch(model, BASE, SOURCE, sender, "logits", difference, heads="free")
        patched = run(model, BASE, do=put(sender, run(model, SOURCE, get=sender)))
        assert (found.values - difference(patched.logits[:, -1])).abs().max() < 1e-12


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox sequential", "llama", "mistral"])
@pytest.mark.parametrize("receivers", [["logits"], ["q.2.1", "k.1.0"], ["v.2.0"], ["mlp_in.1"]])
@pytest.mark.parametrize("mlps", ["free", "frozen"])
def test_a_path_from_a_prompt_to_itself_changes_nothing(family: str, receivers: list[str], mlps: Any) -> None:
    found = path_patch(shared(family), BASE, BASE, "z.0.1", receivers, difference, mlps=mlps)
    assert torch.equal(found.values, found.base)


def test_all_heads_of_the_last_block_reach_the_logits_as_if_nothing_were_held() -> None:
    model, senders = gpt2(), [f"z.{LAYERS - 1}.{head}" for head in range(HEADS)]
    by_path = path_patch(model, BASE, SOURCE, senders, "logits", difference)
    whole = f"z.{LAYERS - 1}"
    patched = run(model, BASE, do=put(whole, run(model, SOURCE, get=whole))).logits[:, -1]
    torch.testing.assert_close(by_path.values, difference(patched).double(), rtol=0, atol=1e-12)


def test_a_sender_at_one_position_reaches_no_query_before_it() -> None:
    model = gpt2()
    early = path_patch(model, BASE, SOURCE, f"{SENDER}@5", "q.2.3@3", difference)
    assert torch.equal(early.values, early.base)
    at = path_patch(model, BASE, SOURCE, f"{SENDER}@-1", "q.2.3@-1", difference)
    assert not torch.equal(at.values, at.base)


def test_nothing_of_a_path_stays_on_the_model() -> None:
    model = opened("llama")
    path_patch(model, BASE, SOURCE, "z.0.1", "q.2.0", difference)
    assert traces(model.hf) == 0


@pytest.mark.parametrize(
    ("senders", "receivers", "source", "options", "said"),
    [
        ("z.2.1", "q.1.0", SOURCE, {}, "q.1.0 is read before z.2.1 is written, so no path leads there"),
        ("z.1.1", "q.1.0", SOURCE, {}, "q.1.0 is read before z.1.1 is written"),
        ("pattern.0.1", "logits", SOURCE, {}, "pattern.0.1 cannot be a sender: choose among embed"),
        ("z.0.1", "mlp_out.1", SOURCE, {}, "mlp_out.1 cannot be a receiver: choose among q, k, v"),
        ("z.*", "logits", SOURCE, {}, "names every layer"),
        ([], "logits", SOURCE, {}, "A path needs at least one sender"),
        ("z.0", ["logits", "q.2.1"], SOURCE, {}, "as a receiver it stands alone"),
        ("z.0", "logits@-1", SOURCE, {}, "as a receiver it is logits"),
        ("z.0", "logits", SOURCE[:, :5], {}, "The base prompts have 9 tokens, the source prompts 5"),
        ("z.0", "logits", SOURCE, {"mlps": "off"}, "mlps and heads are 'free' or 'frozen', not 'off'"),
        ("z.7", "logits", SOURCE, {}, "z.7 is out of range"),
    ],
)
def test_a_path_that_cannot_be_is_refused(
    senders: Any, receivers: Any, source: Tensor, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        path_patch(shared("gpt2"), BASE, source, senders, receivers, difference, **options)
    assert said in str(refusal.value)
