"""Which neurons are edited, and which prompts were not looked at when they were chosen?"""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Float

from neuronscope.data.tasks import Task
from neuronscope.data.tasks.pair import Split
from neuronscope.instruments.comparing.components import listed
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.meaning.weights import named_neurons
from neuronscope.instruments.second_order.effects import neuron_effects
from neuronscope.instruments.second_order.passes import held_passes
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.instruments.second_order.reading import reading_of
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Side = Literal["towards", "against", "both"]


def chosen_neurons(
    model: Model,
    effects: xr.Dataset | None,
    *,
    names: str,
    own: PromptPairs | None = None,
    n: int,
    side: Side = "both",
) -> list[Site]:
    """Return the named neurons, or the ``n`` of largest effect in a result or on prompts of a task.

    A result has an ``effect`` over layer and neuron (or another such variable), or lists addresses over rank
    or item, which are taken as they come. ``towards`` takes the highest effects, ``against`` the lowest,
    ``both`` the largest of either sign. ``own`` are the prompts on which second-order effects on the answer
    are measured where there is no result. Raises `BadInput` for a result that lists none or is about another
    model, and where no neuron pushes that way.
    """
    if names:
        return list(named_neurons(model, names))
    if effects is None:
        assert own is not None
        return _best(mean_effects(model, problems_in(own)), range(model.n_layers), n, side)
    found = _by_neuron(effects)
    if found is None:
        return _listed(model, effects, n)
    layers = np.asarray(found["layer"].values if "layer" in found.coords else range(found.sizes["layer"]))
    if found.sizes["neuron"] != model.n_neurons or not set(layers.tolist()) <= set(range(model.n_layers)):
        raise BadInput(
            f"effects has {found.sizes['neuron']} neurons in layers {layers.tolist()}, but {model.name} has "
            f"{model.n_neurons} in layers 0 to {model.n_layers - 1}: give a result about this model."
        )
    return _best(found.values.astype(float), layers.tolist(), n, side)


def mean_effects(model: Model, problems: Problems) -> Float[np.ndarray, "layer neuron"]:
    """Return the mean second-order effect of every neuron on right minus wrong answer, in logits."""
    total = np.zeros((model.n_layers, model.n_neurons))
    for rows, seen in held_passes(model, problems):
        reading = reading_of(model, problems[rows], reading="difference", direction=None)
        total += neuron_effects(seen, reading).double().sum(0).cpu().numpy()
    return total / len(problems)


def problems_in(pairs: PromptPairs) -> Problems:
    """Return prompts with their answers as problems, whose outcome nobody has looked at."""
    return Problems(
        prompts=pairs.clean,
        target=pairs.target,
        distractor=pairs.distractor,
        texts=pairs.texts,
        answers=tuple(pair.answer for pair in pairs.pairs),
        wrong=tuple(pair.distractor for pair in pairs.pairs),
        templates=tuple(pair.template for pair in pairs.pairs),
    )


def texts_in(effects: xr.Dataset | None) -> frozenset[str]:
    """Return the prompts that a result was made on, where it says them."""
    if effects is None or "clean" not in effects or effects["clean"].dtype.kind not in "UOT":
        return frozenset()
    return frozenset(map(str, effects["clean"].values.ravel()))


def fresh_pairs(
    model: Model, task: Task, n: int, *, seen: Collection[str], split: Split, seed: int
) -> PromptPairs:
    """Return ``n`` pairs of a task whose prompts are not among those seen; raises `BadInput` for too few."""
    asked = n
    while True:
        drawn = prompt_pairs(model, task, n_prompts=asked, seed=seed, split=split)
        rows = [row for row, text in enumerate(drawn.texts) if text not in seen][:n]
        if len(rows) == n:
            return picked(drawn, rows)
        asked += max(n - len(rows), asked - n)


def picked(pairs: PromptPairs, rows: Collection[int]) -> PromptPairs:
    """Return some of the prompts, in this order, with all that belongs to them."""
    kept = list(rows)
    several = ("clean", "corrupt", "spans", "texts", "pairs")
    words = {
        name: tuple(getattr(pairs, name)[row] for row in kept) for name in several if getattr(pairs, name)
    }
    return replace(pairs, **words, target=pairs.target[kept], distractor=pairs.distractor[kept])


def _by_neuron(effects: xr.Dataset) -> xr.DataArray | None:
    """Return the effect over layer and neuron, or the first other number over these axes."""
    fitting = [
        str(name)
        for name, one in effects.data_vars.items()
        if set(one.dims) == {"layer", "neuron"} and one.dtype.kind in "biuf"
    ]
    if not fitting:
        return None
    return effects["effect" if "effect" in fitting else fitting[0]].transpose("layer", "neuron")


def _listed(model: Model, effects: xr.Dataset, n: int) -> list[Site]:
    for axis in ("rank", "item"):
        for name in ("address", axis):
            if (
                name in effects.variables
                and effects[name].dims == (axis,)
                and effects[name].dtype.kind in "UO"
            ):
                words = [str(word) for word in effects[name].values if str(word).startswith("mlp_act.")][:n]
                if words:
                    order = {str(site): site for site in listed(model, " ".join(words))}
                    return [order[word] for word in dict.fromkeys(words)]
    raise BadInput(
        "effects has neither a number over layer and neuron nor addresses of neurons over rank or item: give "
        "a result such as that of second_order_effects, or name neurons."
    )


def _best(effect: np.ndarray, layers: "range | list[int]", n: int, side: Side) -> list[Site]:
    size = {"towards": effect, "against": -effect, "both": np.abs(effect)}[side]
    order = np.argsort(-np.nan_to_num(size, nan=-np.inf), axis=None, kind="stable")[:n]
    kept = [at for at in order.tolist() if size.flat[at] > 0]
    if not kept:
        raise BadInput(f"No neuron has an effect {side} the answer: choose another side, or name neurons.")
    return [Site("mlp_act", layers[at // effect.shape[1]], at % effect.shape[1]) for at in kept]
