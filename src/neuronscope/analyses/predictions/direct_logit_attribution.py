"""Direct logit attribution: which parts of the model write the answer?

The last residual stream is a sum of what embedding, heads, neurons and biases wrote. With the scale of the
last norm held it is read linearly, so each of them has its share of target minus distractor, and the shares
sum to it.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.linear import Direct, direct_shares
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import AnswerToken, PairCount, PairPrompt, Seed
from neuronscope.words.predictions import ShownNeurons

_LOGITS = {"units": "logits", "signed": True}
_MEANING = "towards the target, away from the distractor"
_NAMES = {
    "head_share": "what each head writes",
    "attention_share": "what attention writes",
    "mlp_share": "what the MLP writes",
    "share": "what the parts of each sort write",
    "top_share": "what single neurons write",
}
_SITES = {
    "head_share": "z.{layer}.{head}",
    "attention_share": "attn_add.{layer}",
    "mlp_share": "mlp_add.{layer}",
    "neuron_share": "mlp_act.{layer}.{neuron}",
    "top_share": "{site_of}",
}


@analysis(kind="grid", cites="elhage2021framework")
def direct_logit_attribution(
    model: Model,
    prompt: PairPrompt = "",
    *,
    task: Task | None = None,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    n_neurons: ShownNeurons = 20,
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Split the logit of the target minus that of the distractor into what each part writes towards it.

    Returns in logits, mean over prompts: ``head_share`` over layer and head; ``attention_share`` and
    ``mlp_share`` over layer, output biases included; ``neuron_share`` over layer and neuron; ``top_share``
    over rank, the neurons furthest from 0, named by ``site_of``; ``share`` over item, the parts of each
    sort summed, which add up to the whole: embeddings of token and position, heads, attention biases,
    neurons, MLP biases, and the constant of the last norm and the output head. Layers whose heads or
    neurons are hidden stand whole under ``attention`` or ``MLP``. Several prompts give each share but
    ``neuron_share`` the ends of its 95 % bootstrap interval. ``difference`` over prompt is the model's own
    and ``remainder`` what the sum of all shares leaves of it, which is rounding. Where logits are capped,
    they are taken before the cap.

    Left empty, target and distractor are what the model likes best and second best; without prompt and
    task, the task is indirect-object. Raises `BadInput` for a stream that is no sum, as in post-norm
    models, and for a task without wrong answers. (Elhage et al. 2021; Wang et al. 2023.)
    """
    pairs = prompt_pairs(
        model,
        TASKS["indirect-object"] if task is None and not prompt else task,
        prompt=prompt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    found = direct_shares(model, pairs.clean, pairs.target, pairs.distractor)
    parts = found.parts
    sums, means = _sums(parts), parts.neuron.double().mean(0).numpy()
    best = _best(means, n_neurons)
    shares = {
        "head_share": ("layer head", parts.head),
        "attention_share": ("layer", parts.attention),
        "mlp_share": ("layer", parts.mlp),
        "share": ("item", np.stack(list(sums.values()), 1)),
        "top_share": ("rank", parts.neuron[:, best[:, 0], best[:, 1]]),
    }
    variables: dict[str, tuple[Any, ...]] = {}
    for name, (axes, values) in shares.items():
        if np.prod(values.shape):
            variables |= _with_ends(name, axes, np.asarray(values, dtype=float), seed)
    if means.size:
        variables["neuron_share"] = (
            "layer neuron",
            means,
            _LOGITS | {"long_name": "what each neuron writes"},
        )
    variables["difference"] = ("prompt", found.difference, _LOGITS | {"long_name": "logit difference"})
    variables["remainder"] = ("prompt", found.remainder, _LOGITS | {"long_name": "what the sum leaves"})
    coords: dict[str, Any] = {"layer": range(model.n_layers), "item": list(sums)}
    coords["text"] = ("prompt", list(pairs.texts))
    if len(best):
        names = [f"mlp_act.{layer}.{neuron}" for layer, neuron in best]
        coords |= {"rank": range(1, len(best) + 1), "site_of": ("rank", names)}
    said: dict[str, Any] = {"n": len(pairs), "n_unit": "prompts" if len(pairs) > 1 else "prompt"}
    if len(pairs) == 1:
        texts = model.token_texts([int(pairs.target[0]), int(pairs.distractor[0])])
        said |= {"target": texts[0], "distractor": texts[1]}
    return placed(label(coords, **variables), **_SITES).assign_attrs(said)


def _sums(parts: Direct) -> dict[str, np.ndarray]:
    """Return the parts of each sort summed, prompt by prompt; hidden layers stand whole."""
    heads, neurons = parts.head.double().sum(-1), parts.neuron.double().sum(-1)
    no_heads, no_neurons = heads.isnan(), neurons.isnan()
    sums = {
        "token embedding": parts.token,
        "position embedding": parts.position,
        "heads": heads.nan_to_num().sum(-1),
        "attention biases": parts.attention_bias.nan_to_num().sum(-1),
        "attention": (parts.attention * no_heads).sum(-1),
        "neurons": neurons.nan_to_num().sum(-1),
        "MLP biases": parts.mlp_bias.nan_to_num().sum(-1),
        "MLP": (parts.mlp * no_neurons).sum(-1),
        "constant": parts.constant,
    }
    whole = {"attention": no_heads, "MLP": no_neurons}
    return {
        name: values.double().numpy()
        for name, values in sums.items()
        if name not in whole or whole[name].any()
    }


def _best(means: np.ndarray, n: int) -> np.ndarray:
    """Return layer and number of the neurons of the largest mean share, furthest from 0 first."""
    far = np.where(np.isnan(means), -1.0, np.abs(means)).ravel()
    order = np.argsort(-far, kind="stable")[:n]
    return np.stack(np.unravel_index(order[far[order] >= 0], means.shape), -1)


def _with_ends(name: str, axes: str, values: np.ndarray, seed: int) -> dict[str, tuple[Any, ...]]:
    """Return the mean over prompts under a name, and its ends and null where there are several prompts."""
    told = mean_interval(values, seed=seed)
    made: dict[str, tuple[Any, ...]] = {
        name: (axes, told.estimate, _LOGITS | {"long_name": _NAMES[name], "meaning": _MEANING})
    }
    if len(values) > 1:
        made |= {
            f"{name}_low": (axes, told.low),
            f"{name}_high": (axes, told.high),
            f"{name}_null": ("", 0.0),
        }
    return made
