"""Second-order ablation: how much of what neurons do through later heads is needed for the right answer?

The effects of chosen neurons are taken out of the normalised stream, all of them or some, and the answers
counted again. What the means, thresholds and directions are was found on other prompts.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import Task
from neuronscope.instruments.second_order import paths, problems_of
from neuronscope.instruments.second_order.ablating import (
    Judged,
    Learned,
    answers,
    changes,
    held_out,
    last_streams,
    unit,
)
from neuronscope.instruments.second_order.chosen import Chosen
from neuronscope.maths.resampling import mean_interval, wilson_interval
from neuronscope.maths.significance import sign_flip_p
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, Seed, TaskSplit
from neuronscope.words.second_order import ProblemCount

_NEEDED = ("component", "threshold", "mean_strength", "norm_quantile", "neuron_layer", "neuron_number")
_SAID = {
    "accuracy": ("right first token likeliest", "share"),
    "preference": ("right first token beats wrong", "share"),
    "difference": ("right minus wrong first token", "logits"),
}


@analysis(kind="profile", cites="gandelsman2024secondorder")
def second_order_ablation(
    model: Model,
    components: Result,
    evaluation: Result | None = None,
    texts: Result | None = None,
    *,
    task: Task | None = None,
    n_prompts: ProblemCount = 0,
    split: TaskSplit = "unseen",
    seed: Seed = 1,
) -> xr.Dataset:
    """Count right answers while second-order effects are taken out in whole or in part.

    The neurons, their mean effects, thresholds and directions are those of ``components``, as is the token of
    the answer that is read; prompts that these were found on are left out. Over way come the ``original``
    answers; those without any effect beyond its mean (``mean``); ``without_significant`` effects, longer than
    the neuron's threshold, and ``without_insignificant`` ones; with the part of each effect along the
    neuron's component alone
    (``rank_one``); and, with ``texts``, along the direction that its words make (``text``). Each has its
    ``accuracy`` (the right first token is the likeliest), ``preference`` (it beats the wrong one) and
    ``difference`` of their logits, with 95 % intervals; their change from the original, paired by prompt,
    with interval and p; and the same ``thawed``: held, the scale of the last norm stays as it was and the
    change is exact; thawed, the norm is applied anew. Over quantile, ``kept_accuracy`` and
    ``kept_difference`` keep only the effects longer than that quantile of the neuron's training effects, and
    ``_null`` as many effects of each neuron at random, ``_p`` how seldom these do as well by prompt;
    ``kept_share`` is the share that is kept. Raises
    `BadInput` for results about another model, and where no other prompt is left.
    """
    learned, chosen = _learned(model, components, texts)
    drawn = problems_of(
        model,
        evaluation=evaluation,
        task=task,
        n_prompts=n_prompts,
        answer_token=int(components.attrs.get("answer_token", 0)),
        split=split,
        seed=seed,
    )
    problems = held_out(drawn, [str(text) for text in components["clean"].values])
    found = changes(model, problems, chosen, learned, seed=seed)
    streams = last_streams(model, problems)
    variables: dict[str, Any] = {}
    for thaw in (False, True):
        judged = [answers(model, problems, streams, change, thaw=thaw) for change in found.way.values()]
        for name in _SAID:
            variables |= _compared(name, [_measured(one, name) for one in judged], thaw=thaw)
    kept, random = (
        [answers(model, problems, streams, one, thaw=False) for one in change]
        for change in (found.kept, found.random)
    )
    for name in ("accuracy", "difference"):
        variables |= _curve(name, *([_measured(one, name) for one in judged] for judged in (kept, random)))
    quantiles = [*components["quantile"].values.tolist(), 0.0]
    result = label(
        {
            "way": list(found.way),
            "quantile": ("quantile", quantiles, {"long_name": "share of training effects left out"}),
        },
        **variables,
        kept_share=("quantile", found.share, {"long_name": "share of effects kept", "units": "1"}),
    )
    return result.assign_attrs(
        n=len(problems),
        n_unit="prompts",
        n_neurons=len(chosen),
        layers=sorted(set(chosen.layer.tolist())),
        significant_share=found.significant,
        meaning="the last norm's scale held; thawed_ has it applied anew",
    )


def _learned(model: Model, components: xr.Dataset, texts: xr.Dataset | None) -> tuple[Learned, Chosen]:
    missing = next((name for name in (*_NEEDED, "clean") if name not in components), None)
    if missing is not None:
        raise BadInput(f"components has no {missing}: give a result of second_order_components.")
    chosen = Chosen(components["neuron_layer"].values, components["neuron_number"].values)
    layer, number, width = int(chosen.layer.max()), int(chosen.number.max()), components.sizes["width"]
    if layer >= model.n_layers or number >= model.n_neurons or width != model.width:
        raise BadInput(
            f"components has width {width} and neurons up to {layer}.{number}, but {model.name} has width "
            f"{model.width}, {model.n_layers} layers and {model.n_neurons} neurons in each: give components "
            "of this model."
        )
    if len(paths(model, int(chosen.layer.min()))) != components.sizes["path"]:
        raise BadInput(f"components has other later heads than {model.name}: give components of this model.")
    kept = {name: torch.from_numpy(np.array(components[name].values, dtype=float)) for name in _NEEDED[:4]}
    level = torch.cat([kept["norm_quantile"], torch.full((len(chosen), 1), -1.0, dtype=torch.float64)], 1)
    words = None if texts is None else torch.from_numpy(unit(_texts_of(components, texts)))
    along = torch.from_numpy(unit(components["component"].values))
    return Learned(kept["mean_strength"], kept["threshold"], level, along, words), chosen


def _texts_of(components: xr.Dataset, texts: xr.Dataset) -> np.ndarray:
    """Return the direction of each neuron's words, in the order of the components."""
    if "reconstruction" not in texts or "address" not in texts.coords:
        raise BadInput("texts has no reconstruction of neurons: give a result of text_decomposition.")
    rows = {str(address): row for row, address in enumerate(texts["address"].values)}
    wanted = [str(address) for address in components["address"].values]
    lacking = [address for address in wanted if address not in rows]
    if lacking:
        raise BadInput(
            f"texts describes {len(wanted) - len(lacking)} of the {len(wanted)} neurons, not {lacking[0]}: "
            "give the decomposition of these components."
        )
    held = texts["reconstruction"].transpose("item", "width").values
    return held[[rows[address] for address in wanted]]


def _measured(judged: Judged, name: str) -> np.ndarray:
    values = {
        "accuracy": judged.right,
        "preference": judged.difference > 0,
        "difference": judged.difference,
    }
    return np.asarray(values[name], dtype=float)


def _compared(name: str, rows: list[np.ndarray], *, thaw: bool) -> dict[str, Any]:
    """Return a measure by way with its interval, and its change from the original, the first way."""
    values = np.stack(rows, 1)
    said, units = _SAID[name]
    own = f"thawed_{name}" if thaw else name
    about = {"long_name": said, "units": units, "signed": False}
    found = _means(own, values, "way", share=name != "difference")
    change = mean_interval(values - values[:, :1])
    found[own] = (*found[own], about)
    told = {"long_name": f"change, {said}", "units": units, "signed": True}
    return found | {
        f"{own}_change": ("way", change.estimate, told),
        f"{own}_change_low": ("way", change.low),
        f"{own}_change_high": ("way", change.high),
        f"{own}_change_p": ("way", sign_flip_p(values - values[:, :1]), {"long_name": "p of no change"}),
    }


def _curve(name: str, kept: list[np.ndarray], random: list[np.ndarray]) -> dict[str, Any]:
    """Return a measure by the quantile above which effects are kept, beside as many kept at random."""
    values, chance, (said, units) = np.stack(kept, 1), np.stack(random, 1), _SAID[name]
    own = f"kept_{name}"
    found = _means(own, values, "quantile", share=name == "accuracy")
    about = {"long_name": said, "units": units, "meaning": "dotted: as many effects kept at random"}
    found[own] = (*found[own], about)
    change = mean_interval(values - values[:, -1:])
    return found | {
        f"{own}_null": ("quantile", chance.mean(0), {"long_name": "as many kept at random"}),
        f"{own}_p": ("quantile", sign_flip_p(values - chance), {"long_name": "p of as many at random"}),
        f"{own}_change": ("quantile", change.estimate, {"long_name": "change from the original"}),
        f"{own}_change_low": ("quantile", change.low),
        f"{own}_change_high": ("quantile", change.high),
    }


def _means(name: str, values: np.ndarray, axis: str, *, share: bool) -> dict[str, Any]:
    if share:
        estimate = values.mean(0)
        low, high = wilson_interval(values.sum(0), np.full(values.shape[1], len(values)))
    else:
        estimate, low, high = mean_interval(values)
    return {name: (axis, estimate), f"{name}_low": (axis, low), f"{name}_high": (axis, high)}
