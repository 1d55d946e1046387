"""Neuron statistics: how often is each neuron active, and how are its activations distributed?"""

import xarray as xr

from neuronscope.contract import Result, analysis
from neuronscope.data.corpora import REFERENCE, Corpus, open_corpus
from neuronscope.instruments.neurons.answers import Record
from neuronscope.instruments.neurons.gathering import gather_neurons
from neuronscope.instruments.neurons.state import Settings
from neuronscope.instruments.neurons.stretches import reading
from neuronscope.maths.resampling import wilson_interval
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import BadInput, Seed
from neuronscope.words.neurons import ActiveThreshold, ContextWindow, CorpusTokens

_KEPT = (
    "active", "active_error", "active_low", "active_high", "mean", "mean_error", "mean_low", "mean_high",
    "variance", "skewness", "kurtosis", "minimum", "maximum", "quantiles", "dead", "histogram", "bin_low",
    "bin_high",
)  # fmt: skip


@analysis(kind="grid", cites="pebay2008moments")
def neuron_statistics(
    model: Model,
    corpus: Corpus | None = None,
    record: Result | None = None,
    *,
    n_tokens: CorpusTokens = 2048,
    context: ContextWindow = 64,
    threshold: ActiveThreshold = 0.0,
    seed: Seed = 0,
) -> xr.Dataset:
    """Describe the distribution of every neuron's activations over a corpus.

    Returns over layer and neuron the share of tokens at which it is ``active`` and its ``mean``, each with
    an interval over stretches of text; variance, skewness, kurtosis (3 where normal), least and greatest,
    quantiles, a histogram, and whether it is ``dead``; and over layer the share of dead neurons. With a
    ``record`` made by neuron_examples, the answer comes from it at once, and the corpus and all parameters
    are those of the record. The first token of each stretch, special tokens and padding never count. Raises
    ``BadInput`` for both a corpus and a record, and for a record of another model.
    """
    if corpus is not None and record is not None:
        raise BadInput("neuron_statistics takes a corpus or a record, not both: the record has its corpus.")
    if record is None:
        source = open_corpus(REFERENCE) if corpus is None else corpus
        settings = Settings(
            top_k=1, n_samples=0, context=context, threshold=threshold, table_megabytes=0, seed=seed
        )
        found = gather_neurons(model, reading(model, source, n_tokens, seed), settings, corpus=source.name)
    else:
        found = Record(model, record).data
    dead = found["dead"].values
    low, high = wilson_interval(dead.sum(1), dead.shape[1])
    told = {word: value for word, value in found.attrs.items() if word != "provenance"}
    return label(
        {
            "layer": found["layer"].values,
            "neuron": found["neuron"].values,
            "quantile": found["quantile"].values,
        },
        **{
            name: (" ".join(map(str, found[name].dims)), found[name].values, found[name].attrs)
            for name in _KEPT
        },
        dead_share=("layer", dead.mean(1), {"long_name": "share of dead neurons"}),
        dead_share_low=("layer", low),
        dead_share_high=("layer", high),
    ).assign_attrs(told)
