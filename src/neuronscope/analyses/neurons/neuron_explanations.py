"""Neuron explanations: what does a neuron respond to, and how far does saying so tell where it fires?"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.contract.subjects import Result
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.passages import passages
from neuronscope.instruments.meaning.excerpts import (
    Excerpt,
    Excerpts,
    most_peaked,
    read_excerpts,
    recorded_excerpts,
    recorded_peaks,
)
from neuronscope.instruments.meaning.weights import named_neurons
from neuronscope.learned.explaining.endpoint import ADDRESS, Endpoint, EndpointExplainer, EndpointSimulator
from neuronscope.learned.explaining.protocols import Explainer, Explanation, Simulator
from neuronscope.learned.explaining.scoring import Score, pooled_correlation, scored
from neuronscope.learned.explaining.terms import PhraseRule, TermSimulator, TokenTable
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label, track
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed, TopK
from neuronscope.words.neurons import (
    ChosenNeurons,
    EndpointModel,
    ExcerptCount,
    NeuronExplainer,
    NeuronNames,
)

_CHOOSING = 8


@dataclass(frozen=True, eq=False)
class _Tried:
    """One neuron with its explanation and how it fared on the excerpts that were held out."""

    site: Site
    explanation: Explanation
    score: Score
    baseline: Score
    top: float
    random: float
    n_excerpts: int


@analysis(kind="ranking", cites="bills2023explain")
def neuron_explanations(  # noqa: PLR0913 - what is explained, by what, and on which texts
    model: Model,
    record: Result | None = None,
    corpus: Corpus | None = None,
    *,
    neurons: NeuronNames = "",
    n_neurons: ChosenNeurons = 6,
    explainer: NeuronExplainer = "phrases",
    endpoint_model: EndpointModel = "",
    n_top: ExcerptCount = 20,
    n_random: ExcerptCount = 20,
    n_passages: PassageCount = 32,
    n_tokens: PassageLength = 65,
    top_k: TopK = 8,
    seed: Seed = 0,
) -> xr.Dataset:
    """Explain neurons in terms or words, and score how well the explanation tells where they fire.

    Returns over item, a neuron, the ``score``: Pearson's correlation of what the explanation lets one expect
    with what the neuron did, over all tokens of the excerpts that were not used to explain, some from where
    it is most active and some at random; with interval over excerpts, ``null``, the mean where simulations
    are dealt out to other excerpts, and ``p``, one-sided, corrected over the neurons. ``baseline_score`` is
    that of the mean activation on each token; ``top_score`` and ``random_score`` those of either half. Over
    item and line the ``explanation``; over item and rank its terms, ``text``, with the ``level`` expected at
    their end. ``record`` is a result of neuron_examples; without one, passages of the corpus are read,
    Python's language reference unless given. Neurons that are not named are those with the highest peaks. The
    address of an endpoint and its key are read from the environment. Raises `BadInput` for an endpoint that
    fails, and for a record of another model.
    """
    named = list(named_neurons(model, neurons)) if neurons else []
    counts = {"n_top": n_top, "n_random": n_random}
    if record is not None:
        sites, excerpts = _recorded(model, record, named, n_neurons, counts)
    else:
        length = min(n_tokens, model.n_positions)
        # Those that neurons are chosen on serve neither to explain nor to score.
        read = passages(model, corpus, n=n_passages + _CHOOSING, n_tokens=length, seed=seed)
        sites = named or most_peaked(model, read[n_passages:], n_neurons)
        excerpts = read_excerpts(model, sites, read[:n_passages], **counts, seed=seed)
    chosen, simulator = _chosen(explainer, endpoint_model)
    found = [
        _tried(site, own, chosen, simulator, seed)
        for site, own in track(list(zip(sites, excerpts, strict=True)), "neurons")
    ]
    found.sort(key=lambda one: -np.nan_to_num(one.score.estimate, nan=-2.0))
    scores = np.array([one.score for one in found])
    baseline = np.array([one.baseline for one in found])
    about = {"units": "1", "n": found[0].n_excerpts, "n_unit": "excerpts", "signed": False}
    listed = [sorted(one.explanation.terms, key=lambda term: -term.level)[:top_k] for one in found]
    texts = [["".join(term.tokens) for term in terms] + [""] * (top_k - len(terms)) for terms in listed]
    levels = [[term.level for term in terms] + [np.nan] * (top_k - len(terms)) for terms in listed]
    return label(
        {"item": ("item", [f"{one.site.layer}.{one.site.unit}" for one in found], {"long_name": "neuron"})},
        score=("item", scores[:, 0], {"long_name": "score of the explanation", **about}),
        score_low=("item", scores[:, 1]),
        score_high=("item", scores[:, 2]),
        score_null=("item", scores[:, 3]),
        score_p=("item", benjamini_hochberg(scores[:, 4]), {"long_name": "p, corrected over the neurons"}),
        explanation=("item line", [[one.explanation.text] for one in found]),
        baseline_score=("item", baseline[:, 0], {"long_name": "score of the mean on each token", **about}),
        baseline_score_low=("item", baseline[:, 1]),
        baseline_score_high=("item", baseline[:, 2]),
        top_score=("item", [one.top for one in found], {"long_name": "score where it is most active"}),
        random_score=("item", [one.random for one in found], {"long_name": "score on excerpts at random"}),
        level=("item rank", levels, {"long_name": "activation expected", "units": "a.u."}),
        text=("item rank", texts),
    ).assign_attrs(explainer=explainer)


def _recorded(
    model: Model, record: xr.Dataset, named: list[Site], n_neurons: int, counts: dict[str, int]
) -> tuple[list[Site], list[Excerpts]]:
    """Return the neurons, and what a record keeps of each."""
    if record.attrs.get("model", model.fingerprint) != model.fingerprint:
        raise BadInput(f"The record is of another model than {model.name}: gather one from this one.")
    sites = named or recorded_peaks(record, n_neurons)
    return sites, [recorded_excerpts(record, site, **counts) for site in sites]


def _chosen(explainer: str, endpoint_model: str) -> tuple[Explainer, Simulator]:
    if explainer == "endpoint":
        there = Endpoint(os.environ.get(ADDRESS, ""), endpoint_model)
        return EndpointExplainer(there), EndpointSimulator(there)
    if endpoint_model:
        raise BadInput(f"explainer={explainer!r} asks no endpoint; choose explainer='endpoint' to use yours.")
    return (PhraseRule() if explainer == "phrases" else TokenTable()), TermSimulator()


def _tried(site: Site, own: Excerpts, explainer: Explainer, simulator: Simulator, seed: int) -> _Tried:
    """Explain a neuron on one half of its excerpts and score the explanation on the other."""
    seen, held_out = own.part(0), own.part(1)
    if len(held_out.top) < 2 or len(held_out.random) < 2:
        raise BadInput(f"Neuron {site.layer}.{site.unit} has too few excerpts to explain and to score it.")
    explanation = explainer.explain(seen.every)
    simulated = _simulated(simulator, explanation, held_out.every)
    actual = [one.activations for one in held_out.every]
    n_top = len(held_out.top)
    table = TokenTable()
    expected = _simulated(table, table.explain(seen.every), held_out.every)
    return _Tried(
        site,
        explanation,
        scored(simulated, actual, seed=seed),
        scored(expected, actual, seed=seed),
        pooled_correlation(simulated[:n_top], actual[:n_top]),
        pooled_correlation(simulated[n_top:], actual[n_top:]),
        len(actual),
    )


def _simulated(
    simulator: Simulator, explanation: Explanation, excerpts: Sequence[Excerpt]
) -> list[np.ndarray[Any, Any]]:
    return [simulator.simulate(explanation, one.tokens) for one in excerpts]
