"""How is a value that no module holds worked out, from no more than the part that is asked for?"""

from dataclasses import dataclass

from torch import Tensor

from neuronscope.models.parts.taps import Tap


@dataclass(frozen=True)
class Derived:
    """What passes at the tap of a derived site, [batch position ...], before anything is worked out of it."""

    tap: Tap
    passing: Tensor

    def part(
        self, *, rows: slice = slice(None), positions: slice = slice(None), unit: int | None = None
    ) -> Tensor:
        """Return the value [batch position ...] for some rows and positions; a single unit loses its axis."""
        passing = self.passing[rows, positions]
        if unit is not None and self.tap.one is not None:
            return self.tap.one(passing, unit)
        assert self.tap.derive is not None
        value = self.tap.derive(passing)
        return value if unit is None else value.select(2, unit)
