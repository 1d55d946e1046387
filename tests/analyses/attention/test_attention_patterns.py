"""Attention patterns, held to closed forms."""

import math
from collections.abc import Callable

import numpy as np
import torch

from neuronscope import attention_patterns
from neuronscope.models import Model
from tests.analyses.conftest import native

PROMPT = "abc abc"


def test_every_row_of_keys_sums_to_one(model: Model, rounding: float) -> None:
    found = attention_patterns(model, PROMPT)
    np.testing.assert_allclose(found.pattern.sum("key").values, 1, rtol=0, atol=rounding)


def test_no_token_looks_ahead(model: Model) -> None:
    pattern = attention_patterns(model, PROMPT).pattern.values
    ahead = np.triu(np.ones(pattern.shape[-2:], dtype=bool), k=1)
    assert (pattern[..., ahead] == 0).all()


def test_heads_without_queries_attend_evenly(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_attn.weight[:, : model.width] = 0
            block.attn.c_attn.bias[: model.width] = 0
    found = attention_patterns(model, PROMPT)
    for query in range(len(PROMPT)):
        np.testing.assert_allclose(found.pattern.values[..., query, : query + 1], 1 / (query + 1), atol=1e-12)
        np.testing.assert_allclose(found.entropy.values[..., query], math.log(query + 1), atol=1e-12)


def test_a_head_wired_to_the_previous_token_is_seen_there(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    network = native(model).transformer
    width = model.head_width
    with torch.no_grad():
        # The stream is a code of the position alone; head 0 of layer 0 asks for the code before its own.
        network.wte.weight.zero_()
        network.wpe.weight.zero_()
        codes = torch.eye(width, dtype=torch.float64)
        network.wpe.weight[:width, :width] = codes
        block = network.h[0]
        block.ln_1.weight.fill_(1)
        block.ln_1.bias.zero_()
        block.attn.c_attn.weight.zero_()
        block.attn.c_attn.bias.zero_()
        block.attn.c_attn.weight[:width, :width] = 100 * codes.roll(-1, dims=1)
        block.attn.c_attn.weight[:width, model.width : model.width + width] = 100 * codes
    pattern = attention_patterns(model, PROMPT).pattern.sel(layer=0, head=0).values
    for query in range(1, len(PROMPT)):
        assert pattern[query, query - 1] > 0.999


def test_both_axes_carry_the_tokens(model: Model) -> None:
    found = attention_patterns(model, PROMPT)
    assert "".join(found.query_token.values) == PROMPT
    assert "".join(found.key_token.values) == PROMPT
