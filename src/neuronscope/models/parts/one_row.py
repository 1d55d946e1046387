"""How does one row go through a large matrix as fast as memory gives it? Each thread takes some outputs.

A text that is written token by token reads every weight for one row each time, and the libraries below torch
multiply one row in a single thread, which cannot keep the memory busy. Every output is the sum it was before.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from neuronscope.models.attention import ACTIVE, Taps
from neuronscope.models.parts.additions import replaced
from neuronscope.models.parts.matrices import matrix

_WORTH = 2**20
_TOGETHER = 64
_SINGLE_OR_DOUBLE = (torch.float32, torch.float64)


def share_rows(network: nn.Module, taps: Taps, stack: ExitStack) -> None:
    """Let all threads share each large matrix of a network in passes of these taps that have one row.

    Only plain maps on a CPU in single or double precision are touched; closing the stack gives them back.
    """
    for linear in _large(network):
        stack.enter_context(replaced(linear, _shared(linear.forward, linear, taps)))


def _large(network: nn.Module) -> Iterator[nn.Module]:
    for module in network.modules():
        if type(module) in (nn.Linear, Conv1D):
            weight = cast(Tensor, module.weight)
            plain = type(weight) is nn.Parameter and weight.device.type == "cpu"
            large = weight.numel() >= _WORTH and matrix(module).shape[1] >= 2 * _TOGETHER
            if plain and large and weight.dtype in _SINGLE_OR_DOUBLE:
                yield module


def _shared(own: Callable[..., Tensor], linear: nn.Module, taps: Taps) -> Callable[..., Tensor]:
    def forward(*args: Any, **kwargs: Any) -> Tensor:
        n = torch.get_num_threads()
        row = args[0] if len(args) == 1 and not kwargs else None
        one = isinstance(row, Tensor) and row.numel() == row.shape[-1]
        changed = torch.is_grad_enabled() or torch.is_autocast_enabled("cpu")
        if not one or n == 1 or changed or ACTIVE.get() is not taps:
            return own(*args, **kwargs)
        # Who counts the products of attention is not to count these.
        with torch._C.DisableTorchFunction():
            return by_threads(cast(Tensor, row), linear, n)

    return forward


def by_threads(row: Tensor, linear: nn.Module, n_threads: int) -> Tensor:
    """Return what a linear map makes of one row [*any input], so many threads at work on it.

    A thread takes 64 outputs or more, so that fewer threads work where there are many of them.
    """
    weights, bias = matrix(linear), cast("Tensor | None", linear.bias)
    n_inputs, n_outputs = weights.shape
    n_threads = min(n_threads, n_outputs // _TOGETHER)
    each = n_outputs // n_threads // _TOGETHER * _TOGETHER
    shared = each * n_threads
    rows = row.reshape(1, 1, n_inputs).expand(n_threads, 1, n_inputs)
    parts = weights[:, :shared].unflatten(1, (n_threads, each)).transpose(0, 1)
    if bias is None:
        found = torch.bmm(rows, parts).view(1, shared)
    else:
        found = torch.baddbmm(bias[:shared].view(n_threads, 1, each), rows, parts).view(1, shared)
    if shared < n_outputs:
        left = None if bias is None else bias[shared:]
        rest = nn.functional.linear(row.reshape(1, n_inputs), weights[:, shared:].T, left)
        found = torch.cat([found, rest], 1)
    return found.view(*row.shape[:-1], n_outputs)
