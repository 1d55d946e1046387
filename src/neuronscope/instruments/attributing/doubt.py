"""How sure are scores that were taken on some prompts, all of one family of questions?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg, effect_size, sign_flip_p


@dataclass(frozen=True)
class Doubt:
    """Means over prompts with all that speaks for and against them; arrays have the shape of the means.

    ``p`` is corrected for the number of all the means together (Benjamini and Hochberg 1995), ``raw_p`` is
    not; ``size`` is the mean in standard deviations of single prompts.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    raw_p: np.ndarray
    size: np.ndarray

    def variables(
        self, name: str, axes: str, *, at: Any = ..., **attributes: Any
    ) -> dict[str, tuple[Any, ...]]:
        """Return the variables of a result, the means called ``name``, with their companions.

        ``at`` picks some of the means along axes of their own, which then are not one family any more: the
        corrected p stays that of the whole.
        """
        title = attributes.get("long_name", name.replace("_", " "))
        unit = {word: attributes[word] for word in ("units",) if word in attributes}
        return {
            name: (axes, self.mean[at], attributes),
            f"{name}_low": (axes, self.low[at], {"long_name": f"{title}, low end", **unit}),
            f"{name}_high": (axes, self.high[at], {"long_name": f"{title}, high end", **unit}),
            f"{name}_p": (axes, self.p[at], {"long_name": "p, corrected (Benjamini-Hochberg)"}),
            f"{name}_raw_p": (axes, self.raw_p[at], {"long_name": "p, uncorrected (sign flips of prompts)"}),
            f"{name}_effect_size": (
                axes,
                self.size[at],
                {"long_name": "effect size (Cohen's d)", "units": "1"},
            ),
        }


def doubted(values: Any, *, seed: int = 0) -> Doubt:
    """Return the means over prompts, the first axis, each with interval, p and size of effect.

    Intervals are BCa bootstraps of 95 % by the prompt, p-values two-sided sign flips of whole prompts. NaN
    stays NaN. Of one prompt alone, all but the mean is NaN.
    """
    rows = np.asarray(values, dtype=float)
    interval = mean_interval(rows, seed=seed)
    if len(rows) < 2:
        nothing = np.full(rows.shape[1:], np.nan)
        return Doubt(interval.estimate, interval.low, interval.high, nothing, nothing, nothing)
    raw = np.asarray(sign_flip_p(rows, seed=seed))
    return Doubt(
        interval.estimate, interval.low, interval.high, benjamini_hochberg(raw), raw, effect_size(rows)
    )
