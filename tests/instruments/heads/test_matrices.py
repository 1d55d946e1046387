"""The matrices of heads do what the heads do, whatever the family keeps them in."""

import numpy as np
import pytest
import torch

from neuronscope.instruments import run
from neuronscope.instruments.heads.matrices import head_matrices
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens


def normalised(stream: torch.Tensor, *, centred: bool) -> torch.Tensor:
    """The stream over its own scale, centred first where the norms do so; epsilon is next to nothing."""
    off = stream - stream.mean(-1, keepdim=True) if centred else stream
    return off / off.square().mean(-1, keepdim=True).add(1e-5 if centred else 1e-6).sqrt()


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "llama", "qwen2", "gemma", "bloom"])
def test_values_differ_as_the_matrices_say(family: str) -> None:
    model = shared(family, torch.float64)
    found = head_matrices(model)
    sites = [f"{name}.{layer}" for name in ("resid_pre", "v") for layer in range(model.n_layers)]
    seen = run(model, some_tokens(), get=sites)
    for layer in range(model.n_layers):
        stream = normalised(seen[f"resid_pre.{layer}"], centred=found.centred)
        off = stream[0, 1] - stream[0, 0]
        values = seen[f"v.{layer}"][0, 1] - seen[f"v.{layer}"][0, 0]
        shared_by = model.n_heads // model.n_key_heads
        for head in range(model.n_heads):
            made = (off @ found.value[layer, head]).numpy()
            there = values[head // shared_by].numpy()
            np.testing.assert_allclose(made, there, atol=2e-4 * np.abs(there).max())


@pytest.mark.parametrize("family", ["gpt2", "llama", "granite"])
def test_heads_write_to_the_stream_as_the_matrices_say(family: str) -> None:
    model = shared(family, torch.float64)
    seen = run(model, some_tokens(), get=["z.1", "attn_add.1"])
    z = seen["z.1"][0, 2] - seen["z.1"][0, 3]
    written = torch.einsum("hd,hdw->w", z, head_matrices(model).output[1])
    added = seen["attn_add.1"][0, 2] - seen["attn_add.1"][0, 3]
    torch.testing.assert_close(written, added, atol=1e-8, rtol=1e-6)


def test_scores_of_the_first_position_are_those_of_queries_and_keys() -> None:
    model = shared("gpt2", torch.float64)
    found = head_matrices(model)
    assert found.query is not None
    assert found.key is not None
    seen = run(model, some_tokens(rows=3, length=1), get=["resid_pre.2", "q.2", "k.2"])
    stream = normalised(seen["resid_pre.2"], centred=True)[:, 0]
    for name, matrix in (("q", found.query), ("k", found.key)):
        made = (stream[0] - stream[1]) @ matrix[2, 1]
        there = seen[f"{name}.2"][0, 0, 1] - seen[f"{name}.2"][1, 0, 1]
        torch.testing.assert_close(made, there, atol=1e-4, rtol=1e-4)


def test_queries_that_pass_a_norm_of_their_own_have_no_matrix() -> None:
    found = head_matrices(shared("qwen3", torch.float64))
    assert found.query is None
    assert found.key is None
    assert found.value.shape[:2] == (3, 4)


def test_norms_behind_each_addition_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="normalised after each addition"):
        head_matrices(shared("bert"))
