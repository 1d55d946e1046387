"""Neuron interactions: which neurons work together, beyond what each does alone?"""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.data.tasks import TASKS, Task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.comparing.reference import ablations, reference_prompts
from neuronscope.instruments.meaning.alignment import alignment_p
from neuronscope.instruments.meaning.interacting import (
    activations,
    coactivation,
    compositions,
    most_effective,
    pairwise_effects,
)
from neuronscope.instruments.meaning.weights import named_neurons, told_of
from neuronscope.maths.resampling import mean_interval
from neuronscope.maths.significance import benjamini_hochberg, sign_flip_p
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label
from neuronscope.words import (
    Ablation,
    AblationReference,
    BadInput,
    Metric,
    PairCount,
    PassageCount,
    PassageLength,
    Seed,
)
from neuronscope.words.neurons import ChanceDraws, InteractingNeurons, NeuronNames

_SHORT = {"mlp_pre": "composition", "mlp_up": "composition_up"}


@analysis(kind="matrix", cites="bills2023explain")
def neuron_interactions(  # noqa: PLR0913 - three ways to interact, each with its own sample
    model: Model,
    task: Task | None = None,
    corpus: Corpus | None = None,
    *,
    neurons: NeuronNames = "",
    n_neurons: InteractingNeurons = 5,
    n_prompts: PairCount = 12,
    metric: Metric = "logit_difference",
    ablation: Ablation = "mean",
    reference: AblationReference = "prompts",
    n_passages: PassageCount = 24,
    n_tokens: PassageLength = 64,
    n_null: ChanceDraws = 200,
    seed: Seed = 0,
) -> xr.Dataset:
    """Find which neurons do more, or less, together than the sum of what each does alone.

    Returns over item and other, both neurons: ``interaction``, how much ablating both moves the metric beyond
    what ablating each does, the mean over prompts with interval, ``p`` by turning signs, corrected over the
    pairs; ``composition``, how much of what item writes other reads, by weights (of later layers alone; a
    gate's linear branch as ``composition_up``), with ``composition_cosine`` and p of random directions;
    ``correlation`` of their activations over passages of the corpus, with interval over passages and p of
    passages put side by side at random. Over item the ``effect`` of ablating each alone, with interval.
    Neurons that are not named are those that a gradient estimates to move the metric most, on other prompts
    of the task, which is indirect-object unless given. Raises `BadInput` where fewer than two are named.
    """
    drawn = prompt_pairs(
        model,
        TASKS["indirect-object"] if task is None else task,
        n_prompts=n_prompts if neurons else 2 * n_prompts,
        seed=seed,
    )
    pairs = drawn[:n_prompts]
    measured = metric if callable(metric) else pairs.metric(metric)
    if neurons:
        sites: list[Site] = list(named_neurons(model, neurons))
    else:
        others = drawn[n_prompts:]
        other_metric = metric if callable(metric) else others.metric(metric)
        sites = sorted(most_effective(model, others.clean, other_metric, n_neurons), key=_place)
    if len(sites) < 2:
        raise BadInput(f"neuron_interactions needs two neurons or more; {neurons!r} names {len(sites)}.")
    ops = ablations(model, sites, reference_prompts(model, reference, pairs), ablation=ablation, seed=seed)
    single, joint = pairwise_effects(model, ops, pairs.clean, measured)
    about = {
        "n": len(pairs), "n_unit": "prompts", "ablation": ablation, "reference": reference, "signed": True,
        "units": "logits" if metric == "logit_difference" else "a.u.",
    }  # fmt: skip
    read = passages(model, corpus, n=n_passages, n_tokens=min(n_tokens, model.n_positions), seed=seed)
    names = [f"{site.layer}.{site.unit}" for site in sites]
    return label(
        {
            "item": ("item", names, {"long_name": "neuron"}),
            "other": ("other", names, {"long_name": "neuron"}),
        },
        **_beyond(single, joint, about, seed),
        **_written(model, sites),
        **_together(coactivation(activations(model, sites, read), n_resamples=n_null, seed=seed), len(read)),
    ).assign_attrs(told_of(model))


def _place(site: Site) -> tuple[Any, Any]:
    return site.layer, site.unit


def _beyond(single: np.ndarray, joint: np.ndarray, about: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return interaction and single effects with their intervals, and p of every pair once."""
    extra = joint - single[:, None] - single[None, :]
    extra[range(len(extra)), range(len(extra))] = np.nan
    one, other = np.triu_indices(len(extra), 1)
    p = np.full(extra.shape[:2], np.nan)
    p[one, other] = benjamini_hochberg(sign_flip_p(extra[one, other], axis=-1, seed=seed))
    p[other, one] = p[one, other]
    both, alone = (mean_interval(values, axis=-1, seed=seed) for values in (extra, single))
    said = {"long_name": "effect beyond the sum", **about}
    return {
        "interaction": ("item other", both.estimate, said),
        "interaction_low": ("item other", both.low),
        "interaction_high": ("item other", both.high),
        "interaction_p": ("item other", p, {"long_name": "p, corrected over the pairs"}),
        "effect": ("item", alone.estimate, {"long_name": "effect of ablating it alone", **about}),
        "effect_low": ("item", alone.low),
        "effect_high": ("item", alone.high),
    }


def _written(model: Model, sites: list[Site]) -> dict[str, Any]:
    """Return how far the neurons feed each other by their weights."""
    found: dict[str, Any] = {}
    for branch, values in compositions(model, sites).items():
        name = _SHORT[branch]
        p = benjamini_hochberg(alignment_p(values["cosine"], model.width))
        said = {"long_name": "written by item and read by other", "signed": True}
        found[name] = ("item other", values["product"], {**said, "units": "a.u."})
        found[f"{name}_p"] = ("item other", p, {"long_name": "p of random directions, corrected"})
        found[f"{name}_cosine"] = ("item other", values["cosine"], {**said, "units": "1"})
    return found


def _together(found: dict[str, np.ndarray], n_passages: int) -> dict[str, Any]:
    """Return the correlations, p corrected over the pairs."""
    one, other = np.triu_indices(len(found["p"]), 1)
    p = np.full(found["p"].shape, np.nan)
    p[one, other] = benjamini_hochberg(found["p"][one, other])
    p[other, one] = p[one, other]
    said = {"long_name": "correlation of activations", "n": n_passages, "n_unit": "passages", "signed": True}
    return {
        "correlation": ("item other", found["estimate"], {**said, "units": "1"}),
        "correlation_low": ("item other", found["low"]),
        "correlation_high": ("item other", found["high"]),
        "correlation_p": ("item other", p, {"long_name": "p of unrelated passages, corrected"}),
    }
