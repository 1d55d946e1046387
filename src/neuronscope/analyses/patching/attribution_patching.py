"""Attribution patching: what would every patch do, guessed at the price of a single backward pass?

A patch moves a part of the model by some difference, and the gradient says how the answer follows small
moves. Their product is a first-order guess for all parts at once; some can be measured exactly beside it.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task
from neuronscope.instruments.comparing.patched import Patched, facts_of, normalised, what_to_patch
from neuronscope.instruments.comparing.twins import (
    NO_INFLUENCE,
    Direction,
    Twins,
    twin_pairs,
    twin_runs,
    ways,
)
from neuronscope.maths.ratio import ratio_interval
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import AnswerToken, LayerIndex, Metric, PairCorrupt, PairCount, PairPrompt, Seed
from neuronscope.words.patching import (
    CheckedCells,
    PatchDirection,
    PatchPositions,
    PatchSites,
)


@analysis(kind="grid", cites="nanda2023attribution")
def attribution_patching(  # noqa: PLR0913 - what is asked of, what is swapped, and what is measured
    model: Model,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    sites: PatchSites = "z",
    positions: PatchPositions = "usual",
    layer: LayerIndex = -1,
    direction: PatchDirection = "both",
    check: CheckedCells = 0,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Estimate what activation patching would measure, for every part at once, by gradients.

    Returns over direction, part and place the estimated ``effect``, on the scale where 1 is the clean
    prompt's own answer and 0 the corrupt prompt's, and the estimated ``change`` of the metric, mean over
    prompts: the difference of the part between both runs times the gradient of the metric in the run that
    the patch goes into (the corrupt one in ``denoise``, the clean one in ``noise``). ``null`` is what a
    part without influence gives; over a task ``low`` and ``high`` are the 95 % bootstrap interval over
    prompts. With ``check``, ``exact`` holds what sweeps measured of that many of the largest estimates and of
    as many others drawn at random in each direction, NaN elsewhere; the attributes give the correlation of
    exact and estimated changes and the largest disagreement.

    Parts, places and prompts are those of `activation_patching`. Raises `BadInput` as that does.
    (Nanda 2023; Kramár et al. 2024.)
    """
    pairs = twin_pairs(
        model,
        task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    patched = what_to_patch(model, pairs, sites, positions, layer)
    twins = twin_runs(model, pairs, metric, patched.parts.whole)
    both = ways(direction)
    change = torch.stack([twins.estimated(patched.parts, patched.places, way) for way in both])
    start = torch.stack([twins.unpatched(way) for way in both])[:, None, None]
    effect = ratio_interval(normalised(twins, change + start), twins.span.numpy(), seed=seed)
    name = metric.replace("_", " ") if isinstance(metric, str) else "metric"
    axes, scale = f"direction {patched.axes}", {"units": "1"}
    variables: dict[str, Any] = {
        "effect": (axes, patched.laid(effect.estimate), _named(f"estimated {name}") | scale),
        "change": (axes, patched.laid(change.mean(-1)), {"long_name": f"estimated change of the {name}"}),
        "null": ("direction", [NO_INFLUENCE[way] for way in both], {"long_name": "no influence"}),
    }
    if len(pairs) > 1:
        variables |= {end: (axes, patched.laid(getattr(effect, end))) for end in ("low", "high")}
    facts = facts_of(twins)
    if check:
        exact, said = _checked(twins, patched, change.mean(-1), both, check, seed)
        above = normalised(twins, exact).mean(0) / float(twins.span.mean())
        variables["exact"] = (axes, patched.laid(above), _named(f"exact {name}") | scale)
        facts |= said
    found = label({"direction": both, **patched.coords(model, pairs)}, **variables)
    return placed(found, effect=patched.site, change=patched.site, exact=patched.site).assign_attrs(facts)


def _named(what: str) -> dict[str, str]:
    return {"long_name": f"{what}: 1 = clean, 0 = corrupt"}


def _checked(
    twins: Twins, patched: Patched, change: torch.Tensor, both: list[Direction], check: int, seed: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the exact metric [direction component place prompt] of some cells, and how far they are off."""
    exact = np.full((*change.shape, len(twins.pairs)), np.nan)
    seen: list[tuple[float, float, str]] = []
    for number, way in enumerate(both):
        guess = change[number].flatten().numpy()
        order = np.argsort(-abs(guess), kind="stable")
        others = np.random.default_rng(seed).permutation(order[check:])[:check]
        chosen = [int(cell) for cell in (*order[:check], *others)]
        found = twins.patched([patched.cells[cell] for cell in chosen], way).numpy()
        exact[number].reshape(len(guess), -1)[chosen] = found
        moved = (found - twins.unpatched(way).numpy()).mean(-1)
        seen += [
            (float(guess[cell]), float(truth), f"{way} {patched.spelt(cell)}")
            for cell, truth in zip(chosen, moved, strict=True)
        ]
    guesses, truths = np.array([one[0] for one in seen]), np.array([one[1] for one in seen])
    worst = seen[int(np.argmax(abs(guesses - truths)))]
    said: dict[str, Any] = {
        "checked": len(seen),
        "largest_disagreement": f"{worst[2]}: estimated change {worst[0]:.4g}, exact {worst[1]:.4g}",
    }
    if len(seen) > 1 and guesses.std() > 0 and truths.std() > 0:
        said["correlation"] = float(np.corrcoef(guesses, truths)[0, 1])
    return exact, said
