"""Logit lens: what would the model say if it stopped here?

At every depth the residual stream is read through the model's own final norm and unembedding. The
lower rows show a guess forming; the top row is the answer that the model really gives.
"""

import torch
import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments import residual_stream
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput, Prompt, TopK


@analysis(kind="grid", cites="nostalgebraist2020logitlens")
def logit_lens(model: Model, prompt: Prompt, *, top_k: TopK = 5) -> xr.Dataset:
    """Decode the residual stream at every depth into its likeliest next tokens.

    Returns ``probability`` and ``candidate`` over depth, position and rank; the ``entropy`` of the
    whole next-token distribution and its ``divergence`` (Kullback–Leibler) from that of the last
    depth, both in nats over depth and position. Depth 0 is the embedding; the last depth is the
    model's own answer.

    >>> from neuronscope import open_model
    >>> lens = logit_lens(open_model("builtin:scribe"), "The keys to the cabinet", top_k=1)
    >>> lens.probability.dims
    ('depth', 'position', 'rank')
    """
    tokens = model.tokenize(prompt)
    if top_k > model.vocab_size:
        raise BadInput(f"logit_lens: top_k={top_k} is more than the model's {model.vocab_size} tokens.")
    stream = residual_stream(model, tokens)
    said = model.unembed(stream[-1]).log_softmax(-1)
    probabilities, candidates, entropies, divergences = [], [], [], []
    for depth in track(range(len(stream)), "depths"):
        log_p = model.unembed(stream[depth]).log_softmax(-1)
        best = log_p.topk(top_k)
        probabilities.append(best.values.exp())
        candidates.append([model.token_texts(row) for row in best.indices])
        entropies.append(-(log_p.exp() * log_p).sum(-1))
        divergences.append((log_p.exp() * (log_p - said)).sum(-1))
    return label(
        {
            "depth": range(len(stream)),
            "rank": range(1, top_k + 1),
            "token": ("position", model.token_texts(tokens)),
        },
        probability=(
            "depth position rank",
            torch.stack(probabilities),
            {"long_name": "probability of the next token", "units": "1"},
        ),
        candidate=("depth position rank", candidates, {"long_name": "next token"}),
        entropy=("depth position", torch.stack(entropies), {"long_name": "entropy", "units": "nats"}),
        divergence=(
            "depth position",
            torch.stack(divergences),
            {"long_name": "divergence from the final answer", "units": "nats"},
        ),
    )
