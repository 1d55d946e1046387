"""What are single neurons like? On how few prompts they act, and whether they part right from wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from scipy.stats import mannwhitneyu

from neuronscope.instruments.reporting.findings import signed
from neuronscope.maths.geometry.sparsity import needed_share, participation
from neuronscope.maths.separation import auroc, auroc_interval
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.words import BadInput


@dataclass(frozen=True, eq=False)
class Listed:
    """The effects of some neurons on each prompt, and who was right where that is known."""

    addresses: tuple[str, ...]
    effect: Float[np.ndarray, "neuron prompt"]
    correct: Bool[np.ndarray, " prompt"] | None
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Separation:
    """How far each neuron's effect parts right from wrong answers; p corrected over the neurons."""

    auroc: Float[np.ndarray, " neuron"]
    low: Float[np.ndarray, " neuron"]
    high: Float[np.ndarray, " neuron"]
    p: Float[np.ndarray, " neuron"]


def listed(effects: xr.Dataset, components: xr.Dataset | None) -> Listed:
    """Return the neurons that a report is about: those of the components, else the list of the effects.

    Raises `BadInput` where neither has the effects of single prompts.
    """
    axis, held = ("rank", effects) if components is None else ("item", components)
    if "prompt_effect" not in held or "address" not in held.coords:
        raise BadInput(
            "effects has no prompt_effect of listed neurons: give a result of second_order_effects."
            if components is None
            else "components has no prompt_effect: give a result of second_order_components."
        )
    known = held["correct"].values.astype(bool) if "correct" in held else None
    return Listed(
        addresses=tuple(str(address) for address in held["address"].values),
        effect=held["prompt_effect"].transpose(axis, "prompt").values.astype(float),
        correct=known,
        texts=tuple(str(text) for text in held["clean"].values),
    )


def spread(found: Listed) -> dict[str, Float[np.ndarray, " neuron"]]:
    """Return on what share of the prompts each neuron acts, by participation and by nine tenths of Σe²."""
    return {"participation": participation(found.effect), "needed_share": needed_share(found.effect)}


def median_interval(
    effect: Float[np.ndarray, "neuron prompt"], measure: str, *, n_resamples: int, seed: int
) -> tuple[float, float, float]:
    """Return the median over neurons of a measure of `spread`, and its ends over resamples of the prompts."""
    of = {"participation": participation, "needed_share": needed_share}[measure]
    rng, n_prompts = np.random.default_rng(seed), effect.shape[1]
    rows = (rng.integers(n_prompts, size=n_prompts) for _ in range(n_resamples))
    draws = np.array([_median(of(effect[:, row])) for row in rows])
    draws = draws[np.isfinite(draws)]  # a resample of silence says nothing
    low, high = np.quantile(draws, [0.025, 0.975]) if len(draws) else (np.nan, np.nan)
    return _median(of(effect)), float(low), float(high)


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def separation(found: Listed) -> Separation | None:
    """Return how far each neuron parts right from wrong answers, or None where there is nothing to part.

    p is that of Mann and Whitney's test, by its normal approximation, corrected over the neurons.
    """
    correct = found.correct
    if correct is None or min(correct.sum(), (~correct).sum()) < 2:
        return None
    ends = [auroc_interval(one, correct) for one in found.effect]
    p = mannwhitneyu(found.effect[:, correct], found.effect[:, ~correct], axis=1, method="asymptotic").pvalue
    return Separation(
        auroc(found.effect, correct),
        np.array([one.low for one in ends]),
        np.array([one.high for one in ends]),
        benjamini_hochberg(np.where(np.ptp(found.effect, axis=1) > 0, p, 1.0)),
    )


def case_of(
    number: int,
    found: Listed,
    parts: Separation | None,
    components: xr.Dataset | None,
    words: str,
    *,
    n_prompts: int,
) -> str:
    """Return a neuron in words: how large, how much one direction says, its words, its strongest prompts."""
    said = [f"{found.addresses[number]}: mean |effect| {np.abs(found.effect[number]).mean():.3g}"]
    if components is not None:
        one = components.isel(item=number)
        chance = f" ({float(one.explained_null):.2f} by chance)" if "explained_null" in one else ""
        said.append(f"one direction explains {float(one.explained):.2f} of its longest effects{chance}")
    if words:
        said.append(f"its words are {words}")
    if parts is not None:
        said.append(
            f"right from wrong answers AUROC {parts.auroc[number]:.2f} (p {_p(float(parts.p[number]))})"
        )
    off = found.effect[number] - found.effect[number].mean()
    rows = np.argsort(-np.abs(off), kind="stable")[:n_prompts]
    return "; ".join(said) + ". Farthest from its mean: " + _prompts(found, number, rows.tolist())


def _prompts(found: Listed, number: int, rows: Sequence[int]) -> str:
    outcome = "" if found.correct is None else ", {}"
    told = []
    for row in rows:
        right = outcome.format("right" if found.correct is not None and found.correct[row] else "wrong")
        told.append(f"“{found.texts[row]}” ({signed(float(found.effect[number, row]))}{right})")
    return " · ".join(told)


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"
