"""What does a linear map of a network hold, and are its numbers to be had?

Quantised weights are packed in a way of their own: the map works, but there are no numbers to multiply by.
"""

from typing import cast

from torch import Tensor, nn


def packed_because(linear: nn.Module) -> str:
    """Return why the weights of a linear map are no plain matrix of numbers, or nothing where they are."""
    weight = cast(Tensor, linear.weight)
    if type(weight) not in (Tensor, nn.Parameter):
        return f"its weights are packed as {type(weight).__name__}"
    if not weight.is_floating_point():
        return f"its weights are quantised to {str(weight.dtype).removeprefix('torch.')}"
    return "" if weight.dim() == 2 else f"its weights have {weight.dim()} axes"


def matrix(linear: nn.Module) -> Tensor:
    """Return the weights of a linear map as [input, output], whichever way its class keeps them."""
    weight = cast(Tensor, linear.weight)
    return weight if type(linear).__name__ == "Conv1D" else weight.T


def head_rows(output: nn.Module, heads: int) -> Tensor:
    """Return the output matrix of attention by head: [head, head_width, width]."""
    return matrix(output).unflatten(0, (heads, -1))


def n_inputs(linear: nn.Module) -> int:
    """Return how many numbers a linear map reads, however its weights are packed."""
    stated = getattr(linear, "in_features", None)
    if isinstance(stated, int):
        return stated
    return cast(Tensor, linear.weight).shape[0 if type(linear).__name__ == "Conv1D" else 1]
