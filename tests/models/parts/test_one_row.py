"""One row goes through a large matrix as before, whoever works out which outputs."""

from contextlib import ExitStack

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from neuronscope.models.attention import ACTIVE, Taps
from neuronscope.models.parts import one_row
from neuronscope.models.parts.one_row import by_threads, share_rows

EXACT = {torch.float32: 1e-5, torch.float64: 1e-13}


def linear(n_inputs: int, n_outputs: int, *, bias: bool = True) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(n_inputs, n_outputs, bias=bias)


def conv(n_inputs: int, n_outputs: int) -> Conv1D:
    torch.manual_seed(0)
    made = Conv1D(n_outputs, n_inputs)
    nn.init.normal_(made.bias)
    return made


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "map_", [linear(48, 1000), linear(48, 1001, bias=False), linear(7, 512), conv(48, 777)]
)
def test_every_output_is_the_same_sum(map_: nn.Module, dtype: torch.dtype, n_threads: int) -> None:
    map_ = map_.to(dtype)
    n_inputs = one_row.matrix(map_).shape[0]
    for shape in [(n_inputs,), (1, n_inputs), (1, 1, n_inputs)]:
        row = torch.randn(shape, dtype=dtype)
        with torch.no_grad():
            found, own = by_threads(row, map_, n_threads), map_(row)
        assert found.shape == own.shape
        torch.testing.assert_close(found, own, rtol=0, atol=EXACT[dtype])


def test_only_large_plain_maps_share_and_only_in_passes_of_these_taps_with_one_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared: list[torch.Size] = []

    def seen(row: torch.Tensor, map_: nn.Module, n_threads: int) -> torch.Tensor:
        shared.append(row.shape)
        return by_threads(row, map_, n_threads)

    monkeypatch.setattr(one_row, "by_threads", seen)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    large, small, narrow = linear(1024, 1024), linear(1024, 8), linear(2**15, 32)
    network, taps = nn.Sequential(large, small), Taps({}, {})
    assert list(one_row._large(nn.Sequential(network, narrow))) == [large]
    row, rows = torch.randn(1, 1, 1024), torch.randn(1, 2, 1024)
    with torch.no_grad(), ExitStack() as stack:
        own = network(row)
        share_rows(network, taps, stack)
        assert torch.equal(network(row), own)
        assert not shared
        outer = ACTIVE.set(taps)
        try:
            network(rows)
            assert not shared
            torch.testing.assert_close(network(row), own, rtol=0, atol=1e-5)
            assert shared == [row.shape]
            with torch.enable_grad():
                assert network(row).requires_grad
            assert len(shared) == 1
        finally:
            ACTIVE.reset(outer)
    assert "forward" not in large.__dict__
