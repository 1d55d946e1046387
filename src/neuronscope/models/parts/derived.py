"""How is a value that no module holds worked out, from no more than the part that is asked for?"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from neuronscope.models.parts.taps import Tap


@dataclass(frozen=True)
class Derived:
    """What passes at the tap of a derived site, before anything is worked out from it.

    ``passing`` holds tensors [batch position ...]: all that a module gave where the tap shows the whole.
    """

    tap: Tap
    passing: tuple[Tensor, ...]

    @staticmethod
    def of(tap: Tap, passing: Any, rows: int) -> "Derived":
        """Return what passes, a tensor or all that a module gave, in a batch of so many rows."""
        if tap.side != "whole":
            return Derived(tap, (passing,))
        return Derived(tap, tuple(each.reshape(rows, -1, each.shape[-1]) for each in passing))

    @property
    def n_positions(self) -> int:
        """Return how many positions pass."""
        return self.passing[0].shape[1]

    def part(
        self, *, rows: slice = slice(None), positions: slice = slice(None), unit: int | None = None
    ) -> Tensor:
        """Return the value [batch position ...] for some rows and positions; a single unit loses its axis."""
        assert self.tap.derive is not None
        passing = tuple(each[rows, positions] for each in self.passing)
        if self.tap.side == "whole":
            value = self.tap.derive(passing, len(passing[0]))
        elif unit is not None and self.tap.one is not None:
            return self.tap.one(passing[0], unit)
        else:
            value = self.tap.derive(passing[0])
        return value if unit is None else value.select(2, unit)
