"""Attention rollout keeps shares, and follows a token no further than attention takes it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope import attention_patterns, open_model
from neuronscope.analyses.attention.attention_rollout import attention_rollout
from neuronscope.instruments import run
from neuronscope.instruments.heads.flow import layer_flow
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native
from tests.models.tiny import shared

PROMPT = "abc abc"


@pytest.mark.parametrize("method", ["attention", "value_weighted"])
@pytest.mark.parametrize("heads", ["mean", "max"])
def test_rows_sum_to_one_and_nothing_comes_from_ahead(model: Model, method: str, heads: str) -> None:
    found = attention_rollout(model, PROMPT, method=method, heads=heads)  # pyright: ignore[reportArgumentType]
    for name in ("rollout", "flow"):
        np.testing.assert_allclose(found[name].sum("key"), 1, atol=1e-6)
        assert (found[name].values[:, np.triu(np.ones((len(PROMPT),) * 2, dtype=bool), 1)] == 0).all()


def test_a_layer_mixes_half_its_attention_with_half_of_itself(model: Model, rounding: float) -> None:
    found = attention_rollout(model, PROMPT)
    mean = attention_patterns(model, PROMPT).pattern.mean("head").values
    expected = 0.5 * mean + 0.5 * np.eye(len(PROMPT))
    np.testing.assert_allclose(found.flow.values, expected, atol=rounding)
    np.testing.assert_allclose(found.rollout.values[1], expected[1] @ expected[0], atol=rounding)


def test_heads_that_look_at_themselves_leave_every_token_where_it_is() -> None:
    model = open_model("builtin:handmade-induction", dtype="float64")
    flow = attention_rollout(model, "c a l e", residual=0.0, heads="max").flow
    assert flow.dims == ("layer", "query", "key")
    pattern = attention_patterns(model, "c a l e").pattern.sel(layer=0, head=3)
    np.testing.assert_allclose(pattern, np.eye(5), atol=1e-6)


def test_without_values_nothing_but_the_stream_is_passed_on(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_attn.weight[:, -model.width :] = 0
            block.attn.c_attn.bias[-model.width :] = 0
    found = attention_rollout(model, PROMPT, method="value_weighted")
    np.testing.assert_allclose(found.rollout, np.stack([np.eye(len(PROMPT))] * model.n_layers), atol=1e-15)


def test_vectors_count_by_their_length(model: Model) -> None:
    found = attention_rollout(model, PROMPT, method="value_weighted").flow.values[1]
    seen = run(model, model.tokenize(PROMPT), get=["resid_pre.1", "result.1", "pattern.1"])
    pattern, result = seen["pattern.1"][0, :, 1].double(), seen["result.1"][0].double()
    # The first token hears itself alone, so what its heads write is all that it sends.
    sent = torch.einsum("h,hw->w", pattern[:, 0], result[0]).norm()
    ratio = found[1, 0] / found[1, 1]
    total = (seen["resid_pre.1"][0, 1] + result[1].sum(0)) - torch.einsum("h,hw->w", pattern[:, 0], result[0])
    assert ratio == pytest.approx(float(sent / total.norm()), rel=1e-5)


@pytest.mark.parametrize("family", ["gemma2", "olmo2"])
def test_a_norm_after_attention_scales_what_is_sent(family: str) -> None:
    normed = shared(family, torch.float64)
    tokens = torch.arange(5)
    flow = layer_flow(normed, tokens, method="value_weighted", heads="mean", residual=0.5)
    seen = run(normed, tokens, get=["resid_pre.1", "attn_add.1", "v.1", "pattern.1", "attn_out.1"])
    shared_by = normed.n_heads // seen["v.1"].shape[2]
    heard = seen["pattern.1"][0, :, 1, 0, None] * seen["v.1"][0, 0].repeat_interleave(shared_by, 0)
    with torch.no_grad():
        written = normed.hf.get_submodule("model.layers.1.self_attn.o_proj")(heard.reshape(-1))
    # With its scale held, the norm multiplies each entry by one number.
    sent = written * seen["attn_add.1"][0, 1] / seen["attn_out.1"][0, 1]
    kept = seen["resid_pre.1"][0, 1] + seen["attn_add.1"][0, 1] - sent
    assert flow[1, 1, 0] / flow[1, 1, 1] == pytest.approx(float(sent.norm() / kept.norm()), rel=1e-4)


def test_a_model_without_heads_of_its_own_is_refused_for_vectors_alone() -> None:
    post_norm = shared("bert")
    flow = layer_flow(post_norm, torch.arange(5), method="attention", heads="mean", residual=0.5)
    np.testing.assert_allclose(flow.sum(-1), 1, atol=1e-6)
    with pytest.raises(BadInput, match="normalised after each addition"):
        layer_flow(post_norm, torch.arange(5), method="value_weighted", heads="mean", residual=0.5)
