"""What are the matrices of each head, as the residual stream meets them? Read off what attention answers.

Families keep queries, keys and values in many layouts. Attention is shown one direction of its input at a
time, in all layers at once, and what it makes of them are the rows of its matrices, whatever the layout.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.linear.fixed import fixed
from neuronscope.instruments.ops import put
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import head_rows
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput

_HELD = 2**24


@dataclass(frozen=True)
class HeadMatrices:
    """The matrices of every query head, by layer, with the gains of the norms folded in.

    ``query``, ``key`` and ``value`` read the stream as it is before the norm, its scale apart; keys and
    values that several heads share stand once for each. ``output`` writes to the stream. ``query`` and
    ``key`` are None where the family does more to them than a linear map. ``centred`` says that the norms
    take the mean of the stream away.
    """

    query: Float[Tensor, "layer head width head_width"] | None
    key: Float[Tensor, "layer head width head_width"] | None
    value: Float[Tensor, "layer head width head_width"]
    output: Float[Tensor, "layer head head_width width"]
    centred: bool


def head_matrices(model: Model) -> HeadMatrices:
    """Return the matrices of all heads in double precision.

    Queries and keys are those of the first position, where a rotation turns nothing: of rotary models the
    part that reads contents. Raises `BadInput` where the values are not linear in the normalised stream,
    where some layer does not attend, and where norms stand after what is added.
    """
    model.tokenize([0])  # what reads no tokens is refused here
    layers = fixed(model).layers
    for number, layer in enumerate(layers):
        hidden = next((part for part in (layer.before, layer.output) if isinstance(part, Absence)), None)
        if hidden is not None:
            raise BadInput(f"The heads of layer {number} of {model.name} have no matrices: {hidden.reason}.")
    seen = {name: _answered(model, name) for name in "qkv"}
    if seen["v"] is None:
        raise BadInput(f"The values of {model.name} are not linear in what its attention reads.")
    before: list[Any] = [layer.before for layer in layers]
    folded = {
        name: None if found is None else _folded(found, before, model.n_heads) for name, found in seen.items()
    }
    output = [
        layer.attention_after.forth(head_rows(layer.output, model.n_heads).double().cpu())  # pyright: ignore[reportArgumentType]
        for layer in layers
    ]
    value = folded["v"]
    assert value is not None
    return HeadMatrices(
        folded["q"], folded["k"], value, torch.stack(output), all(norm.centred for norm in before)
    )


def _answered(model: Model, name: str) -> Float[Tensor, "layer width head head_width"] | None:
    """Return what every layer makes of each direction of its input, less what it makes of none.

    None where it is not linear: what it makes of a mixture is not the mixture.
    """
    width, generator = model.width, torch.Generator().manual_seed(0)
    mixture = torch.randn(width, generator=generator, dtype=torch.float64)
    inputs = torch.cat([torch.zeros(1, width, dtype=torch.float64), mixture[None], torch.eye(width).double()])
    n_rows = max(2, _HELD // (model.n_layers * width))
    parts = [_shown(model, name, rows) for rows in inputs.split(n_rows)]
    made = torch.cat(parts, 1)
    nothing, mixed, rows = made[:, 0], made[:, 1], made[:, 2:]
    rows = rows - nothing[:, None]
    expected = torch.einsum("w,lwhd->lhd", mixture, rows) + nothing
    largest = float(mixed.abs().max())
    off = float((expected - mixed).abs().max())
    precise = 1e-3 if torch.finfo(model.dtype).bits >= 32 else 5e-2
    return rows if off <= precise * max(largest, 1e-12) else None


def _shown(model: Model, name: str, rows: Tensor) -> Tensor:
    given = rows[:, None].to(model.device, model.dtype)
    token = torch.zeros(len(rows), 1, dtype=torch.long, device=model.device)
    do = [put(f"attn_in.{layer}", given) for layer in range(model.n_layers)]
    seen = run(model.bare, token, get=f"{name}.*", do=do, stop=True)
    return seen[f"{name}.*"][:, :, 0].double().cpu()


def _folded(
    made: Float[Tensor, "layer width head head_width"], before: list[Held], n_heads: int
) -> Float[Tensor, "layer head width head_width"]:
    by_head = made.permute(0, 2, 3, 1)
    read = torch.stack([norm.back(rows) for norm, rows in zip(before, by_head, strict=True)])
    return read.transpose(-1, -2).repeat_interleave(n_heads // read.shape[1], dim=1)
