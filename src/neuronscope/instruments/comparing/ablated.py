"""What does the answer lose when parts of the model are taken out, alone or together?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.components import Components, components
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.instruments.comparing.twins import scored
from neuronscope.instruments.metrics import LastMetric
from neuronscope.instruments.sweep import sweep
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg, effect_size, sign_flip_p
from neuronscope.models.model import Model
from neuronscope.models.sites import Site


@dataclass(frozen=True, eq=False)
class Ablated:
    """By how much each ablation moves the metric of each clean prompt, and what the metric was."""

    effect: Float[np.ndarray, "cell prompt"]
    base: Float[np.ndarray, " prompt"]


def ablated(
    model: Model,
    pairs: PromptPairs,
    cells: Sequence[Sequence[Site]],
    metric: str | LastMetric,
    *,
    ablation: str = "mean",
    reference: str = "prompts",
    seed: int = 0,
) -> Ablated:
    """Take out each set of parts alone, on every clean prompt, by one sweep.

    The reference runs once for all of them, and so does a set that comes twice. Raises `BadInput` as
    `ablations` does.
    """
    others = reference_prompts(model, reference, pairs, seed=seed)
    every = list(dict.fromkeys(site for cell in cells for site in cell))
    ops = ablations(model, every, others, ablation=ablation, seed=seed)
    different = {tuple(cell): number for number, cell in enumerate(dict.fromkeys(map(tuple, cells)))}
    done = [[ops[site] for site in cell] for cell in different]
    swept = sweep(model, list(pairs.clean), done, scored(pairs, metric))
    return Ablated(_plain(swept.effect)[[different[tuple(cell)] for cell in cells]], _plain(swept.base))


def judged(effect: Float[np.ndarray, "cell prompt"], *, seed: int = 0) -> dict[str, np.ndarray]:
    """Return what is known of the mean effect of each cell over prompts, all of them one family.

    ``effect``, ``low`` and ``high``: the mean with its 95 % bootstrap interval; ``p_alone`` by turning the
    signs of prompts, ``p`` corrected for the number of cells (Benjamini and Hochberg 1995); ``effect_size``
    in standard deviations of single prompts. Of one prompt, the effect alone.
    """
    if effect.shape[1] < 2:
        return {"effect": effect[:, 0]}
    interval, alone = mean_interval(effect, axis=1, seed=seed), sign_flip_p(effect, axis=1, seed=seed)
    return {
        "effect": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "p": benjamini_hochberg(alone),
        "p_alone": alone,
        "effect_size": np.nan_to_num(effect_size(effect, axis=1), posinf=np.nan, neginf=np.nan),
    }


def random_sets(model: Model, parts: Components, n: int, *, seed: int = 0) -> list[list[Site]]:
    """Return random sets of parts, in each layer as many and of the same sort as these.

    The given parts are drawn like any other: then a rank among the sets is a p-value however few parts a
    layer has, which it would not be among sets of the others alone. Outputs, which a layer has once, have no
    random sets.
    """
    if any(not whole.kind.unit for whole in parts.whole):
        return []
    rng = np.random.default_rng(seed)
    groups = [
        (components(model, f"{whole}.*"), sum(part.whole == whole for part in parts)) for whole in parts.whole
    ]
    return [
        [
            every[int(at)]
            for every, size in groups
            for at in np.sort(rng.choice(len(every), size=size, replace=False))
        ]
        for _ in range(n)
    ]


def _plain(values: Tensor) -> Any:
    return values.double().cpu().numpy()
