"""What does a norm, or a multiplier, do to a vector once the scale that it divides by is held?

It is linear then: a gain times the vector, centred first in a layer norm, over the scale, and a bias besides.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from neuronscope.models.parts.stacks import norm_scale


@dataclass(frozen=True)
class Held:
    """A norm with its scale held, or a plain factor where ``module`` is None.

    ``centred`` says that the mean is taken away first, ``from_one`` that the gain is kept as its difference
    from one.
    """

    module: nn.Module | None = None
    factor: float = 1.0
    centred: bool = False
    from_one: bool = False

    @property
    def gain(self) -> Tensor | None:
        """Return what each entry is multiplied by, None for one factor alone."""
        weight = cast(Tensor | None, getattr(self.module, "weight", None))
        return weight + 1 if self.from_one and weight is not None else weight

    @property
    def bias(self) -> Tensor | None:
        """Return what is added in the end, or None."""
        return cast(Tensor | None, getattr(self.module, "bias", None))

    def forth(self, vectors: Tensor) -> Tensor:
        """Return what becomes of vectors [... width] in the stream, before the division by the scale."""
        vectors = vectors - vectors.mean(-1, keepdim=True) if self.centred else vectors
        gain = self.gain
        return vectors * self.factor if gain is None else vectors * (gain.to(vectors.dtype) * self.factor)

    def back(self, directions: Tensor) -> Tensor:
        """Return directions [... width] of what comes out as directions of what goes in: the transpose."""
        gain = self.gain
        back = directions * (self.factor if gain is None else gain.to(directions.dtype) * self.factor)
        return back - back.mean(-1, keepdim=True) if self.centred else back

    def added(self, directions: Tensor) -> Tensor:
        """Return what the bias gives along directions [... width]."""
        bias = self.bias
        return (
            directions.new_zeros(directions.shape[:-1]) if bias is None else directions @ bias.to(directions)
        )

    def scale(self, stream: Tensor) -> Tensor:
        """Return what streams [... width] are divided by."""
        return stream.new_ones(stream.shape[:-1]) if self.module is None else norm_scale(self.module, stream)

    def __call__(self, stream: Tensor) -> Tensor:
        """Return what comes out for streams [... width], by these numbers."""
        out = self.forth(stream) / self.scale(stream)[..., None].to(stream.dtype)
        return out if self.bias is None else out + self.bias


def held(norm: nn.Module | None, stream: Tensor, after: Tensor, tolerance: float) -> Held | None:
    """Return the norm with its scale held, as it turned a stream into what came after; None where none fits.

    No norm at all is a factor.
    """
    if norm is None or isinstance(norm, nn.Identity):
        return factor(stream, after, tolerance)
    layer_norm = isinstance(norm, nn.LayerNorm)
    for from_one in (False, True):
        tried = Held(norm, centred=layer_norm, from_one=from_one)
        try:
            if alike(tried(stream), after, tolerance):
                return tried
        except RuntimeError:  # a gain of another shape
            return None
    return None


def factor(stream: Tensor, after: Tensor, tolerance: float) -> Held | None:
    """Return the number that a stream was multiplied by, or None where it was none."""
    if stream.shape != after.shape:
        return None
    if torch.equal(stream, after):
        return Held()
    square = float((stream.double() * stream.double()).sum())
    ratio = float((stream.double() * after.double()).sum()) / square if square else 0.0
    return Held(factor=ratio) if alike(stream * ratio, after, tolerance) else None


def alike(one: Tensor, other: Tensor, tolerance: float) -> bool:
    """Return whether two tensors differ by no more than this share of the largest entry."""
    if one.shape != other.shape:
        return False
    scale = float(other.abs().max())
    return bool((one.double() - other.double()).abs().max() <= tolerance * max(scale, 1e-30))
