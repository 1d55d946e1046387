"""A norm whose scale is held is linear, and the numbers found for it are those that it goes by."""

import pytest
import torch
from torch import nn
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from neuronscope.models.parts.norms import Held, alike, factor, held

WIDTH = 12
NORMS = [nn.LayerNorm, LlamaRMSNorm, GemmaRMSNorm, nn.RMSNorm]


def drawn(kind: type[nn.Module]) -> nn.Module:
    """Make a norm of a kind with random gain and bias."""
    torch.manual_seed(0)
    norm = kind(WIDTH).double().requires_grad_(False)
    for weight in norm.parameters():
        weight.add_(torch.randn_like(weight))
    return norm


@pytest.mark.parametrize("kind", NORMS)
def test_the_norm_is_found_again_from_what_it_did(kind: type[nn.Module]) -> None:
    norm, stream = drawn(kind), torch.randn(3, 5, WIDTH).double()
    found = held(norm, stream, norm(stream), 1e-6)
    assert found is not None
    torch.testing.assert_close(found(stream), norm(stream), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", NORMS)
def test_back_is_the_transpose_of_forth(kind: type[nn.Module]) -> None:
    norm, (vector, direction) = drawn(kind), torch.randn(2, WIDTH).double()
    found = held(norm, vector[None], norm(vector[None]), 1e-6)
    assert found is not None
    there, back = found.forth(vector) @ direction, vector @ found.back(direction)
    torch.testing.assert_close(there, back, rtol=0, atol=1e-12)


def test_no_norm_is_a_factor_and_a_factor_is_found() -> None:
    stream = torch.randn(4, WIDTH).double()
    assert held(None, stream, stream, 1e-9) == Held()
    found = factor(stream, 0.3 * stream, 1e-9)
    assert found is not None
    assert found.factor == pytest.approx(0.3)
    assert factor(stream, stream.tanh(), 1e-9) is None


def test_what_is_no_norm_fits_none() -> None:
    stream = torch.randn(4, WIDTH).double()
    assert held(drawn(nn.LayerNorm), stream, stream, 1e-6) is None
    assert not alike(stream, stream[:1], 1.0)
