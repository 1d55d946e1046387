"""Model comparison: which layer of one model is most like which layer of another?

Both read the same texts. Their layers are compared by which tokens are alike to them, so that models of other
widths, families and tokenizers can be set side by side.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments.comparing.alignment import Places, meeting_places, representations
from neuronscope.maths.significance import rank_p
from neuronscope.maths.similarity import cca, cka, cka_interval, gram, procrustes, unit_matching
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput, PassageCount, PassageLength, Seed
from neuronscope.words.comparison import (
    ComparedSite,
    ShuffleCount,
    SimilarityMeasure,
)

Pair = tuple[np.ndarray, np.ndarray]
_HELD_OUT: dict[str, Callable[[Pair, Pair], float]] = {
    "cca": cca,
    "procrustes": procrustes,
    "matching": lambda one, two: float(np.nanmean(unit_matching(one, two).correlation)),
}
N_PLACES = 8
"""How many tokens of each text count, spread evenly over it."""

_MEANINGS = {
    "cka": "1 = a turned and rescaled copy, 0 = nothing in common",
    "cca": "mean canonical correlation on held-out texts",
    "procrustes": "share of the other's variance that a rotation explains, on held-out texts",
    "matching": "correlation of units matched one to one, on held-out texts",
}


@analysis(kind="matrix", cites="kornblith2019similarity")
def model_comparison(
    model: Model,
    other: Model,
    corpus: Corpus | None = None,
    *,
    site: ComparedSite = "residual",
    measure: SimilarityMeasure = "cka",
    n_passages: PassageCount = 24,
    n_tokens: PassageLength = 64,
    n_shuffles: ShuffleCount = 49,
    seed: Seed = 0,
) -> xr.Dataset:
    """Compare every layer of one model with every layer of another on the same texts.

    Returns ``similarity`` over item (layers of the model) and other (layers of the other one), with
    ``similarity_null``, what remains of it when the texts of one side are dealt out anew, and its ``p``; for
    CKA also ``similarity_low`` and ``similarity_high``, the jackknife over texts. CKA is the debiased one.
    CCA, Procrustes and matching are fitted on half of the texts and measured on the other half, whichever way
    round, and averaged; matching also returns ``matched_unit``, the partner of each unit in the
    ``matched_layer``, -1 for none, with its ``matched_correlation``. Tokens are aligned by characters: only
    places where both models end a token count, and never a first token. Raises `BadInput` where the models
    do not meet in the texts.
    """
    places, others, texts = meeting_places(
        model, other, corpus, n=n_passages, n_tokens=n_tokens, n_places=N_PLACES, seed=seed
    )
    ours, theirs = _layers(model, places, site), _layers(other, others, site)
    groups = places.groups
    rng = np.random.default_rng(seed)
    deals = [_dealt(groups, rng) for _ in range(n_shuffles)]
    if measure == "cka":
        tables = _by_cka(ours, theirs, groups, deals)
    else:
        tables = _by_halves(ours, theirs, groups, deals, _HELD_OUT[measure])
    variables: dict[str, Any] = {
        "similarity": (
            "item other",
            tables["similarity"],
            {
                "long_name": measure.upper() if len(measure) == 3 else measure,
                "meaning": _MEANINGS[measure],
                "signed": False,
            },
        )
    }
    for name in ("low", "high", "null"):
        if name in tables:
            variables[f"similarity_{name}"] = ("item other", tables[name])
    if "p" in tables:
        variables["p"] = ("item other", tables["p"], {"long_name": "p of dealing the texts anew"})
    if measure == "matching":
        variables |= _matches(
            ours, theirs, groups, tables["similarity"], "neuron" if site == "mlp_act" else "width"
        )
    sides = {
        "item": ("item", list(ours), {"long_name": model.name}),
        "other": ("other", list(theirs), {"long_name": other.name}),
    }
    found = label(sides, **variables)
    return found.assign_attrs(
        n=n_passages, n_unit="texts", texts=texts, n_places=len(groups), measure=measure
    )


def _layers(model: Model, places: Places, site: str) -> dict[str, np.ndarray]:
    if site == "residual":
        sites = [
            *(f"resid_pre.{layer}" for layer in range(model.n_layers)),
            f"resid_post.{model.n_layers - 1}",
        ]
        names = [f"depth {depth}" for depth in range(len(sites))]
    else:
        sites = [f"{site}.{layer}" for layer in model.layers(site)]
        names = [f"layer {layer}" for layer in model.layers(site)]
    if not sites:
        raise BadInput(f"{model.name} has no {site} to compare: choose residual.")
    read = representations(model, places, sites)
    return dict(zip(names, (read[site] for site in sites), strict=True))


def _dealt(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the places of one side with whole texts dealt out anew."""
    order = rng.permutation(groups.max() + 1)
    return np.concatenate([np.flatnonzero(groups == group) for group in order])


def _by_cka(
    ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], groups: np.ndarray, deals: list[np.ndarray]
) -> dict[str, np.ndarray]:
    grams, others = ([gram(layer) for layer in side.values()] for side in (ours, theirs))
    shape = len(grams), len(others)
    found = {name: np.full(shape, np.nan) for name in ("similarity", "low", "high")}
    drawn = np.full((len(deals), *shape), np.nan)
    for row, one in enumerate(track(grams, "layers")):
        for column, two in enumerate(others):
            interval = cka_interval(one, two, groups)
            found["similarity"][row, column] = interval.estimate
            found["low"][row, column], found["high"][row, column] = interval.low, interval.high
            for number, deal in enumerate(deals):
                drawn[number, row, column] = cka(one, two[np.ix_(deal, deal)])
    return {**found, **_against(found["similarity"], drawn)}


def _by_halves(
    ours: dict[str, np.ndarray],
    theirs: dict[str, np.ndarray],
    groups: np.ndarray,
    deals: list[np.ndarray],
    compare: Callable[[Pair, Pair], float],
) -> dict[str, np.ndarray]:
    first = groups % 2 == 0
    similarity = np.full((len(ours), len(theirs)), np.nan)
    drawn = np.full((len(deals), *similarity.shape), np.nan)

    def both_ways(one: np.ndarray, two: np.ndarray) -> float:
        ways = [compare((one[half], one[~half]), (two[half], two[~half])) for half in (first, ~first)]
        return float(np.mean(ways))

    for row, one in enumerate(track(list(ours.values()), "layers")):
        for column, two in enumerate(theirs.values()):
            similarity[row, column] = both_ways(one, two)
            for number, deal in enumerate(deals):
                drawn[number, row, column] = both_ways(one, two[deal])
    return {"similarity": similarity, **_against(similarity, drawn)}


def _matches(
    ours: dict[str, np.ndarray],
    theirs: dict[str, np.ndarray],
    groups: np.ndarray,
    similarity: np.ndarray,
    unit: str,
) -> dict[str, Any]:
    """Return which unit of the most similar other layer goes with each unit, and how well."""
    first, layers = groups % 2 == 0, list(theirs.values())
    best = np.nanargmax(similarity, axis=1)
    found = [
        unit_matching((one[first], one[~first]), (layers[column][first], layers[column][~first]))
        for one, column in zip(ours.values(), best, strict=True)
    ]
    names = np.array(list(theirs))[best]
    return {
        "matched_layer": ("item", names, {"long_name": "most similar layer of the other model"}),
        "matched_unit": (f"item {unit}", np.stack([one.match for one in found]), {"long_name": "unit there"}),
        "matched_correlation": (
            f"item {unit}",
            np.stack([one.correlation for one in found]),
            {"long_name": "correlation on held-out texts"},
        ),
    }


def _against(similarity: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean of what chance gave, and how seldom it gave as much; nothing where it was not asked."""
    if not len(drawn):
        return {}
    return {"null": drawn.mean(0), "p": rank_p(similarity, drawn, tail="above")}
