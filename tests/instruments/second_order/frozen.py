"""A stack run again with its patterns, norm scales and MLP outputs held, written out apart from the code."""

from typing import cast

import torch
from torch import Tensor

from neuronscope.instruments import Linearised
from neuronscope.instruments.linear.fixed import bias_of, head_weights
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.values import Values


def again(seen: Linearised, *, layer: int = -1, lost: Tensor | None = None) -> Tensor:
    """Run the stream on from what it begins with, less what is lost from the MLP of one layer.

    Patterns, norm scales and MLP outputs are those of the pass; gives the last stream at every position.
    """
    stream = seen.everywhere("resid_pre.0")
    for number, part in enumerate(seen.parts.layers):
        before, values, rows = cast(Held, part.before), cast(Values, part.values), head_weights(part)
        read = before.forth(stream)
        if before.module is not None:
            scale = seen.seen[seen.parts.address(f"attn_norm.{number}")].nan_to_num(nan=1.0)
            read = read / scale[..., None]
        if before.bias is not None:
            read = read + before.bias
        made = torch.einsum("bpw,gwk->bgpk", read, values.rows)
        if values.bias is not None:
            made = made + values.bias[:, None]
        made = made.repeat_interleave(part.heads // values.key_heads, 1)
        z = seen.everywhere(f"pattern.{number}").to(made.dtype) @ made
        out = torch.einsum("bhpk,hkw->bpw", z, rows)
        bias = bias_of(cast(torch.nn.Module, part.output))
        out = out if bias is None else out + bias
        after = part.attention_after
        added = after.forth(out)
        if after.module is not None:
            added = added / after.scale(seen.everywhere(f"attn_out.{number}"))[..., None]
        if after.bias is not None:
            added = added + after.bias
        stream = stream + added + seen.everywhere(f"mlp_add.{number}")
        if number == layer and lost is not None:
            stream = stream - lost
    return stream
