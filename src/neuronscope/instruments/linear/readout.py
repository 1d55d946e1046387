"""In which direction must a part write to move the answer? The answer's own, pulled back by the weights."""

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from neuronscope.instruments.linear.fixed import Fixed, Layer, bias_of, fixed, head_weights, missing
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.norms import Held
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput

Token = int | Int[Tensor, " prompt"]


@dataclass(frozen=True, eq=False)
class Direction:
    """What is read off the normalised stream: ``vectors`` u, one for all prompts or one each, and a constant.

    The reading is ``u · final + constant``.
    """

    vectors: Float[Tensor, "prompt width"]
    constant: Float[Tensor, " prompt"]

    def picked(self, rows: slice) -> "Direction":
        """Return the directions of some prompts; one for all prompts stays."""
        return self if len(self.vectors) == 1 else Direction(self.vectors[rows], self.constant[rows])


def logit_direction(model: Model, target: Token, distractor: Token | None = None) -> Direction:
    """Return the direction that reads the logit of a token, or of one token minus another.

    Tokens are one for all prompts, or one for each. Where logits are capped it reads what the cap is put
    on. Raises `BadInput` for a model without a plain output head.
    """
    parts = fixed(model)
    if isinstance(parts.head, Absence):
        raise BadInput(f"{model.name} has no direction for a token: {parts.head.reason}.")
    rows, bias = matrix(parts.head).T, bias_of(parts.head)

    def of(token: Token) -> tuple[Tensor, Tensor]:
        ids = torch.as_tensor(token, device=rows.device).reshape(-1)
        if int(ids.max()) >= len(rows):
            raise BadInput(
                f"{model.name} reads token {int(ids.max())} and never writes it: "
                f"its output head has {len(rows)} tokens; choose a model that writes what it reads."
            )
        return rows[ids] * parts.logits, (
            rows.new_zeros(len(ids)) if bias is None else bias[ids] * parts.logits
        )

    vectors, constant = of(target)
    if distractor is not None:
        less, off = of(distractor)
        vectors, constant = vectors - less, constant - off
    return Direction(vectors.detach(), constant.detach())


def as_direction(parts: Fixed, direction: Direction | Tensor) -> Direction:
    """Return a direction, made of vectors [width] or [prompt width] where it is none yet."""
    if isinstance(direction, Direction):
        return direction
    vectors = torch.atleast_2d(direction)
    if vectors.dim() != 2 or vectors.shape[-1] != parts.width:
        raise BadInput(
            f"A direction is [width] or [prompt width] with width {parts.width}, not {list(direction.shape)}."
        )
    return Direction(vectors, vectors.new_zeros(len(vectors)))


def pulled_back(
    model: Model, direction: Direction | Tensor, *, stack: str | None = None
) -> Float[Tensor, "prompt width"]:
    """Return the direction of a residual stream that moves a reading: v = C(γ∘u) of the last norm.

    A part that writes the vector w adds w · v, over the scale of the last norm, to the reading. ``direction``
    is a `Direction`, or vectors [width] or [prompt width] of the normalised stream.
    """
    parts = fixed(model, stack)
    return parts.final.back(as_direction(parts, direction).vectors)


def neuron_gains(
    model: Model, layer: int, v: Float[Tensor, "prompt width"], *, stack: str | None = None
) -> Float[Tensor, "prompt neuron"]:
    """Return what each neuron of a layer writes along directions of the stream, for one unit of activation.

    ``v`` comes from `pulled_back`, or is any direction of the stream. Where a norm stands after the MLP it is
    gone through, its scale left out. Raises `BadInput` for a layer whose neurons write through no matrix.
    """
    found = _layer(fixed(model, stack), layer)
    if isinstance(found.down, Absence):
        raise BadInput(f"The neurons of layer {layer} have no gains: {found.down.reason}.")
    rows = matrix(cast(nn.Module, found.down))
    return found.mlp_after.back(v.to(rows.dtype)) @ rows.T


def head_directions(
    model: Model, layer: int, v: Float[Tensor, "prompt width"], *, stack: str | None = None
) -> Float[Tensor, "prompt head width"]:
    """Return the directions that each head of a layer reads from where it writes along v.

    g = C(γ∘(W_V W_O v)) of the norm before attention: a vector w at a position adds pattern · (w · g), over
    the scale of that norm at that position, along v. Raises `BadInput` for a layer whose heads are hidden.
    """
    found = _layer(fixed(model, stack), layer)
    if why := missing([found.output, found.values, found.before]):
        raise BadInput(f"The heads of layer {layer} cannot be followed back: {why}.")
    return cast(Held, found.before).back(_through_heads(found, v))


def _through_heads(found: Layer, v: Tensor) -> Tensor:
    """Return W_V W_O v by head, [prompt head width], in the space that attention reads."""
    values, rows = found.values, head_weights(found)
    assert not isinstance(values, Absence)
    inner = torch.einsum("hkd,pd->phk", rows, found.attention_after.back(v.to(rows.dtype)))
    shared = inner.unflatten(1, (values.key_heads, -1))
    return torch.einsum("gdk,pgsk->pgsd", values.rows, shared).flatten(1, 2)


def _layer(parts: Fixed, layer: int) -> Layer:
    if not 0 <= layer < len(parts.layers):
        raise BadInput(f"There is no layer {layer}: they run from 0 to {len(parts.layers) - 1}.")
    return parts.layers[layer]
