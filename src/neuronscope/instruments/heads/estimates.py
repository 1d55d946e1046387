"""How is an estimate by heads told? With its interval over prompts, and what chance would give."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from neuronscope.maths.matching import enough_for
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import sign_flip_p


def estimated(
    name: str,
    values: Float[ndarray, " prompt *axes"],
    attributes: dict[str, Any],
    *,
    axes: str = "layer head",
    null: Float[ndarray, "*axes"] | None = None,
    p: Float[ndarray, "*axes"] | None = None,
    first: bool = False,
) -> dict[str, tuple[Any, ...]]:
    """Return the mean over prompts with its 95 % interval, and ``null`` and ``p`` where they are given.

    The companions of the ``first`` variable are called low, high, null and p, those of others by its name.
    One prompt has no interval.
    """
    before = "" if first else f"{name}_"
    found: dict[str, tuple[Any, ...]] = {name: (axes, values.mean(0), attributes)}
    words = {"units": attributes.get("units", "1")}
    if len(values) > 1:
        ends = mean_interval(values)
        for end, numbers in (("low", ends.low), ("high", ends.high)):
            told = {"long_name": f"{end} end of the 95 % interval of {attributes['long_name']}", **words}
            found[f"{before}{end}"] = (axes, numbers, told)
    if null is not None:
        found[f"{before}null"] = (axes, null, {"long_name": f"{attributes['long_name']} by chance", **words})
    if p is not None:
        found[f"{before}p"] = (
            axes,
            p,
            {"long_name": f"p of {attributes['long_name']}, corrected", "units": "1"},
        )
    return found


def one_sided_p(differences: Float[ndarray, " prompt *axes"], *, seed: int = 0) -> Float[ndarray, "*axes"]:
    """Return the p of a mean above 0 over prompts, by flipping signs."""
    both = np.asarray(sign_flip_p(differences, n_resamples=enough_for(differences[0].size), seed=seed))
    return np.where(differences.mean(0) > 0, both / 2, 1 - both / 2)
