"""Checkpoint drift: what changes inside a model while it is trained, and when does it stop changing?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments import run
from neuronscope.instruments.comparing.alignment import Places, readable_passages, representations
from neuronscope.instruments.meaning.weights import neuron_outputs
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.similarity import Jackknifed, cka_interval, gram
from neuronscope.models import Model
from neuronscope.models.checkpoints import Checkpoints
from neuronscope.results import label, track
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed

N_PLACES = 8
"""How many tokens of each text count for the layers, spread evenly over it."""


@analysis(kind="grid", cites="kornblith2019similarity")
def checkpoint_drift(
    checkpoints: Checkpoints,
    corpus: Corpus | None = None,
    *,
    n_passages: PassageCount = 16,
    n_tokens: PassageLength = 64,
    seed: Seed = 0,
) -> xr.Dataset:
    """Follow layers, neurons and behaviour through the steps of a training, each step beside the last one.

    Returns over step and depth the ``similarity`` of the residual stream to that of the last step and the
    ``similarity_to_previous`` to that of the step before (debiased CKA, with the jackknife over texts); over
    step, layer and neuron the ``activation_correlation`` of the same neuron with itself at the last step, its
    ``mean_shift`` in standard deviations of the last step, and the ``weight_cosine`` of what it writes; and
    over step the ``divergence`` of the next-token distribution from that of the last step in nats, the
    ``loss`` in nats a token, both with intervals over texts. Depth 0 is the embedding. First tokens count for
    nothing. Raises `BadInput` for a series of one step, and for steps that differ in shape.
    """
    if len(checkpoints) < 2:
        raise BadInput(f"{checkpoints.name!r} is {len(checkpoints)} step: give a series, such as NAME@*.")
    last = checkpoints.open(checkpoints.steps[-1])
    tokens, texts = readable_passages(last, corpus, n=n_passages, n_tokens=n_tokens, seed=seed)
    places = _places(tokens)
    final, before = _seen(last, tokens, places), None
    rows: list[dict[str, Any]] = []
    for step in track(checkpoints.steps, "steps"):
        model = last if step == checkpoints.steps[-1] else checkpoints.open(step)
        if (model.n_layers, model.n_neurons, model.width) != (last.n_layers, last.n_neurons, last.width):
            raise BadInput(f"Step {step} of {checkpoints.name!r} has another shape than the last one.")
        seen = final if model is last else _seen(model, tokens, places)
        rows.append(_row(seen, before, final, places))
        before = {"grams": seen["grams"]}  # what it says is as large as the vocabulary, so it is let go
    coords = {"step": list(checkpoints.steps), "depth": range(last.n_layers + 1)}
    if last.layers("mlp_act"):
        coords["layer"] = last.layers("mlp_act")
    found = label(coords, **_variables(rows))
    return found.assign_attrs(n=len(tokens), n_unit="texts", texts=texts)


def _places(tokens: list[Tensor]) -> Places:
    chosen = [np.linspace(1, len(ids) - 1, min(N_PLACES, len(ids) - 1)).round().astype(int) for ids in tokens]
    return Places(tuple(tokens), tuple(tuple(map(int, places)) for places in chosen))


def _seen(model: Model, tokens: list[Tensor], places: Places) -> dict[str, Any]:
    """Return what one step holds: grams of the stream by depth, neurons by layer, and what it says."""
    stream = [*(f"resid_pre.{layer}" for layer in range(model.n_layers)), f"resid_post.{model.n_layers - 1}"]
    layers = model.layers("mlp_act")
    neurons = [f"mlp_act.{layer}" for layer in layers]
    read = representations(model, places, [*stream, *neurons])
    said = torch.cat([run(model, ids[None]).logits.double().log_softmax(-1) for ids in tokens])
    return {
        "grams": [gram(read[site]) for site in stream],
        "neurons": np.stack([read[site] for site in neurons]) if neurons else None,
        "weights": torch.stack([neuron_outputs(model, layer) for layer in layers]) if layers else None,
        "said": said,
        "loss": _loss(said, torch.stack(tokens)),
    }


def _loss(said: Tensor, tokens: Tensor) -> np.ndarray:
    """Return the loss of each text; NaN where a network has no output for a token that it reads."""
    following = tokens[:, 1:, None]
    if int(following.max()) >= said.shape[-1]:
        return np.full(len(tokens), np.nan)
    return -said[:, 1:-1].gather(-1, following[:, 1:])[..., 0].mean(-1).cpu().numpy()


def _row(
    seen: Mapping[str, Any], before: Mapping[str, Any] | None, final: Mapping[str, Any], places: Places
) -> dict[str, Any]:
    groups = places.groups
    to_last = [cka_interval(*pair, groups) for pair in zip(seen["grams"], final["grams"], strict=True)]
    nothing = Jackknifed(np.nan, np.nan, np.nan)
    to_previous = [
        nothing if before is None else cka_interval(gram_now, before["grams"][depth], groups)
        for depth, gram_now in enumerate(seen["grams"])
    ]
    kl = (final["said"].exp() * (final["said"] - seen["said"])).sum(-1)[:, 1:].mean(-1).cpu().numpy()
    found: dict[str, Any] = {}
    for end, name in _ENDS.items():
        found[f"similarity{end}"] = [getattr(one, name) for one in to_last]
        found[f"similarity_to_previous{end}"] = [getattr(one, name) for one in to_previous]
        found[f"divergence{end}"] = getattr(mean_interval(kl), name)
        found[f"loss{end}"] = getattr(mean_interval(seen["loss"]), name)
    return found | ({} if seen["neurons"] is None else _of_neurons(seen, final))


def _of_neurons(seen: Mapping[str, Any], final: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of each neuron by the last step, over layer and neuron."""
    neurons, goal = seen["neurons"], final["neurons"]
    off, aim = neurons - neurons.mean(1, keepdims=True), goal - goal.mean(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = (off * aim).sum(1) / np.sqrt((off**2).sum(1) * (aim**2).sum(1))
        shift = (neurons.mean(1) - goal.mean(1)) / goal.std(1)
    cosine = torch.cosine_similarity(seen["weights"].double(), final["weights"].double(), dim=-1)
    return {
        "activation_correlation": correlation,
        "mean_shift": shift,
        "weight_cosine": cosine.cpu().numpy(),
    }


_ENDS = {"": "estimate", "_low": "low", "_high": "high"}


_AXES = {
    "similarity": ("step depth", {"long_name": "similarity to the last step", "meaning": "debiased CKA"}),
    "divergence": ("step", {"long_name": "divergence from the last step", "units": "nats"}),
    "loss": ("step", {"long_name": "loss", "units": "nats"}),
    "similarity_to_previous": ("step depth", {"long_name": "similarity to the step before"}),
    "activation_correlation": (
        "step layer neuron",
        {"long_name": "correlation with itself at the last step"},
    ),
    "weight_cosine": ("step layer neuron", {"long_name": "cosine of what it writes to the last step's"}),
    "mean_shift": ("step layer neuron", {"long_name": "shift of the mean", "units": "standard deviations"}),
}


def _variables(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (axes, attributes) in _AXES.items():
        for end in _ENDS:
            if f"{name}{end}" in rows[0]:
                values = np.stack([np.asarray(row[f"{name}{end}"]) for row in rows])
                found[f"{name}{end}"] = (axes, values, attributes if not end else {})
    return found
