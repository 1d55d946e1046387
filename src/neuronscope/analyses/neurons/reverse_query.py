"""Reverse query: which neurons does a token, an n-gram or a text activate, more than text at large does?"""

import numpy as np
import xarray as xr
from scipy.stats import norm

from neuronscope.contract import Result, analysis
from neuronscope.instruments.neurons.answers import Record
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import TopK
from neuronscope.words.neurons import ActivatingText, OtherText, ReadAs

LEVEL = 0.05


@analysis(kind="ranking", cites="bills2023explain")
def reverse_query(
    model: Model,
    record: Result | None = None,
    *,
    query: ActivatingText = " the",
    also: OtherText = "",
    unless: OtherText = "",
    read_as: ReadAs = "auto",
    top_k: TopK = 20,
) -> xr.Dataset:
    """List the neurons that a token, n-gram, text or regular expression activates against their base rate.

    Returns over rank the ``effect``, the difference of the mean activation from the neuron's mean over the
    corpus in its standard deviations, with its interval, its ``top_layer`` and its ``top_neuron``; ``p``, how
    seldom as many tokens drawn at random from the corpus have a mean as far out (Benjamini-Hochberg over all
    neurons); and over layer and neuron the same for all as ``every_effect`` and ``every_p``. A neuron counts
    as activated where its effect is above 0 and p below 0.05: ``also`` keeps those that a second query
    activates too, ``unless`` those that a third does not. Tokens and n-grams of the ``record``, the answer of
    neuron_examples, are answered from it; a text is run through the model. Without a record a short one is
    made of Python's reference. Raises ``BadInput`` for what the record does not hold.
    """
    held = Record(model, record)
    response = held.respond(query, read_as)
    effect, error = held.effect(response), held.effect_error(response)
    p = benjamini_hochberg(held.chance(response))
    kept = np.ones(effect.shape, bool)
    for other, wanted in ((also, True), (unless, False)):
        if other:
            second = held.respond(other, read_as)
            active = (held.effect(second) > 0) & (benjamini_hochberg(held.chance(second)) < LEVEL)
            kept &= (active == wanted) & (effect > 0) & (p < LEVEL)
    order = np.argsort(np.where(kept, -effect, np.inf), axis=None, kind="stable")
    best = np.unravel_index(order[: min(top_k, int(kept.sum()))], effect.shape)
    reach = norm.ppf(0.975) * error
    words = {
        "long_name": f"effect of {response.what}: standardised difference from the corpus",
        "units": "sd",
    }
    every = "layer neuron"
    found = label(
        {
            "rank": range(1, len(best[0]) + 1),
            "layer": held.value("layer"),
            "neuron": held.value("neuron"),
        },
        effect=("rank", effect[best], {**words, "n": response.count, "n_unit": "tokens"}),
        low=("rank", (effect - reach)[best], {"units": "sd"}),
        high=("rank", (effect + reach)[best], {"units": "sd"}),
        p=("rank", p[best], {"long_name": "p, Benjamini-Hochberg over all neurons", "level": LEVEL}),
        mean_activation=("rank", response.mean[best], {"long_name": "mean activation", "units": "a.u."}),
        base=("rank", held.value("mean")[best], {"long_name": "mean over the corpus", "units": "a.u."}),
        top_layer=("rank", held.value("layer")[best[0]], {"long_name": "layer"}),
        top_neuron=("rank", np.asarray(best[1]), {"long_name": "neuron"}),
        every_effect=(every, effect, words),
        every_p=(every, p, {"long_name": "p, Benjamini-Hochberg over all neurons"}),
    )
    told = {"query": response.what, "count": response.count, "stretches": response.n_stretches}
    return found.assign_attrs(told | {"n_activated": int(((effect > 0) & (p < LEVEL)).sum())})
