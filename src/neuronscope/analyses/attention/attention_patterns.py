"""Attention patterns: which tokens does each head look at?"""

import torch
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments import run
from neuronscope.models import Model
from neuronscope.results import label, placed
from neuronscope.words import Prompt


@analysis(kind="attention", cites="vaswani2017attention")
def attention_patterns(model: Model, prompt: Prompt) -> xr.Dataset:
    """Show how every head of every layer spreads its attention over the prompt.

    Returns ``pattern`` over layer, head, query and key, where each row of keys sums to 1 (less where
    the model has an attention sink outside the prompt), and its ``entropy`` in nats over layer, head
    and query.

    >>> from neuronscope import open_model
    >>> found = attention_patterns(open_model("builtin:scribe"), "one two one two")
    >>> found.pattern.dims
    ('layer', 'head', 'query', 'key')
    """
    tokens = model.tokenize(prompt)
    pattern = run(model, tokens, get=["pattern.*"])["pattern.*"][:, 0]
    texts = model.token_texts(tokens)
    found = label(
        {
            "layer": range(model.n_layers),
            "head": range(model.n_heads),
            "query_token": ("query", texts),
            "key_token": ("key", texts),
        },
        pattern=("layer head query key", pattern, {"long_name": "attention", "units": "1"}),
        entropy=(
            "layer head query",
            torch.special.entr(pattern).sum(-1),
            {"long_name": "entropy of attention", "units": "nats"},
        ),
    )
    return placed(found, **dict.fromkeys(("pattern", "entropy"), "pattern.{layer}.{head}@{query}"))
