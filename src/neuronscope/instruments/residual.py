"""How does the residual stream grow from the embedding to the last block?"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.run import Inputs, run
from neuronscope.models.model import Model
from neuronscope.words import BadInput


def residual_stream(model: Model, tokens: Inputs) -> Float[Tensor, "depth position width"]:
    """Return the residual stream of one prompt: depth 0 enters the first block, depth d follows block d−1.

    Raises `BadInput` as `run` does, and for more than one prompt.
    """
    seen = run(model, tokens, get=["resid_pre.0", "resid_post.*"], stop=True)
    if len(seen.tokens) != 1:
        raise BadInput(
            f"The residual stream is read for one prompt at a time, but {len(seen.tokens)} were given."
        )
    return torch.cat([seen["resid_pre.0"][None], seen["resid_post.*"]])[:, 0]
