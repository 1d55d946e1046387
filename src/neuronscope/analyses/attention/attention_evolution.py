"""Attention evolution: how do the heads change over training, and when do induction heads form?"""

from typing import Any

import numpy as np
import xarray as xr
from numpy import ndarray

from neuronscope.contract import analysis
from neuronscope.instruments.heads.estimates import one_sided_p
from neuronscope.instruments.heads.reading import Patterns, attending_layers, measured_heads
from neuronscope.instruments.heads.repeated import RepeatedStrings, repeated_loss, repeated_strings
from neuronscope.instruments.heads.scores import repeat_scores
from neuronscope.maths.attention_measures import head_measures
from neuronscope.maths.formation import sharpest_rise
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.models.checkpoints import Checkpoints
from neuronscope.results import label, track
from neuronscope.words import BadInput, Seed
from neuronscope.words.attention import LongestPeriod, StringCount

MEASURED = {
    "induction": ("induction score", "1"),
    "previous_token": ("attention to the token before", "1"),
    "normalised_entropy": ("normalised entropy: 1 = even attention, 0 = one key", "1"),
    "distance": ("distance of query and key", "tokens"),
    "first": ("attention to the first token", "1"),
}


@analysis(kind="grid", cites="olsson2022context")
def attention_evolution(
    checkpoints: Checkpoints,
    *,
    n_strings: StringCount = 12,
    longest_period: LongestPeriod = 12,
    seed: Seed = 0,
) -> xr.Dataset:
    """Follow every head through training, on the same repeated strings of random tokens at each kept step.

    Returns over site (the heads, as z.LAYER.HEAD) and step, each with its 95 % interval over strings:
    ``induction``, the attention to what followed the present token in earlier rounds; ``previous_token``;
    ``normalised_entropy``; ``distance`` in tokens; the attention to the ``first`` token. Over layer and
    step the means of its heads, as ``layer_induction`` and so on; over step the ``repeated_loss`` in nats
    on tokens that could be known. Over site the doubling of training in which induction rose most
    (``rise_from``, ``rise_to``), how much it rose there (``rise``), an interval of its middle over strings,
    and ``rise_p``, whether induction is higher at the end than at the start (Benjamini–Hochberg over
    heads).

    Raises ``BadInput`` where heads or layers differ between steps, and for models that cannot repeat a
    string.
    """
    curves: dict[str, list[ndarray]] = {}
    losses, layers, n_heads = [], [], 0
    for step, model in track(checkpoints, "steps"):
        now = attending_layers(model)
        if layers and (now, model.n_heads) != (layers, n_heads):
            raise BadInput(
                f"{checkpoints.name} changes its layers or heads at step {step}: choose one training."
            )
        layers, n_heads = now, model.n_heads
        strings = repeated_strings(model, n=n_strings, longest_period=longest_period, seed=seed)
        for name, values in _measured(model, strings).items():
            curves.setdefault(name, []).append(values)
        losses.append(repeated_loss(model, strings))
    steps = np.array(checkpoints.steps)
    stacked = {name: np.stack(values, axis=1) for name, values in curves.items()}
    loss = mean_interval(np.stack(losses, axis=1))
    induction = stacked["induction"].reshape(n_strings, len(steps), -1)
    rise = sharpest_rise(induction, steps, seed=seed)
    p = benjamini_hochberg(one_sided_p(induction[:, -1] - induction[:, 0], seed=seed))
    found = label(
        {
            "site": [f"z.{layer}.{head}" for layer in layers for head in range(n_heads)],
            "step": steps,
            "layer": layers,
        },
        **_curves(stacked),
        repeated_loss=("step", loss.estimate, {"long_name": "loss on repeated tokens", "units": "nats"}),
        repeated_loss_low=("step", loss.low),
        repeated_loss_high=("step", loss.high),
        rise_from=("site", rise.start, {"long_name": "start of the doubling in which induction rose most"}),
        rise_to=("site", rise.stop, {"long_name": "its end", "units": "step"}),
        rise=("site", rise.size, {"long_name": "rise of the induction score there", "units": "1"}),
        rise_middle_low=(
            "site",
            rise.low,
            {"long_name": "low end for its middle", "units": "step"},
        ),
        rise_middle_high=(
            "site",
            rise.high,
            {"long_name": "high end for its middle", "units": "step"},
        ),
        rise_p=("site", p, {"long_name": "p of a rise from first to last step, corrected", "units": "1"}),
    )
    return found.assign_attrs(n=n_strings, n_unit="strings")


def _measured(model: Model, strings: RepeatedStrings) -> dict[str, ndarray]:
    """Return the measures of one step by name: [string layer head]."""

    def measure(part: Patterns) -> dict[str, ndarray]:
        found = head_measures(part.pattern, part.visible[:, None, None])
        return {name: found[name] for name in ("normalised_entropy", "distance", "first")}

    scores = repeat_scores(model, strings)
    own = np.arange(len(strings))
    return {
        "induction": scores.induction[own, own],
        "previous_token": scores.previous,
        **measured_heads(model, strings.prompts, measure),
    }


def _curves(stacked: dict[str, ndarray]) -> dict[str, Any]:
    """Return each measure by head and by layer, from values [string step layer head]."""
    found: dict[str, Any] = {}
    for name, (long_name, units) in MEASURED.items():
        values = stacked[name]
        by_head = values.reshape(*values.shape[:2], -1)
        ends = mean_interval(by_head.swapaxes(1, 2))
        words = {"long_name": long_name, "units": units, "signed": False}
        before = "" if name == "induction" else f"{name}_"
        found |= {
            name: ("site step", ends.estimate, words),
            f"{before}low": ("site step", ends.low, {"units": units}),
            f"{before}high": ("site step", ends.high, {"units": units}),
        }
        layer = values.mean(-1).mean(0).T
        found[f"layer_{name}"] = (
            "layer step",
            layer,
            {**words, "long_name": f"{long_name}, mean over heads"},
        )
    return found
