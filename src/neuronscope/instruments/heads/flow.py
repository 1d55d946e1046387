"""What does each layer pass from token to token? By its attention, or by the vectors that it moves."""

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from neuronscope.instruments.heads.copying import written_rows
from neuronscope.instruments.heads.reading import attending_layers
from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.run import Run, run
from neuronscope.maths.attention_measures import mixed_with_itself
from neuronscope.models.model import Model
from neuronscope.results import track


def layer_flow(
    model: Model, tokens: Int[Tensor, " position"], *, method: str, heads: str, residual: float
) -> Float[ndarray, "layer query key"]:
    """Return what each attending layer passes from key to query of one prompt; rows sum to 1.

    ``attention`` mixes the mean or maximum over heads with a share of the position itself; ``value_weighted``
    takes the length of the vectors that each key sends. Raises `BadInput` where these cannot be told apart.
    """
    layers = attending_layers(model)
    found = []
    for layer in track(layers, "layers"):
        if method == "attention":
            pattern = run(model, tokens, get=f"pattern.{layer}", stop=True)[f"pattern.{layer}"][0]
            pattern = pattern.double().cpu()
            joint = pattern.mean(0) if heads == "mean" else pattern.amax(0)
            joint = joint / joint.sum(-1, keepdim=True) if heads == "max" else joint
            found.append(mixed_with_itself(joint.numpy(), residual=residual))
        else:
            sites = [f"{name}.{layer}" for name in ("resid_pre", "v", "pattern", "attn_out")]
            found.append(_sent(model, run(model, tokens, get=sites, stop=True), layer))
    return np.stack(found)


def _sent(model: Model, seen: Run, layer: int) -> Float[ndarray, "query key"]:
    """Return the lengths of the vectors that keys send to queries, as shares of each query's sum."""
    stream, values, pattern, out = (
        seen[f"{name}.{layer}"][0].double().cpu() for name in ("resid_pre", "v", "pattern", "attn_out")
    )
    parts = fixed(model).layers[layer]
    rows, scale = written_rows(model, parts, layer), parts.attention_after.scale(out)
    values = values.repeat_interleave(model.n_heads // values.shape[1], dim=1)
    moved = torch.einsum("khd,hdw->hkw", values, rows)
    lengths = torch.empty(pattern.shape[1:], dtype=torch.float64)
    for query in range(len(lengths)):
        sent = torch.einsum("hk,hkw->kw", pattern[:, query], moved) / scale[query]
        sent[query] += stream[query]
        lengths[query] = sent.norm(dim=-1)
    return (lengths / lengths.sum(-1, keepdim=True)).numpy()
