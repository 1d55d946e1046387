"""Second-order effects: what does each neuron do to the answer through the attention heads after it?

A neuron writes to the stream, and every later head that looks at that place carries some of it on to the
answer. With patterns and norm scales held, this is exact, and known for all neurons at the price of a pass.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.tasks import Task
from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.second_order import TERMS, problems_of, reading_of
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.instruments.second_order.saliency import gradient_saliency
from neuronscope.instruments.second_order.totals import Listed, Totals, effect_totals, listed_effects
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import BadInput, Seed, TaskSplit
from neuronscope.words.neurons import ListedNeurons, RankResamples
from neuronscope.words.second_order import (
    AnswerReading,
    AnswerToken,
    EffectLayers,
    EffectOrder,
    EffectPositions,
    EffectSaliency,
    ProblemCount,
)

_EFFECT = "effect on the answer through later heads"


@analysis(kind="ranking", cites="gandelsman2024secondorder")
def second_order_effects(  # noqa: PLR0913 - on what, what is read, what is listed
    model: Model,
    evaluation: Result | None = None,
    direction: Result | None = None,
    *,
    task: Task | None = None,
    reading: AnswerReading = "difference",
    answer_token: AnswerToken = 0,
    n_prompts: ProblemCount = 0,
    layers: EffectLayers = (),
    top_k: ListedNeurons = 20,
    order: EffectOrder = "effect",
    saliency_share: EffectSaliency = 0.0,
    positions: EffectPositions = 8,
    n_resamples: RankResamples = 100,
    split: TaskSplit = "unseen",
    seed: Seed = 0,
) -> xr.Dataset:
    """Find what every neuron does to the answer through all later heads, patterns and norm scales held.

    Over rank, the neurons with the strongest effects: ``listed_effect``, the mean over prompts in units of
    the reading (logits, or those of ``direction``), with its interval over resamples of the prompts; ``p``,
    how often turning the signs of prompts gives so much, corrected over all neurons of all layers asked;
    ``strongest_layer`` and ``strongest_head``, the later head that carries most of it, and ``head_share``,
    how much; ``position_effect``, the tokens, counted from the end, that it comes from; ``prompt_effect`` is
    that of each prompt. Over layer and neuron, the same ``effect``, the ``magnitude``, its mean size,
    ``variance`` over prompts, ``first_order``, what it adds straight, and ``captured``, the share of what it
    adds along all ways through later heads that these two explain. ``head_effect`` is the effect by later
    head. ``term`` over item are the nine terms that sum to the reading, and ``remainder`` over prompt what
    they leave: rounding. ``layer_position_effect`` is that of a layer's neurons together.

    Prompts are those of ``evaluation`` or of a task, indirect-object by default. Raises `BadInput` for a
    model whose stream is no sum, such as one that normalises after each addition, and where no neuron is left
    to list.
    """
    problems = problems_of(
        model,
        evaluation=evaluation,
        task=task,
        n_prompts=n_prompts,
        answer_token=answer_token,
        split=split,
        seed=seed,
    )
    read = reading_of(model, problems, reading=reading, direction=direction)
    asked = _layers(model, layers)
    found = effect_totals(model, problems, read, n_positions=positions, n_resamples=n_resamples, seed=seed)
    neurons = _neurons(found, asked)
    saliency = gradient_saliency(model, problems)[asked] if saliency_share else None
    at, number = _listed(neurons, order, top_k, saliency, saliency_share)
    listed = listed_effects(model, problems, read, [asked[row] for row in at], number, n_positions=positions)
    n_last, units = listed.by_position.shape[1], "logits" if direction is None else "a.u."
    about = {"long_name": _EFFECT, "units": units, "n": len(problems), "n_unit": "prompts"}
    addresses = [f"mlp_act.{asked[row]}.{one}" for row, one in zip(at, number, strict=True)]
    result = label(
        {
            "layer": asked,
            "neuron": range(neurons["effect"].shape[1]),
            "item": list(TERMS),
            "position": range(-n_last, 0),
            "path_layer": ("path", [layer for layer, _ in found.paths]),
            "path_head": ("path", [head for _, head in found.paths]),
            "address": ("rank", addresses),
            "neuron_layer": ("rank", [asked[row] for row in at]),
            "neuron_number": ("rank", number),
            **_strongest_heads(found, [asked[row] for row in at], number),
        },
        **_of_list(neurons, at, number, asked, about),
        **_of_all(neurons, about),
        head_effect=("layer neuron path", found.by_path[asked] / len(problems), about),
        **({} if saliency is None else {"saliency": ("layer neuron", saliency, _SALIENT)}),
        **_of_prompts(found, listed, problems, about),
        layer_position_effect=("layer position", found.by_position[asked] / len(problems), about),
    ).assign_attrs(
        n=len(problems),
        n_unit="prompts",
        reading=reading if direction is None else "direction",
        answer_token=answer_token,
        order=order,
    )
    ranked = dict.fromkeys(("listed_effect", "p", "listed_captured", "position_effect"), "{address}")
    cells = dict.fromkeys(("effect", "magnitude", "variance", "first_order", "captured"), _CELL)
    return placed(result, **ranked, **cells)


_CELL = "mlp_act.{layer}.{neuron}"
_SALIENT = {"long_name": "mean |gradient × activation|", "units": "logits"}


def _layers(model: Model, layers: tuple[int, ...]) -> list[int]:
    n_layers = len(fixed(model).layers)
    wrong = next((layer for layer in layers if not 0 <= layer < n_layers), None)
    if wrong is not None:
        raise BadInput(f"layers names {wrong}, but {model.name} has layers 0 to {n_layers - 1}.")
    return sorted(set(layers)) or list(range(n_layers))


def _neurons(found: Totals, layers: list[int]) -> dict[str, np.ndarray]:
    """Return the means over prompts of each neuron of some layers, their intervals and their p."""
    n, drawn = found.n_prompts, found.drawn.sums["effect"][:, layers]
    mean = drawn / found.drawn.weights.sum(1)[:, None, None]
    ends = np.full((2, *mean.shape[1:]), np.nan)
    if n > 1:
        ends = np.quantile(mean[1:], [0.025, 0.975], axis=0)
    last = max((layer for layer, _ in found.paths), default=-1)
    after = np.array([layer < last for layer in layers])[:, None]
    return {
        "effect": mean[0],
        "effect_low": ends[0],
        "effect_high": ends[1],
        "magnitude": found.powers[1][layers] / n,
        "variance": np.maximum(found.powers[2][layers] / n - mean[0] ** 2, 0.0),
        "first_order": found.first_order[layers] / n,
        "every_order": found.every_order[layers] / n,
        "captured": found.captured[layers],
        "p": benjamini_hochberg(np.where(after, found.p[layers], np.nan)),
    }


def _listed(
    neurons: dict[str, np.ndarray], order: str, top_k: int, saliency: np.ndarray | None, share: float
) -> tuple[list[int], list[int]]:
    """Return the rows and numbers of the strongest neurons that a later head can carry."""
    size = np.where(np.isnan(neurons["p"]), np.nan, np.abs(neurons[order]))
    if saliency is not None:
        size = np.where(saliency >= share * np.nanmax(saliency), size, np.nan)
    places = np.argsort(-np.nan_to_num(size, nan=-1.0), axis=None, kind="stable")[:top_k]
    places = places[~np.isnan(size.ravel()[places])]
    if not len(places):
        raise BadInput(
            "No neuron is left to list: those of the layers asked are hidden or have no head after them; "
            "name other layers."
        )
    rows, numbers = np.unravel_index(places, size.shape)
    return rows.tolist(), numbers.tolist()


def _of_list(
    neurons: dict[str, np.ndarray],
    at: list[int],
    number: list[int],
    layers: list[int],
    about: dict[str, Any],
) -> dict[str, Any]:
    """Return what is told of each neuron of the list."""
    own = {name: values[at, number] for name, values in neurons.items()}
    captured = {"long_name": "share of all ways that first and second order explain", "units": "1"}
    return {
        "listed_effect": ("rank", own["effect"], about),
        "listed_effect_low": ("rank", own["effect_low"]),
        "listed_effect_high": ("rank", own["effect_high"]),
        "p": ("rank", own["p"], {"long_name": "p that its mean is 0, corrected over all neurons"}),
        "top_layer": ("rank", [layers[row] for row in at], {"long_name": "layer"}),
        "top_neuron": ("rank", number, {"long_name": "neuron"}),
        "listed_captured": ("rank", own["captured"], captured),
    }


def _strongest_heads(found: Totals, layers: list[int], neurons: list[int]) -> dict[str, Any]:
    """Return of each listed neuron the later head that carries most of its effect, and how much."""
    by_path = np.abs(found.by_path[layers, neurons])
    best, whole = np.nanargmax(by_path, axis=1), np.nansum(by_path, axis=1)
    most, heads = by_path[np.arange(len(best)), best], np.array(found.paths)[best]
    share = np.divide(most, whole, out=np.zeros_like(whole), where=whole > 0)
    return {
        "strongest_layer": ("rank", heads[:, 0]),
        "strongest_head": ("rank", heads[:, 1]),
        "head_share": ("rank", share, {"long_name": "that head's share of Σ |effect by head|", "units": "1"}),
    }


def _of_all(neurons: dict[str, np.ndarray], about: dict[str, Any]) -> dict[str, Any]:
    said = {
        "effect": _EFFECT,
        "magnitude": "mean |effect| through later heads",
        "variance": "variance of the effect over prompts",
        "first_order": "effect straight on the answer",
        "every_order": "effect along all ways through later heads",
    }
    found: dict[str, Any] = {
        name: ("layer neuron", neurons[name], {**about, "long_name": words}) for name, words in said.items()
    }
    found["variance"][2]["units"] = f"{about['units']}²"
    found["magnitude"][2]["signed"] = found["variance"][2]["signed"] = False
    captured = {"long_name": "share of all ways that first and second order explain", "units": "1"}
    ends = {name: ("layer neuron", neurons[name]) for name in ("effect_low", "effect_high")}
    return {**found, **ends, "captured": ("layer neuron", neurons["captured"], captured)}


def _of_prompts(found: Totals, listed: Listed, problems: Problems, about: dict[str, Any]) -> dict[str, Any]:
    """Return the terms with their intervals, what they leave of each prompt, and what is known of it."""
    term = mean_interval(found.terms)
    said = {**about, "long_name": "term of the reading"}
    left = found.totals - found.terms.sum(1)
    truth = {} if problems.correct is None else {"correct": ("prompt", problems.correct)}
    return {
        "term": ("item", term.estimate, said),
        "term_low": ("item", term.low),
        "term_high": ("item", term.high),
        "remainder": ("prompt", left, {**about, "long_name": "what nine terms leave of the reading"}),
        "total": ("prompt", found.totals, {**about, "long_name": "reading"}),
        "prompt_effect": ("prompt rank", listed.effect, about),
        "position_effect": ("rank position", listed.by_position, about),
        "clean": ("prompt", list(problems.texts), {"long_name": "prompt"}),
        **truth,
    }
