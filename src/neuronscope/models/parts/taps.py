"""At which point of a network is a site tapped: a side of a module, a term of a sum, or not at all?"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Tap:
    """One side of one module.

    ``derive`` works a read-only value out of what passes there, each row and position by itself, and ``one``
    that of one unit.
    ``show`` gives the tensor, likewise given the rows, in the axes of the site; it is put back in its own.
    ``item`` picks from an output of several tensors. ``copied`` hands the model a copy, where it goes on to
    write into the tensor that passes.
    """

    module: nn.Module
    side: str
    derive: Callable[[Tensor], Tensor] | None = None
    show: Callable[[Tensor, int], Tensor] | None = None
    item: int | str = 0
    copied: bool = False
    one: Callable[[Tensor, int], Tensor] | None = None


@dataclass(frozen=True)
class Addition:
    """One operand (0 or 1) of one of the additions of streams that a block makes, or its outcome (2).

    ``call`` counts the additions of the block from 0; ``calls`` is how many there must be.
    """

    block: nn.Module
    call: int
    operand: int
    calls: int


@dataclass(frozen=True)
class Absence:
    """Why a model has no such site, and the site to ask for instead."""

    reason: str
    instead: str


Found = Tap | Addition | Absence | str
