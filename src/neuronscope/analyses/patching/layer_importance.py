"""Layer importance: which layers does the answer hang on?

The attention and the MLP of each layer are taken out in turn, and both together. Most tasks hang on a few
layers, and those are where a closer look pays.
"""

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.ablated import ablated, judged
from neuronscope.instruments.comparing.components import components
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.twins import COMMON_TASK
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import Ablation, AblationReference, Metric, PairCount, Seed
from neuronscope.words.patching import CriticalCount


@analysis(kind="grid", cites="wang2022ioi")
def layer_importance(
    model: Model,
    *,
    task: Task | None = None,
    n_critical: CriticalCount = 6,
    ablation: Ablation = "mean",
    reference: AblationReference = "prompts",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Take the attention and the MLP of each layer out in turn and list the layers that matter most.

    Returns over layer and site the ``effect``: by how much the metric changes when what attention
    (`attn_add`), the MLP (`mlp_add`) or both (`block`) add to the stream is replaced by its mean over the
    reference prompts, at every token, mean over the clean prompts of the task (indirect-object by default);
    below 0 the layer had helped. ``low`` and ``high`` are the 95 % bootstrap interval over prompts,
    ``p_alone`` turns the signs of prompts, ``p`` corrects that for all cells (Benjamini-Hochberg), and
    ``effect_size`` is in standard deviations of single prompts; of one prompt there is the effect alone.
    ``critical_layer`` lists over rank the ``n_critical`` layers whose block changes the metric most, up or
    down, with ``critical_effect``.

    Raises `BadInput` for a task that the model cannot read, and where it has neither site.
    """
    pairs = prompt_pairs(model, task or TASKS[COMMON_TASK], n_prompts=n_prompts, seed=seed)
    names = [name for name in ("attn_add", "mlp_add") if name in model.sites()] or ["attn_add"]
    parts = components(model, *(f"{name}.*" for name in names))
    layers = sorted(set(parts.layers))
    blocks = [[part for part in parts if part.layer == layer] for layer in layers]
    cells = [*([part] for part in parts), *blocks]
    found = ablated(model, pairs, cells, metric, ablation=ablation, reference=reference, seed=seed)
    known = judged(found.effect, seed=seed)
    own = np.full((len(layers), len(names)), np.nan)
    place = {(site.layer, site.name): number for number, site in enumerate(parts)}

    def laid(values: np.ndarray) -> np.ndarray:
        """Return values over cells by layer and site, NaN where a layer lacks the site."""
        grid = own.copy()
        for (layer, name), number in place.items():
            grid[layers.index(int(layer or 0)), names.index(name)] = values[number]
        return np.column_stack([grid, values[len(parts) :]])

    addresses = [[f"{name}.{layer}" * ((layer, name) in place) for name in (*names, "")] for layer in layers]
    name = metric.replace("_", " ") if isinstance(metric, str) else "metric"
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
    whole = known["effect"][len(parts) :]
    best = np.argsort(-abs(whole), kind="stable")[:n_critical]
    result = label(
        {
            "layer": layers,
            "site": [*names, "block"],
            "rank": range(1, len(best) + 1),
            "address": ("layer site", addresses),
        },
        **{word: ("layer site", laid(values), words.get(word, {})) for word, values in known.items()},
        critical_layer=("rank", np.array(layers)[best], {"long_name": "most critical layers"}),
        critical_effect=("rank", whole[best], {"long_name": f"change of the {name} without the block"}),
    )
    result = placed(result, **dict.fromkeys(known, "{address}"))
    return result.assign_attrs(metric=float(found.base.mean()), ablation=ablation, reference=reference)
