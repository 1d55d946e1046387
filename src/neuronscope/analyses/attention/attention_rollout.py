"""Attention rollout: which input tokens has each position taken in, when the layers are followed through?"""

import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments.heads.flow import layer_flow
from neuronscope.instruments.heads.reading import attending_layers
from neuronscope.maths.attention_measures import rolled_out
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import Prompt
from neuronscope.words.attention import HeadMean, ResidualShare, RolloutMethod


@analysis(kind="attention", cites="abnar2020quantifying kobayashi2020attention")
def attention_rollout(
    model: Model,
    prompt: Prompt,
    *,
    method: RolloutMethod = "attention",
    heads: HeadMean = "mean",
    residual: ResidualShare = 0.5,
) -> xr.Dataset:
    """Follow attention through the layers and say how much of each token is in each position.

    Returns over layer, query and key: ``rollout``, the share of each input token (key) in each position
    (query) after this layer and all before it, and ``flow``, what this layer alone passes on; rows sum to
    1. With method ``attention`` a layer mixes the attention of its heads, their ``mean`` or their ``max``,
    with a share ``residual`` of the position itself (Abnar and Zuidema 2020). With ``value_weighted`` a key
    counts as much as the vector that it sends is long, Σ over heads of attention · value · output matrix,
    with the residual stream among what the position sends itself (Kobayashi et al. 2020, eq. 4; 2021, eq.
    7); norms and MLPs are left out, and ``heads`` and ``residual`` have no part in it. Raises ``BadInput``
    where a method needs an output matrix that the model does not show.
    """
    tokens = model.tokenize(prompt)
    flow = layer_flow(model, tokens, method=method, heads=heads, residual=residual)
    texts = model.token_texts(tokens)
    return label(
        {
            "layer": attending_layers(model),
            "query_token": ("query", texts),
            "key_token": ("key", texts),
        },
        rollout=(
            "layer query key",
            rolled_out(flow),
            {"long_name": "share of the input token", "units": "1", "signed": False},
        ),
        flow=(
            "layer query key",
            flow,
            {"long_name": "share passed on by this layer", "units": "1", "signed": False},
        ),
    ).assign_attrs(method=method)
