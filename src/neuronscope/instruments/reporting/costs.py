"""What did a chain of answers take? Seconds, memory and the largest tables, from what is stamped on each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from neuronscope.results.provenance import stamped


@dataclass(frozen=True)
class Cost:
    """What one answer took; NaN where it is not stamped with it."""

    name: str
    seconds: float
    peak_memory_mb: float
    size_mb: float
    largest: str


def costs(given: Mapping[str, xr.Dataset | None]) -> list[Cost]:
    """Return what each answer that is there took to make, and how large it is."""
    found = []
    for subject, result in given.items():
        if result is None:
            continue
        facts = stamped(result)
        sizes = {name: variable.nbytes for name, variable in result.variables.items()}
        widest = max(sizes, key=lambda name: sizes[name])
        shape = " × ".join(f"{size} {axis}" for axis, size in result[widest].sizes.items())
        found.append(
            Cost(
                name=str(facts.get("analysis", subject)),
                seconds=_number(facts.get("seconds")),
                peak_memory_mb=_number(facts.get("peak_memory_mb")),
                size_mb=result.nbytes / 1e6,
                largest=f"{widest}: {shape}",
            )
        )
    return found


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
