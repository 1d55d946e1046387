"""Neuron query: which tokens, and tokens in a row, is one neuron most active at?"""

import numpy as np
import xarray as xr
from scipy.stats import t as student

from neuronscope.contract import Result, analysis
from neuronscope.instruments.neurons.answers import Record
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, TopK
from neuronscope.words.neurons import AskedLayer, AskedNeuron, LongestNgram, MinimumCount


@analysis(kind="ranking", cites="bills2023explain")
def neuron_query(
    model: Model,
    record: Result | None = None,
    *,
    layer: AskedLayer = -1,
    neuron: AskedNeuron = -1,
    top_k: TopK = 20,
    min_count: MinimumCount = 5,
    longest: LongestNgram = 3,
) -> xr.Dataset:
    """List the tokens and n-grams at whose last token a neuron is most active on the mean.

    Returns over rank the ``mean_activation`` at an ``ngram_text`` with its interval (Student's t, stretches
    of text as units) beside the neuron's mean over the corpus (``null``), the ``count`` of occurrences and of
    ``stretches``, the ``effect`` (difference in the neuron's standard deviations) and ``p`` (as many tokens
    drawn at random have a mean as far out; Benjamini-Hochberg over all n-grams asked about). ``record`` is
    the answer of neuron_examples; without one, a short one is made of Python's reference. Raises
    ``BadInput`` for a neuron that there is not and where no n-gram occurs ``min_count`` times.
    """
    held = Record(model, record)
    lines = np.flatnonzero((held.value("ngram_count") >= min_count) & (held.value("ngram_length") <= longest))
    if not len(lines):
        raise BadInput(
            f"No n-gram occurs {min_count} times in this record: lower min_count, or read more text."
        )
    at = _chosen(held, layer, neuron, lines)
    mean, error, count = (held.value(f"ngram_{n}")[lines] for n in ("mean", "error", "count"))
    mean, error = mean[:, *at].astype(float), error[:, *at].astype(float)
    stretches = held.value("ngram_stretches")[lines]
    base, spread = held.value("mean")[at], np.sqrt(held.value("variance")[at])
    p = benjamini_hochberg(held.chance_at(at, mean, count, stretches))
    best = np.argsort(-mean, kind="stable")[:top_k]
    reach = error * student.ppf(0.975, np.maximum(stretches - 1, 1))
    where = f"mlp_act.{int(held.value('layer')[at[0]])}.{at[1]}"
    words = {"units": "a.u.", "n": held.count, "n_unit": "tokens"}
    found = label(
        {"rank": range(1, len(best) + 1)},
        mean_activation=("rank", mean[best], {"long_name": f"mean activation of {where}", **words}),
        ngram_text=("rank", held.value("ngram_text")[lines][best], {"long_name": "n-gram"}),
        low=("rank", (mean - reach)[best], {"units": "a.u."}),
        high=("rank", (mean + reach)[best], {"units": "a.u."}),
        null=("rank", np.full(len(best), base), {"long_name": "mean over the corpus", "units": "a.u."}),
        p=("rank", p[best], {"long_name": "p, Benjamini-Hochberg over all n-grams"}),
        effect=(
            "rank",
            ((mean - base) / max(spread, 1e-300))[best],
            {"long_name": "standardised difference"},
        ),
        count=("rank", count[best], {"long_name": "number of occurrences"}),
        stretches=("rank", stretches[best], {"long_name": "number of stretches it occurs in"}),
    )
    return found.assign_attrs(neuron=where, corpus=held.data.attrs["corpus"], n_asked=len(lines))


def _chosen(held: Record, layer: int, neuron: int, lines: np.ndarray) -> tuple[int, int]:
    """Return the indexes of the neuron asked about, or of the one that some n-gram stands out for most."""
    layers, width = held.value("layer").tolist(), held.data.sizes["neuron"]
    if layer >= 0 and layer not in layers:
        raise BadInput(f"neuron_query: layer={layer} is beyond the model's last, {layers[-1]}.")
    if neuron >= width:
        raise BadInput(f"neuron_query: neuron={neuron} is beyond the layer's last, {width - 1}.")
    spread = np.sqrt(held.value("variance"))
    effect = held.value("ngram_mean")[lines].max(0) - held.value("mean")
    effect = np.where(spread > 0, effect / np.where(spread > 0, spread, 1), -np.inf)
    allowed = np.zeros(effect.shape, bool)
    rows = slice(None) if layer < 0 else layers.index(layer)
    allowed[rows, slice(None) if neuron < 0 else neuron] = True
    best = np.where(allowed, effect, -np.inf)
    first = np.flatnonzero(allowed)[0] if np.isneginf(best).all() else best.argmax()
    return tuple(int(place) for place in np.unravel_index(first, effect.shape))  # pyright: ignore[reportReturnType]
