"""Were the hopes met? Sparsity, concentration, one direction, and accuracy that does without the rest."""

import numpy as np
import xarray as xr

from neuronscope.instruments.reporting.findings import (
    Finding,
    absent,
    between,
    judged,
    percent,
    signed,
    told,
)
from neuronscope.instruments.reporting.listed import Listed, Separation, median_interval

SPARSE, CONCENTRATED, DROP = 0.05, 0.8, 0.01
"""The limits: a neuron acts on fewer than 5 % of the prompts, three layers hold more than 80 % of the
variance, accuracy drops by less than 1 %."""

TOP_LAYERS = 3
_ABLATION = "ablation, a result of second_order_ablation"


def sparsity(found: Listed, ablation: xr.Dataset | None, *, n_resamples: int, seed: int) -> list[Finding]:
    """Return on how many prompts neurons act: by participation, nine tenths of Σe², the ablation curve."""
    n_neurons, lines = len(found.addresses), []
    said = {
        "participation": "a neuron takes part in {} of the prompts",
        "needed_share": "nine tenths of a neuron's squared effects are on {} of the prompts",
    }
    for measure, words in said.items():
        ends = median_interval(found.effect, measure, n_resamples=n_resamples, seed=seed)
        sentence = f"{words.format(percent(ends[0]))}{between(*ends[1:])}, the median of {n_neurons} neurons"
        name = f"sparsity by {measure.replace('_', ' ')}"
        lines.append(judged(name, sentence, ends, limit=SPARSE, below=True))
    return [*lines, _by_curve(ablation)]


def _by_curve(ablation: xr.Dataset | None) -> Finding:
    name = "sparsity by ablation"
    if ablation is None or "kept_accuracy_change" not in ablation:
        return absent(name, _ABLATION)
    share = ablation["kept_share"].values
    order = np.argsort(share)
    ends = []
    for ending in ("", "_high", "_low"):  # the best case needs least
        enough = ablation[f"kept_accuracy_change{ending}"].values[order] > -DROP
        # From the whole down, so that a lucky share below one that fails does not count.
        last = len(enough) - np.argmin(enough[::-1]) if not enough.all() else 0
        ends.append(float(share[order][min(last, len(enough) - 1)]))
    value, low, high = ends
    sentence = (
        f"accuracy stays within {percent(DROP)} while the longest {percent(value)} of the effects are kept"
        f"{between(low, high)}, of the shares tried"
    )
    return judged(name, sentence, (value, low, high), limit=SPARSE, below=True)


def concentration(effects: xr.Dataset, components: xr.Dataset | None) -> Finding:
    """Return the share of the variance of all effects that the three strongest layers hold."""
    name = "layer concentration"
    shares = layer_share(effects, components)
    strongest = np.argsort(-shares.values)[:TOP_LAYERS]
    low = high = np.nan
    value = float(shares.values[strongest].sum())
    if components is not None:
        at = int(strongest[-1])
        low, high = (float(components[f"stronger_share_{end}"][at]) for end in ("low", "high"))
    names = ", ".join(str(layer) for layer in sorted(shares["layer"].values[strongest].tolist()))
    sentence = (
        f"layers {names} of {len(shares)} hold {percent(value)} of the variance of all effects"
        f"{between(low, high)}"
    )
    return judged(name, sentence, (value, low, high), limit=CONCENTRATED, below=False)


def layer_share(effects: xr.Dataset, components: xr.Dataset | None) -> xr.DataArray:
    """Return each layer's share of the variance over prompts of the effects of all its neurons."""
    if components is not None:
        shares = components["layer_share"]
        return shares.assign_coords(layer=np.arange(len(shares)))
    by_layer = effects["variance"].sum("neuron")
    whole = float(by_layer.sum())
    return by_layer / whole if whole > 0 else by_layer * np.nan


def rank_one(components: xr.Dataset | None) -> Finding:
    """Return how much one direction explains of a neuron's longest effects, beside chance."""
    name = "share of one direction"
    if components is None:
        return absent(name, "components, a result of second_order_components")
    value = float(components["explained"].median())
    low, high = (float(components[f"explained_{end}"].median()) for end in ("low", "high"))
    n_neurons, beyond = components.sizes["item"], ""
    if "explained_null" in components:
        n_beyond = int((components["explained_p"] < 0.05).sum())
        chance = percent(float(components["explained_null"].median()))
        beyond = f", {chance} by chance; {n_beyond} of {n_neurons} neurons are above chance"
    sentence = f"One direction explains {percent(value)} of a neuron's longest effects, the median{beyond}."
    return told(name, sentence, (value, low, high))


def separates(found: Listed, parts: Separation | None) -> Finding:
    """Return how many neurons part right from wrong answers, and how well the best does."""
    name = "right from wrong answers"
    if parts is None:
        return absent(
            name, "effects or components of an evaluation with right and wrong answers, two of each"
        )
    n_telling = int((parts.p < 0.05).sum())
    best = int(np.nanargmax(np.abs(parts.auroc - 0.5)))
    sentence = (
        f"{n_telling} of {len(found.addresses)} neurons part right from wrong answers (p below 0.05, "
        f"corrected); farthest from even is {found.addresses[best]}, AUROC {parts.auroc[best]:.3f}, which is "
        "too kind, being the best of many."
    )
    return told(name, sentence, (parts.auroc[best], parts.low[best], parts.high[best]))


def accuracy(ablation: xr.Dataset | None) -> list[Finding]:
    """Return what accuracy loses without the effects, with the significant ones alone, and simplified.

    The first line has no limit: a small loss in the others says little where this one is small.
    """
    said = {
        "mean": ("no effects", "without any effect beyond its mean"),
        "without_insignificant": ("significant effects alone", "with significant effects alone"),
        "rank_one": ("one direction alone", "with one direction a neuron"),
        "text": ("words alone", "with the direction of each neuron's words"),
    }
    lines = []
    for way, (name, words) in said.items():
        if ablation is None or way not in ablation["way"].values:
            lines.append(absent(name, _ABLATION if way != "text" else f"{_ABLATION} with texts"))
            continue
        one = ablation.sel(way=way)
        change, low, high = (float(one[f"accuracy_change{end}"]) for end in ("", "_low", "_high"))
        ends = 0.0 - change, 0.0 - high, 0.0 - low
        sentence = f"{words} accuracy drops by {percent(ends[0])}{between(*ends[1:])}"
        whole = float(ablation["accuracy"].sel(way="original"))
        logits, least, most = (float(one[f"difference_change{end}"]) for end in ("", "_low", "_high"))
        more = (
            f"It is {percent(float(one['accuracy']))} instead of {percent(whole)}; the logit difference "
            f"changes by {signed(logits)} ({signed(least)} to {signed(most)})."
        )
        if way == "mean":
            lines.append(told(name, f"{sentence[0].upper()}{sentence[1:]}. {more}", ends))
        else:
            lines.append(judged(name, sentence, ends, limit=DROP, below=True, more=more))
    return lines


def background(evaluation: xr.Dataset | None, correctness: xr.Dataset | None) -> list[Finding]:
    """Return how often the model is right, and how well a direction of its last state tells that."""
    lines = [absent("accuracy of the model", "evaluation, a result of task_evaluation")]
    if evaluation is not None and "accuracy" in evaluation:
        one = evaluation["accuracy"][0]
        held = evaluation.get("accuracy_interval")
        low, high = (np.nan, np.nan) if held is None else (float(end) for end in held[0])
        sentence = (
            f"The model answers {percent(float(one))} of {evaluation.sizes['prompt']} prompts right"
            f"{between(low, high)}."
        )
        lines = [told("accuracy of the model", sentence, (float(one), low, high))]
    name = "direction of being right"
    if correctness is None or "auroc" not in correctness:
        return [*lines, absent(name, "correctness, a result of correctness_direction")]
    last = correctness.isel(depth=-1)
    ends = tuple(float(last[f"auroc{end}"]) for end in ("", "_low", "_high"))
    chance = f", p {float(last['p']):.3f}" if "p" in last else ""
    sentence = (
        f"A direction of the last state tells right from wrong answers on other prompts with an AUROC of "
        f"{ends[0]:.3f} ({ends[1]:.3f} to {ends[2]:.3f}{chance})."
    )
    return [*lines, told(name, sentence, (ends[0], ends[1], ends[2]))]
