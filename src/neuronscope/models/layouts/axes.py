"""How are the axes of a stored tensor named, sized and put in the order that a network wants?

A layout such as ``head width head_width -> (head head_width) width`` names the axes of the stored tensor on
the left and the order that is wanted on the right; axes in brackets are one axis of the tensor, the last of
them running fastest. A number stands for an axis of just that size.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from neuronscope.words import BadInput

_GROUP = re.compile(r"\(([^()]*)\)|(\S+)")
_AXIS = re.compile(r"[a-z][a-z_0-9]*|\d+")
Group = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """The axes of a stored tensor and the order in which they are wanted.

    Raises `BadInput` when the text is no such layout.

    >>> Layout("head width head_width -> (head head_width) width").stored
    (('head',), ('width',), ('head_width',))
    """

    text: str

    def __post_init__(self) -> None:
        sides = self.text.split("->")
        axes = [axis for side in sides for group in _groups(side) for axis in group]
        names = [[axis for group in _groups(side) for axis in group if not axis.isdigit()] for side in sides]
        if (
            len(sides) != 2
            or not all(_AXIS.fullmatch(axis) for axis in axes)
            or sorted(names[0]) != sorted(names[1])
            or len(set(names[0])) != len(names[0])
        ):
            raise BadInput(
                f"{self.text!r} is no layout: name the same axes twice, as 'width neuron -> neuron width'."
            )

    @cached_property
    def stored(self) -> tuple[Group, ...]:
        """Return the axes of the stored tensor, grouped as its shape is."""
        return _groups(self.text.split("->")[0])

    @cached_property
    def wanted(self) -> tuple[Group, ...]:
        """Return the axes of the tensor that the network wants."""
        return _groups(self.text.split("->")[1])

    def rearrange(self, tensor: Tensor, sizes: Mapping[str, int]) -> Tensor:
        """Return the stored tensor in the wanted order, its axes sized as given."""
        stored = [axis for group in self.stored for axis in group]
        wanted = [axis for group in self.wanted for axis in group if not axis.isdigit()]
        whole = tensor.reshape([sizes_of(axis, sizes) for axis in stored])
        named = [axis for axis in stored if not axis.isdigit()]
        bare = whole.reshape([sizes[axis] for axis in named])
        turned = bare.permute([named.index(axis) for axis in wanted])
        return turned.reshape([math.prod(sizes_of(axis, sizes) for axis in group) for group in self.wanted])


@dataclass(frozen=True)
class Shaped:
    """The shape of one stored tensor beside the layout that it should have."""

    name: str
    shape: Sequence[int]
    layout: Layout


def sizes_of(axis: str, sizes: Mapping[str, int]) -> int:
    """Return the size of an axis, or the number that stands in its place."""
    return int(axis) if axis.isdigit() else sizes[axis]


def bind(tensors: Sequence[Shaped], known: Mapping[str, int]) -> dict[str, int]:
    """Return the size of every axis that the tensors name, beginning from those known.

    Raises `BadInput` that names the tensor, its shape and what was expected, where a shape does not fit, and
    where nothing tells two axes apart.
    """
    sizes = dict(known)
    for tensor in tensors:
        if len(tensor.shape) != len(tensor.layout.stored):
            raise _misfit(tensor, sizes)
    waiting = [
        (tensor, group, size)
        for tensor in tensors
        for group, size in zip(tensor.layout.stored, tensor.shape, strict=True)
    ]
    while waiting:
        later = [place for place in waiting if not _settle(*place, sizes)]
        if len(later) == len(waiting):
            tensor, group, _ = later[0]
            unknown = " and ".join(axis for axis in group if not axis.isdigit() and axis not in sizes)
            raise BadInput(
                f"Nothing tells how big {unknown} of {tensor.name} are: state one of them in the facts."
            )
        waiting = later
    return sizes


def _settle(tensor: Shaped, group: Group, size: int, sizes: dict[str, int]) -> bool:
    """Learn the one unknown axis of a group; tell whether nothing of it is left unknown."""
    unknown = [axis for axis in group if not axis.isdigit() and axis not in sizes]
    rest = math.prod(sizes_of(axis, sizes) for axis in group if axis not in unknown)
    if len(unknown) > 1:
        return False
    if unknown and rest and size % rest == 0:
        sizes[unknown[0]] = size // rest
    elif unknown or rest != size:
        raise _misfit(tensor, sizes)
    return True


def _misfit(tensor: Shaped, sizes: Mapping[str, int]) -> BadInput:
    def told(group: Group) -> str:
        return " x ".join(axis if axis.isdigit() else f"{axis} {sizes.get(axis, '?')}" for axis in group)

    expected = ", ".join(told(group) for group in tensor.layout.stored)
    return BadInput(f"{tensor.name} has shape {list(tensor.shape)}, but [{expected}] was expected.")


def _groups(side: str) -> tuple[Group, ...]:
    return tuple(
        tuple(bracketed.split()) if bracketed else (bare,) for bracketed, bare in _GROUP.findall(side)
    )
