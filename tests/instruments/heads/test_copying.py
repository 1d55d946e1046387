"""A head that copies raises what it looks at, and one that cannot be heard does nothing."""

import numpy as np
import torch

from neuronscope.instruments.heads.copying import copying, positive_eigenvalues, sampled
from neuronscope.instruments.heads.matrices import head_matrices
from neuronscope.instruments.heads.repeated import repeated_strings
from neuronscope.models import open_model
from tests.models.tiny import opened


def test_the_induction_head_by_hand_copies_and_its_decoy_does_not() -> None:
    model = open_model("builtin:handmade-induction")
    found = copying(model, repeated_strings(model)).own.mean(0)
    assert found[1, 0] == 1
    assert np.delete(found.ravel(), 4).tolist() == [0] * 7


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
