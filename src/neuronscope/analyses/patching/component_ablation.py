"""Component ablation: which heads, outputs or neurons does the answer need?

Each part is taken out alone: it says what it says on average elsewhere, and nothing of this prompt. What
the answer loses is what the part contributed that no other part makes up for.
"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.ablated import ablated, judged, random_sets
from neuronscope.instruments.comparing.components import Components, components, heads, listed, neurons
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.twins import COMMON_TASK
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import Ablation, AblationReference, BadInput, LayerIndex, Metric, PairCount, Seed
from neuronscope.words.patching import AblatedParts, ListedParts, RandomSets


@analysis(kind="grid", cites="wang2022ioi")
def component_ablation(  # noqa: PLR0913 - what is asked, what is taken out, and what stands in for it
    model: Model,
    *,
    task: Task | None = None,
    parts: AblatedParts = "heads",
    layer: LayerIndex = -1,
    chosen: ListedParts = "",
    ablation: Ablation = "mean",
    reference: AblationReference = "prompts",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 16,
    n_random: RandomSets = 100,
    seed: Seed = 0,
) -> xr.Dataset:
    """Take each head, output or neuron out of the model and measure what the answer loses.

    Returns over layer and head, site or neuron the ``effect``: by how much the metric changes when that part
    alone is replaced by its mean over the reference prompts, at every token, mean over the clean prompts of
    the task (indirect-object by default); below 0 the part had helped. ``low`` and ``high`` are its 95 %
    bootstrap interval over prompts, ``p_alone`` turns the signs of prompts, ``p`` corrects that for the
    number of parts (Benjamini-Hochberg), and ``effect_size`` is in standard deviations of single prompts; of
    one prompt there is the effect alone.

    ``chosen`` parts are also taken out together: ``together`` with its interval, the same of ``n_random``
    sets of as many parts drawn from all of the same layers (``together_null``), and how seldom such a set
    changes the metric as much (``together_p``); outputs have no such sets. Raises `BadInput` where parts of
    several sorts are chosen, for neurons of no layer, for a part that the model lacks, and for a task that it
    cannot read. (Wang et al. 2022.)
    """
    pairs = prompt_pairs(model, task or TASKS[COMMON_TASK], n_prompts=n_prompts, seed=seed)
    asked = listed(model, chosen) if chosen else _parts(model, parts, layer)
    if asked.axes == "site":
        raise BadInput(
            f"{', '.join(asked.labels[:4])} are of several sorts: choose heads, outputs or neurons."
        )
    cells = [[part] for part in asked]
    if chosen:
        cells += [list(asked), *random_sets(model, asked, n_random, seed=seed)]
    found = ablated(model, pairs, cells, metric, ablation=ablation, reference=reference, seed=seed)
    name = metric.replace("_", " ") if isinstance(metric, str) else "metric"
    axes, coords = _axes(asked)
    words = {
        "effect": {
            "long_name": f"change of the {name}",
            "meaning": f"{ablation} ablation; below 0 = the answer needs the part",
            "n": len(pairs),
            "n_unit": "prompts" if len(pairs) > 1 else "prompt",
            "signed": True,
        },
        "effect_size": {"units": "standard deviations"},
    }
    shape = [len(coords[word]) for word in axes.split()]
    variables: dict[str, Any] = {
        word: (axes, asked.laid(values).reshape(shape), words.get(word, {}))
        for word, values in judged(found.effect[: len(asked)], seed=seed).items()
    }
    if chosen:
        variables |= _together(found.effect[len(asked) :], seed)
    result = placed(label(coords, **variables), **dict.fromkeys(words, asked.site))
    return result.assign_attrs(metric=float(found.base.mean()), ablation=ablation, reference=reference)


def _parts(model: Model, sort: str, layer: int) -> Components:
    if sort == "heads":
        return heads(model) if layer < 0 else components(model, f"z.{layer}.*")
    if sort == "outputs":
        where = "*" if layer < 0 else layer
        names = [name for name in ("attn_add", "mlp_add") if name in model.sites()]
        return components(model, *(f"{name}.{where}" for name in names or ["attn_add"]))
    if layer < 0:
        raise BadInput("Neurons are taken out layer by layer: give a layer, or name some with chosen.")
    return neurons(model, [layer])


def _axes(parts: Components) -> tuple[str, dict[str, Any]]:
    """Return axes and coordinates on a grid, also where all parts are the same output of several layers."""
    if len(parts.axes.split()) == 2:
        return parts.axes, parts.coords
    return f"{parts.axes} site", parts.coords | {"site": [parts[0].name]}


def _together(effect: np.ndarray, seed: int) -> dict[str, Any]:
    """Return what all chosen parts do together, and what random sets of others do."""
    own = mean_interval(effect[0], seed=seed)
    said: dict[str, Any] = {
        "together": ("", own.estimate, {"long_name": "change when all are taken out together"}),
    }
    if effect.shape[1] > 1:
        said |= {"together_low": ("", own.low), "together_high": ("", own.high)}
    if len(effect) > 1:
        means = effect.mean(1)  # summed alike, so that the chosen set, drawn again, counts as equal
        p = rank_p(abs(means[0]), abs(means[1:]), tail="above")
        said |= {"together_null": ("item", means[1:]), "together_p": ("", p)}
    return said
