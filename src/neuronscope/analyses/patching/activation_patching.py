"""Activation patching: where does the model keep what decides its answer?

Two prompts that differ in one thing are run; then a part of one run is put into the other, one part and
place at a time. Where that turns the answer, the deciding information is there.
"""

import torch
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task
from neuronscope.instruments.comparing.patched import facts_of, normalised, strongest, what_to_patch
from neuronscope.instruments.comparing.twins import NO_INFLUENCE, twin_pairs, twin_runs, ways
from neuronscope.maths.ratio import ratio_interval
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import AnswerToken, LayerIndex, Metric, PairCorrupt, PairCount, PairPrompt, Seed
from neuronscope.words.patching import (
    PatchDirection,
    PatchedNeurons,
    PatchPositions,
    PatchSites,
)


@analysis(kind="grid", cites="meng2022rome", version=2)
def activation_patching(  # noqa: PLR0913 - what is asked of, what is swapped, and what is measured
    model: Model,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    sites: PatchSites = "residual",
    positions: PatchPositions = "usual",
    layer: LayerIndex = -1,
    direction: PatchDirection = "both",
    n_neurons: PatchedNeurons = 20,
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 16,
    seed: Seed = 0,
) -> xr.Dataset:
    """Swap a part of the model between two prompts, place by place, and see whose answer comes out.

    Returns over direction, part and place the ``effect``, on the scale where 1 is the clean prompt's own
    answer and 0 the corrupt prompt's, and the raw ``metric``, mean over prompts. In direction ``denoise``
    the clean part is put into the corrupt run, so that 1 says that it is enough; in ``noise`` the corrupt
    part is put into the clean run, so that 0 says that it was needed; ``null`` is what a part without
    influence gives. Parts lie along depth, or layer and head, key head or neuron; depth d follows block
    d−1, and the last feeds the unembedding. Places are the positions of one pair, or the named spans that
    the prompts of a task share. Over a task the summed effect is divided once by the summed difference of
    clean and corrupt, and ``low`` and ``high`` are its 95 % bootstrap interval over prompts.

    Left empty, target and distractor are the model's own favourites after the clean and the corrupt prompt;
    without prompts and task, the task is indirect-object. Of neurons, those of the largest estimated effect
    are swapped, or a whole layer. Raises `BadInput` where prompts and twins differ in token length or score
    the same, and where the model lacks the part. (Meng et al. 2022; Zhang and Nanda 2024.)
    """
    pairs = twin_pairs(
        model,
        task,
        prompt=prompt,
        corrupt=corrupt,
        target=target,
        distractor=distractor,
        n_prompts=n_prompts,
        seed=seed,
    )
    patched = what_to_patch(model, pairs, sites, positions, layer)
    twins = twin_runs(model, pairs, metric, patched.parts.whole)
    if sites == "mlp_act" and layer < 0:
        patched = strongest(twins, patched, n_neurons)
    shape = len(patched.parts), len(patched.places), len(pairs)
    both = ways(direction)
    raw = torch.stack([twins.patched(patched.cells, way).reshape(shape) for way in both])
    effect = ratio_interval(normalised(twins, raw), twins.span.numpy(), seed=seed)
    name = metric.replace("_", " ") if isinstance(metric, str) else "metric"
    axes = f"direction {patched.axes}"
    scale = {"long_name": f"{name}: 1 = clean, 0 = corrupt", "units": "1"}
    variables = {
        "effect": (axes, patched.laid(effect.estimate), scale),
        "metric": (axes, patched.laid(raw.mean(-1)), {"long_name": name}),
        "null": (
            "direction",
            [NO_INFLUENCE[way] for way in both],
            {"long_name": "effect of a part without influence"},
        ),
    }
    if len(pairs) > 1:
        variables |= {end: (axes, patched.laid(getattr(effect, end))) for end in ("low", "high")}
    found = label({"direction": both, **patched.coords(model, pairs)}, **variables)
    return placed(found, effect=patched.site, metric=patched.site).assign_attrs(facts_of(twins))
