"""Neuron examples: in which texts is each neuron most active, and in which is it active at all?"""

import xarray as xr

from neuronscope.contract import analysis
from neuronscope.data.corpora import REFERENCE, Corpus, open_corpus
from neuronscope.instruments.neurons.gathering import gather_neurons
from neuronscope.instruments.neurons.state import Settings
from neuronscope.instruments.neurons.stretches import reading
from neuronscope.models import Model
from neuronscope.words import Seed, TopK
from neuronscope.words.neurons import (
    ActiveThreshold,
    ContextWindow,
    CorpusTokens,
    MinimumCount,
    TableMegabytes,
)


@analysis(kind="tokens", cites="bills2023explain")
def neuron_examples(
    model: Model,
    corpus: Corpus | None = None,
    *,
    n_tokens: CorpusTokens = 2048,
    top_k: TopK = 20,
    context: ContextWindow = 64,
    threshold: ActiveThreshold = 0.0,
    min_count: MinimumCount = 5,
    table_megabytes: TableMegabytes = 512,
    seed: Seed = 0,
) -> xr.Dataset:
    """Read a corpus once and keep for every neuron where it is most active and how it is distributed.

    Returns ``activation`` over layer, neuron, rank and position: the stretches of text in which the neuron
    (the input of the MLP's output projection) is most active, one example a stretch, its peak at position 0,
    with the ids of the tokens; tokens drawn uniformly, the same for all neurons, and in which tenth of the
    neuron's activations each lies; moments, quantiles, a histogram and the share of active tokens; and mean
    activations by token, pair and triple of tokens. The whole is the record that neuron_statistics,
    neuron_query and reverse_query read. The first token of each stretch, special tokens and padding never
    count. Without a corpus it is Python's reference. Raises ``BadInput`` where the model cannot read the
    corpus, or no token of it counts.
    """
    source = open_corpus(REFERENCE) if corpus is None else corpus
    settings = Settings(
        top_k=top_k,
        context=context,
        threshold=threshold,
        min_count=min_count,
        table_megabytes=table_megabytes,
        seed=seed,
    )
    return gather_neurons(model, reading(model, source, n_tokens, seed), settings, corpus=source.name)
