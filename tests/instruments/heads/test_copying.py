"""A head that copies raises what it looks at, and one that cannot be heard does nothing."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from neuronscope.instruments.heads.copying import copying, positive_eigenvalues, sampled
from neuronscope.instruments.heads.matrices import head_matrices
from neuronscope.instruments.heads.repeated import repeated_strings
from neuronscope.instruments.run import run
from neuronscope.models import Model, open_model
from tests.models.tiny import opened
from tools.training.handmade import LOUD


def output_rows(model: Model, *, layer: int, head: int) -> Tensor:
    network: Any = model.hf
    width = network.config.n_embd // network.config.n_head
    return network.transformer.h[layer].attn.c_proj.weight[head * width : (head + 1) * width]


def test_the_induction_head_by_hand_copies_and_its_decoy_does_not() -> None:
    model = open_model("builtin:handmade-induction")
    found = copying(model, repeated_strings(model)).own.mean(0)
    assert found[1, 0] == 1
    assert np.delete(found.ravel(), 4).tolist() == [0] * 7


def test_a_head_raises_what_its_written_weights_say_and_its_decoy_nothing() -> None:
    model = open_model("builtin:handmade-induction")
    raised = copying(model, repeated_strings(model)).raised.mean(0)
    assert raised[1, 0] == pytest.approx(LOUD * 11 / 12)  # of twelve letters, beyond their mean
    assert abs(np.delete(raised.ravel(), 4)).max() == 0


def test_a_head_that_writes_a_millionth_raises_a_millionth_from_the_same_place() -> None:
    model, silent = opened("gpt2", dtype=torch.float64), opened("gpt2", dtype=torch.float64)
    with torch.no_grad():
        output_rows(silent, layer=2, head=1).mul_(1e-6)
    strings = repeated_strings(model, n=4, longest_period=6)
    loud, faint = copying(model, strings), copying(silent, strings)
    np.testing.assert_allclose(faint.own[:, 2, 1], loud.own[:, 2, 1], atol=1e-6)
    share = faint.raised[:, 2, 1] / loud.raised[:, 2, 1]
    np.testing.assert_allclose(share, share[0], rtol=1e-9)
    assert 0.5e-6 < share[0] < 2e-6  # the scale of the last norm has changed as well


def test_what_is_raised_is_in_logits_of_the_model() -> None:
    model = opened("gpt2", dtype=torch.float64)
    strings = repeated_strings(model, n=1, longest_period=6)
    once = slice(strings.first, strings.first + int(strings.period[0]))
    seen = run(model, strings.tokens, get=["v.1", "final_norm"])
    network: Any = model.hf
    read_out = network.transformer.ln_f.weight * network.lm_head.weight[strings.tokens[0, once]]
    written = seen["v.1"][0, once, 2] @ output_rows(model, layer=1, head=2)
    effect = (written - written.mean(-1, keepdim=True)) @ read_out.T
    effect = effect - effect.mean(0)
    expected = (effect.diagonal() - effect.mean(1)) * (1 / seen["final_norm"]).mean()
    found = copying(model, strings).raised[:, 1, 2]
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-9)


def test_what_is_raised_counts_a_norm_behind_attention() -> None:
    model, louder = opened("gemma2", dtype=torch.float64), opened("gemma2", dtype=torch.float64)
    with torch.no_grad():
        louder.hf.get_submodule("model.layers.2.self_attn.o_proj").weight.mul_(8)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
    strings = repeated_strings(model, n=4, longest_period=6)
    here, there = copying(model, strings).raised[:, 2], copying(louder, strings).raised[:, 2]
    assert abs(here).max() > 1e-3
    np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-9)


def test_its_eigenvalues_say_the_same() -> None:
    model = open_model("builtin:handmade-induction")
    found = positive_eigenvalues(model, head_matrices(model), sampled(model, 12))
    assert found[1, 0] > 0.999
    assert abs(np.delete(found.ravel(), 4)).max() < 1e-6


def test_a_head_turned_about_suppresses_what_it_copied() -> None:
    model, turned = opened("gpt2", dtype=torch.float64), opened("gpt2", dtype=torch.float64)
    with torch.no_grad():
        block = turned.hf.get_submodule("transformer.h.2.attn.c_proj")
        block.weight.neg_()  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
    strings = repeated_strings(model, n=4, longest_period=6)
    here, there = copying(model, strings).own, copying(turned, strings).own
    np.testing.assert_allclose(here[:, 2], -there[:, 2], atol=1e-6)


def test_all_tokens_are_taken_where_there_are_few() -> None:
    model = open_model("builtin:handmade-induction")
    assert len(sampled(model, 100)) == 12
    assert len(sampled(model, 5)) == 5
