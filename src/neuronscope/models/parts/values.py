"""Which weights make the values of each head out of what attention reads?

Families keep them apart or in one matrix with queries and keys, in several orders. Shapes propose; the values
that were seen in a pass dispose.
"""

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from neuronscope.models.parts.matrices import matrix, packed_because
from neuronscope.models.parts.norms import alike
from neuronscope.models.parts.taps import Absence

APART, BLOCKS, BY_HEAD = "apart", "in blocks", "by head"


@dataclass(frozen=True)
class Values:
    """The linear map that holds the values of a layer, and in which order it holds them."""

    module: nn.Module
    layout: str
    key_heads: int
    head_width: int

    @property
    def rows(self) -> Tensor:
        """Return the weights [key_head, width, head_width]."""
        columns = self._of_values(matrix(self.module).T)
        return columns.transpose(-1, -2)

    @property
    def bias(self) -> Tensor | None:
        """Return the bias [key_head, head_width], or None."""
        bias = cast(Tensor | None, getattr(self.module, "bias", None))
        return None if bias is None else self._of_values(bias)

    def _of_values(self, outputs: Tensor) -> Tensor:
        heads, size = self.key_heads, self.head_width
        if self.layout == BY_HEAD:
            return outputs.unflatten(0, (heads, -1, size))[:, -1]
        return outputs[len(outputs) - heads * size :].unflatten(0, (heads, size))


def values_of(attention: nn.Module, read: Tensor, seen: Tensor, tolerance: float) -> Values | Absence:
    """Return the map that made the values [... key_head head_width] of what attention read [... width]."""
    heads, size = seen.shape[-2:]
    for module in attention.modules():
        weight = getattr(module, "weight", None)
        if not isinstance(weight, Tensor) or weight.dim() != 2 or packed_because(module):
            continue
        weights = matrix(module)
        if weights.shape[0] != read.shape[-1] or weights.shape[1] % size or weights.shape[1] < heads * size:
            continue
        whole = weights.shape[1] == heads * size
        for layout in (APART,) if whole else (BLOCKS, BY_HEAD):
            if layout == BY_HEAD and weights.shape[1] % (heads * size):
                continue
            found = Values(module, layout, heads, size)
            bias = found.bias
            made = read.flatten(0, -2) @ found.rows.permute(1, 0, 2).flatten(1)
            made = made.unflatten(-1, (heads, size)).reshape(seen.shape)
            if alike(made if bias is None else made + bias, seen, tolerance):
                return found
    return Absence("no linear map in its attention gives the values that its patterns average", "v")
