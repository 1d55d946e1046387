"""Path patching: through which heads and MLPs does the answer get to the logits, or to a head that reads it?

A sender takes over what it wrote in the twin's run, every other head writes what it wrote before, and only
what the receivers then read goes on. What moves is what runs along that path and no other.
"""

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.tasks import Task
from neuronscope.instruments import Edge, each_edge, put, sweep_edges
from neuronscope.instruments.comparing.components import Components, components, heads
from neuronscope.instruments.comparing.patched import facts_of
from neuronscope.instruments.comparing.twins import scored, twin_pairs, twin_runs
from neuronscope.maths.ratio import ratio_interval
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import AnswerToken, BadInput, Metric, PairCorrupt, PairCount, PairPrompt, Seed
from neuronscope.words.patching import MLPsOnTheWay, PathDirection, PathReceivers


@analysis(kind="grid", cites="wang2023ioi")
def path_patching(  # noqa: PLR0913 - between what, along which paths, and what is measured
    model: Model,
    prompt: PairPrompt = "",
    corrupt: PairCorrupt = "",
    *,
    task: Task | None = None,
    receivers: PathReceivers = "logits",
    direction: PathDirection = "noise",
    mlps: MLPsOnTheWay = "free",
    target: AnswerToken = "",
    distractor: AnswerToken = "",
    metric: Metric = "logit_difference",
    n_prompts: PairCount = 8,
    seed: Seed = 0,
) -> xr.Dataset:
    """Measure how much of the answer runs along the path from each head and MLP to some receivers.

    Returns ``effect`` over layer and head, and ``mlp_effect`` over layer: by how much the path alone moves
    the metric, as a share of the way between clean and corrupt prompt. 1 says that the path carries all that
    tells the two apart, 0 (``null``) that it carries nothing, below 0 that it works against the answer;
    NaN stands where no path leads. ``metric`` and ``mlp_metric`` are what was measured, means over prompts.
    Over a task the summed effect is divided once by the summed difference, and ``effect_low`` and so on are
    its 95 % bootstrap interval over prompts.

    In direction ``noise`` the senders of the corrupt prompt write into the clean run, in ``denoise`` the
    other way round. All heads between are held; MLPs pass on what reaches them unless they are frozen.
    Without prompts and task, the task is indirect-object. Raises `BadInput` where prompts and twins differ
    in token length or score the same, and for receivers that nothing is written before.
    (Wang et al. 2023; Goldowsky-Dill et al. 2023.)
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
    sorts = _senders(model)
    twins = twin_runs(model, pairs, metric, [site for senders in sorts.values() for site in senders.whole])
    source, base = twins.ends(direction)
    edges: dict[str, list[Edge | None]] = {}
    for name, senders in sorts.items():
        ops = [put(site, source) for site in senders]
        ways = [each_edge(model, [op], receivers.replace(",", " ").split()) for op in ops]
        edges[name] = [Edge(way[0].do, [edge.to[0] for edge in way]) if way else None for way in ways]
    asked = [edge for found in edges.values() for edge in found if edge is not None]
    if not asked:
        raise BadInput(f"Nothing is written before {receivers}, so no path leads there: name a later layer.")
    swept = sweep_edges(model, base.batch, asked, scored(pairs, metric), mlps=mlps)
    towards = 1 if direction == "denoise" else -1
    measured = iter(zip(swept.values.cpu().numpy(), towards * swept.effect.cpu().numpy(), strict=True))
    variables: dict[str, tuple] = {}
    for name, senders in sorts.items():
        nothing = np.full(len(pairs), np.nan)
        pieces = [(nothing, nothing) if edge is None else next(measured) for edge in edges[name]]
        values, moved = (np.stack(part) for part in zip(*pieces, strict=True))
        share = ratio_interval(moved.T, twins.span.numpy(), seed=seed)
        prefix, axes = ("mlp_", "layer") if name == "mlp_out" else ("", "layer head")
        meaning = f"from each {_NAMES[name]} to {receivers}; 1 = all that tells clean from corrupt"
        told = {"long_name": "share of the answer", "units": "1", "meaning": meaning}
        variables[f"{prefix}effect"] = (axes, senders.laid(share.estimate), {**told, "signed": True})
        if len(pairs) > 1:
            variables[f"{prefix}effect_low"] = (axes, senders.laid(share.low))
            variables[f"{prefix}effect_high"] = (axes, senders.laid(share.high))
        variables[f"{prefix}effect_null"] = ("", 0.0)
        variables[f"{prefix}metric"] = (axes, senders.laid(values.mean(1)), {"long_name": "metric"})
    return label({"layer": range(model.n_layers)}, **variables).assign_attrs(facts_of(twins))


_NAMES = {"z": "head", "mlp_out": "MLP"}


def _senders(model: Model) -> dict[str, Components]:
    """Return the heads, and the MLPs of a model that has any."""
    return {
        "z": heads(model),
        **({"mlp_out": components(model, "mlp_out.*")} if "mlp_out" in model.sites() else {}),
    }
